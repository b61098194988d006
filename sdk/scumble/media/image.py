"""The picture every effect takes and gives: interleaved pixels and what their numbers mean."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Union

from scumble.errors import MediaError
from scumble.media.region import Region

# `X | Y` at run time needs Python 3.10, and a host may bring an older one.
Buffer = Union[bytes, bytearray, memoryview]  # noqa: UP007
MetadataValue = Union[str, int, float, tuple[int, ...], tuple[float, ...]]  # noqa: UP007
Metadata = Mapping[str, MetadataValue]


class SampleType(enum.Enum):
    """The number format of one sample; the value is its name in numpy and in the buffer protocol's terms."""

    U8 = "uint8"
    U16 = "uint16"
    F16 = "float16"
    F32 = "float32"

    @property
    def itemsize(self) -> int:
        """Bytes of one sample."""
        return {"uint8": 1, "uint16": 2, "float16": 2, "float32": 4}[self.value]

    @property
    def is_float(self) -> bool:
        """True for half and float, whose white is 1.0 and whose range is open."""
        return self in (SampleType.F16, SampleType.F32)


class ColorModel(enum.Enum):
    """Which channels a pixel has, in order; alpha is always last."""

    GRAY = "gray"
    GRAY_ALPHA = "gray+alpha"
    RGB = "rgb"
    RGBA = "rgba"

    @property
    def channels(self) -> int:
        """Samples per pixel."""
        return {"gray": 1, "gray+alpha": 2, "rgb": 3, "rgba": 4}[self.value]

    @property
    def has_alpha(self) -> bool:
        """True when the last channel is alpha."""
        return self in (ColorModel.GRAY_ALPHA, ColorModel.RGBA)

    @property
    def is_gray(self) -> bool:
        """True when there is one colour channel."""
        return self in (ColorModel.GRAY, ColorModel.GRAY_ALPHA)


def model_of_channels(channels: int) -> ColorModel:
    """Returns the colour model with that many samples per pixel, 1 to 4; raises ValueError for others."""
    for model in ColorModel:
        if model.channels == channels:
            return model
    raise ValueError(f"no colour model has {channels} channels")


class Transfer(enum.Enum):
    """How samples encode light: the sRGB curve, or proportional to light as in EXR files."""

    SRGB = "srgb"
    LINEAR = "linear"


@dataclasses.dataclass(frozen=True, eq=False)
class Image:
    """A picture in memory: rows of interleaved pixels, top row first.

    `data` holds height rows of `stride` bytes (the last one may end with its pixels); integer samples run
    from 0 to their type's maximum, float samples from 0 to 1 and beyond. Alpha is straight: colours are not
    multiplied by it. Samples are in the machine's byte order. Buffers are shared, never changed in place.

    Raises MediaError when sizes are not positive or the buffer is too small.
    """

    data: Buffer
    width: int
    height: int
    model: ColorModel = ColorModel.RGB
    sample: SampleType = SampleType.U8
    transfer: Transfer = Transfer.SRGB
    stride: int = 0
    """Bytes from one row to the next; 0 means rows follow each other without a gap."""
    icc_profile: bytes | None = None
    metadata: Metadata = dataclasses.field(default_factory=dict)
    """Names and values as OpenImageIO calls them, such as "Exif:DateTimeOriginal"."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))
        if self.width < 1 or self.height < 1:
            message = f"A picture of {self.width} by {self.height} pixels has no pixels"
            raise MediaError(message, "Width and height must be at least 1.", "media.empty")
        if not self.stride:
            object.__setattr__(self, "stride", self.row_bytes)
        try:
            object.__setattr__(self, "data", memoryview(self.data).cast("B"))
        except TypeError as error:
            hint = "Give bytes without gaps; rows may be padded, with `stride`."
            raise MediaError("The buffer is no contiguous run of bytes", hint, "media.buffer") from error
        needed = self.stride * (self.height - 1) + self.row_bytes
        if self.stride < self.row_bytes or len(self.data) < needed:
            message = f"The buffer of {len(self.data)} bytes is too small for {self.width} by {self.height} pixels"
            hint = f"{needed} bytes are needed, {self.row_bytes} or more a row."
            raise MediaError(message, hint, "media.buffer")

    @property
    def channels(self) -> int:
        """Samples per pixel."""
        return self.model.channels

    @property
    def row_bytes(self) -> int:
        """Bytes of one row's pixels, without padding."""
        return self.width * self.model.channels * self.sample.itemsize

    @property
    def bounds(self) -> Region:
        """The whole picture as a region."""
        return Region(0, 0, self.width, self.height)

    def crop(self, region: Region) -> Image:
        """Returns the pixels of `region` as a view of the same buffer.

        Raises MediaError when it is empty or reaches beyond the picture.
        """
        if region.is_empty or not self.bounds.contains(region):
            hint = f"The picture has {self.width} by {self.height} pixels."
            raise MediaError(f"The region {tuple(region)} does not lie inside the picture", hint, "media.region")
        start = region.y * self.stride + region.x * self.channels * self.sample.itemsize
        view = memoryview(self.data)[start:]
        return self.replace(data=view, width=region.width, height=region.height, stride=self.stride)

    def replace(self, **changes: Any) -> Image:
        """Returns a copy of the facts with some changed; the buffer is shared unless it is replaced.

        With new `data`, `width` or `model` the stride is worked out again unless it is given as well.
        """
        if changes.keys() & {"data", "width", "model", "sample"}:
            changes.setdefault("stride", 0)
        return dataclasses.replace(self, **changes)

    def __repr__(self) -> str:
        return f"Image({self.width}x{self.height} {self.model.value} {self.sample.value} {self.transfer.value})"
