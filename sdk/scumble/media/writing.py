"""Pictures into files, in the best that their format can hold, whole or not at all."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import OpenImageIO

from scumble.errors import MediaError, MemoryBudgetTooSmall
from scumble.media import icc
from scumble.media.arrays import Array, array_from_image
from scumble.media.atomic import atomic_path
from scumble.media.encoding import Rows, encode
from scumble.media.headers import FileFormat
from scumble.media.image import ColorModel, Image, SampleType, Transfer, model_of_channels
from scumble.media.metadata import profile_fits
from scumble.media.profiles import ColorSpace, floats_in, meaning_of
from scumble.media.samples import converted, premultiplied_from_straight

if TYPE_CHECKING:
    import os

DEFAULT_JPEG_QUALITY = 95
_STRIP_ROWS = 64
_LOSSLESS_BYTES_PER_PIXEL, _LOSSY_BYTES_PER_PIXEL = 31, 10
"""What libwebp takes: measured 30.5 and, with the quality 90, 9.5."""

_U8, _U16, _F16, _F32 = SampleType.U8, SampleType.U16, SampleType.F16, SampleType.F32


class _Holds(NamedTuple):
    """What a format can hold: the sample type that each of ours becomes, and the longest side in pixels."""

    samples: dict[SampleType, SampleType]
    longest_side: int


_HOLDS = {
    FileFormat.PNG: _Holds({_U8: _U8, _U16: _U16, _F16: _U16, _F32: _U16}, 2**31 - 1),
    FileFormat.JPEG: _Holds(dict.fromkeys(SampleType, _U8), 65500),
    FileFormat.TIFF: _Holds({_U8: _U8, _U16: _U16, _F16: _F32, _F32: _F32}, 2**31 - 1),  # few read half TIFFs
    FileFormat.EXR: _Holds({_U8: _F16, _U16: _F32, _F16: _F16, _F32: _F32}, 2**31 - 1),
    FileFormat.WEBP: _Holds(dict.fromkeys(SampleType, _U8), 16383),
}
_OIIO_TYPES = {_U8: "uint8", _U16: "uint16", _F16: "half", _F32: "float"}


def format_from_name(path: str | os.PathLike[str]) -> FileFormat:
    """Returns the format that a file of this name is written in. Raises MediaError media.suffix."""
    suffix = Path(path).suffix.lower()
    for kind in FileFormat:
        if suffix in kind.suffixes:
            return kind
    known = ", ".join(ending for kind in FileFormat for ending in kind.suffixes)
    what = f"The ending {suffix} of {path} is not known" if suffix else f"The name {path} has no ending"
    raise MediaError(what, f"Use one of {known}.", "media.suffix")


def write_image(
    path: str | os.PathLike[str],
    image: Image,
    *,
    overwrite: bool = True,
    quality: int | None = None,
    most_bytes: int | None = None,
    encoder_bytes: int | None = None,
) -> None:
    """Writes a picture in the format that the name ends with; the file appears whole or not at all.

    Samples keep their type where the format has it, else they are rounded: PNG takes 8 and 16 bits (float becomes
    16), JPEG and WebP 8, TIFF all but half (becomes float), EXR half and float (8 bits become half, 16 float).
    EXR files are linear with alpha multiplied in, all others have the sRGB curve, or the numbers of their profile, and
    straight alpha. Gray becomes RGB in WebP. The ICC profile is written where it fits the colour model; EXR has none,
    and holds what a profile says as light of Rec. 709, below 0 and above 1 where need be. Metadata is written where the
    format has a place for it.

    Args:
        path: where to; its folder must exist.
        image: the picture.
        overwrite: whether a file of that name may be replaced.
        quality: 1 to 100 for JPEG (95 when None) and lossy WebP (lossless when None); other formats ignore it.
        most_bytes: how large the file may be; JPEG and WebP are written in a lower quality where they must be.
        encoder_bytes: what encoding may take where it cannot be done by strips, which is WebP; None for any.

    Raises:
        MediaError: media.suffix, media.exists, media.no_folder, media.not_a_file, media.unwritable, media.alpha
            (JPEG of a picture that is not opaque), media.side (longer than the format allows), media.quality,
            media.bytes (it cannot be made as small as that).
        MemoryBudgetTooSmall: `encoder_bytes` is not enough.
    """
    path = Path(path)
    kind = format_from_name(path)
    if quality is not None and not 1 <= quality <= 100:
        raise MediaError(f"There is no quality {quality}", "Give 1 (smallest) to 100 (best).", "media.quality")
    if max(image.width, image.height) > _HOLDS[kind].longest_side:
        message = f"A {kind.value} file holds {_HOLDS[kind].longest_side} pixels a side; this picture is "
        hint = "Write a PNG, TIFF or EXR, or scale it down."
        raise MediaError(f"{message}{image.width} by {image.height}", hint, "media.side")
    if kind is FileFormat.WEBP and encoder_bytes is not None:
        _check_encoder(path, image, _LOSSY_BYTES_PER_PIXEL if quality else _LOSSLESS_BYTES_PER_PIXEL, encoder_bytes)
    rows, shape, icc_profile = _rows_for(path, kind, image)
    metadata = dict(image.metadata)
    if image.icc_profile and not _is_told_by_exr(image):
        metadata.pop("chromaticities", None)
    with atomic_path(path, overwrite=overwrite) as temporary:
        for tried in _qualities(kind, quality, is_limited=most_bytes is not None):
            spec, model = _spec_for(kind, shape, _HOLDS[kind].samples[image.sample], tried)
            profile = icc_profile if icc_profile and profile_fits(icc_profile, model) else None
            encode(temporary, kind, spec, rows, metadata=metadata, profile=profile)
            if most_bytes is None or temporary.stat().st_size <= most_bytes:
                return
        message = f"The picture does not fit into {most_bytes} bytes as {kind.value.upper()}"
        raise MediaError(message, "Write a .jpg or .webp, or a smaller picture.", "media.bytes")


def _check_encoder(path: Path, image: Image, bytes_per_pixel: int, encoder_bytes: int) -> None:
    needed = image.width * image.height * bytes_per_pixel
    if needed > encoder_bytes:
        message = f"{path} is encoded as a whole, as WebP is: {needed >> 20} MiB are needed for that"
        more = math.ceil((needed - encoder_bytes) / (1 << 20))
        hint = f"Allow {more} MiB more (--memory), or write a PNG, JPEG, TIFF or EXR."
        raise MemoryBudgetTooSmall(f"{message}, and the memory budget leaves {encoder_bytes >> 20}", hint)


def _qualities(kind: FileFormat, quality: int | None, *, is_limited: bool) -> tuple[int | None, ...]:
    """Returns the qualities to try, best first: the wanted one, then lower ones where a file must not be large."""
    if not is_limited or kind not in (FileFormat.JPEG, FileFormat.WEBP):
        return (quality,)
    wanted = quality or (DEFAULT_JPEG_QUALITY if kind is FileFormat.JPEG else 101)
    return (quality, *(lower for lower in range(90, 35, -10) if lower < wanted))


def _rows_for(path: Path, kind: FileFormat, image: Image) -> tuple[Rows, tuple[int, int, int], bytes | None]:
    """Returns what the file is to hold, strip by strip, its shape, and the profile that goes with it."""
    pixels, profile = array_from_image(image), image.icc_profile
    has_alpha, is_exr = image.model.has_alpha, kind is FileFormat.EXR
    if kind is FileFormat.JPEG and has_alpha:
        if not _is_opaque(image, pixels):
            hint = "Write a PNG, WebP, TIFF or EXR, or make the picture opaque first."
            raise MediaError(f"JPEG cannot hold the transparency of {path}", hint, "media.alpha")
        pixels, has_alpha = pixels[..., :-1], False
    is_widened = kind is FileFormat.WEBP and image.model.is_gray
    sample = _HOLDS[kind].samples[image.sample]
    source, target = image.transfer, Transfer.LINEAR if is_exr else Transfer.SRGB
    as_light = False
    if profile and isinstance(meaning_of(image), ColorSpace):
        is_told_by_exr = _is_told_by_exr(image)
        as_light = is_exr and not is_told_by_exr  # EXR has no profile, but takes light beyond 0 to 1
        if is_told_by_exr and not is_exr:  # light would be coarse in whole numbers
            places = tuple(np.atleast_1d(image.metadata["chromaticities"]).astype(float))
            profile = icc.profile_from_primaries(places, icc.SRGB_CURVE, "Told by EXR")
        else:
            source = target

    def rows(top: int, behind: int) -> Array:
        strip = _light(image, pixels[top:behind]) if as_light else pixels[top:behind]
        if is_widened:
            strip = np.concatenate([strip[..., :1]] * 3 + [strip[..., 1:]], axis=2)
        strip = converted(strip, sample, source=source, target=target, has_alpha=has_alpha)
        if is_exr and has_alpha:
            strip = premultiplied_from_straight(strip)
        return np.ascontiguousarray(strip)

    shape = (image.height, image.width, pixels.shape[2] + 2 * is_widened)
    return rows, shape, None if is_exr else profile


def _is_opaque(image: Image, pixels: Array) -> bool:
    opaque = 1 if image.sample.is_float else np.iinfo(pixels.dtype).max
    tops = range(0, image.height, _STRIP_ROWS)
    return all(bool((pixels[top : top + _STRIP_ROWS, :, -1] == opaque).all()) for top in tops)


def _is_told_by_exr(image: Image) -> bool:
    """True when the profile was made of the primaries that an EXR file names; its numbers are light."""
    return image.transfer is Transfer.LINEAR and "chromaticities" in image.metadata


def _light(image: Image, strip: Array) -> Array:
    """Returns the light (Rec. 709, not limited) of some rows of a picture with a profile, in float, alpha with it."""
    colours = 1 if image.model.is_gray else 3
    light = np.empty(strip.shape, np.float32)
    light[..., :colours] = floats_in(image, strip, "linear")[..., :colours]
    if image.model.has_alpha:
        full = np.float32(1 if image.sample.is_float else np.iinfo(strip.dtype).max)
        light[..., -1] = strip[..., -1] / full
    return light


def _spec_for(
    kind: FileFormat, shape: tuple[int, int, int], sample: SampleType, quality: int | None
) -> tuple[OpenImageIO.ImageSpec, ColorModel]:
    height, width, channels = shape
    model = model_of_channels(channels)
    spec = OpenImageIO.ImageSpec(width, height, channels, _OIIO_TYPES[sample])
    spec.channelnames = (("Y",) if model.is_gray else ("R", "G", "B")) + (("A",) if model.has_alpha else ())
    spec.alpha_channel = channels - 1 if model.has_alpha else -1
    spec.attribute("oiio:UnassociatedAlpha", int(kind is not FileFormat.EXR))
    for name, value in _settings(kind, sample, quality).items():
        spec.attribute(name, value)
    return spec, model


def _settings(kind: FileFormat, sample: SampleType, quality: int | None) -> dict[str, str | int]:
    """The encoders' settings; the lossless ones stop where the last tenth of size would cost most of the time."""
    if kind is FileFormat.JPEG:  # colour at full resolution: it is what we are here for
        return {"compression": f"jpeg:{quality or DEFAULT_JPEG_QUALITY}", "jpeg:subsampling": "4:4:4"}
    if kind is FileFormat.WEBP:
        return {"compression": f"webp:{quality}" if quality else "lossless:30", "webp:method": 4 if quality else 1}
    if kind is FileFormat.PNG:
        return {"png:compressionLevel": 4}
    return {"compression": "lzw" if kind is FileFormat.TIFF and sample is _U8 else "zip"}
