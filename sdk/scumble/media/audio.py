"""The sound that an audio effect gives: interleaved float samples and what they mean."""

from __future__ import annotations

import dataclasses

from scumble.errors import MediaError
from scumble.media.image import Buffer

_SAMPLE_BYTES = 4
SAMPLE_FORMATS = ("16-bit", "24-bit", "float")
"""How samples may be kept in a file."""


@dataclasses.dataclass(frozen=True, eq=False)
class Audio:
    """A sound in memory: frames of interleaved 32-bit float samples in the machine's byte order; full scale is ±1.

    `channels` 1 or more (left comes first), `rate_hz` frames a second, `sample_format` what a file of it is to hold.
    Raises MediaError for a rate or a number of channels below 1, for a buffer that does not hold whole frames, and for
    another format.
    """

    data: Buffer
    channels: int
    rate_hz: int
    sample_format: str = "24-bit"

    def __post_init__(self) -> None:
        if self.channels < 1 or self.rate_hz < 1:
            message = f"A sound of {self.channels} channels at {self.rate_hz} Hz cannot be"
            raise MediaError(message, "Both must be at least 1.", "media.sound")
        if self.sample_format not in SAMPLE_FORMATS:
            hint = f"Choose one of {', '.join(SAMPLE_FORMATS)}."
            raise MediaError(f"There is no sample format {self.sample_format!r}", hint, "media.sound")
        try:
            object.__setattr__(self, "data", memoryview(self.data).cast("B"))
        except TypeError as error:
            raise MediaError(
                "The buffer is no contiguous run of bytes", "Give bytes without gaps.", "media.buffer"
            ) from error
        if not len(self.data) or len(self.data) % (_SAMPLE_BYTES * self.channels):
            message = f"A buffer of {len(self.data)} bytes does not hold whole frames of {self.channels} samples"
            raise MediaError(message, "Give 32-bit float samples, channel by channel.", "media.buffer")

    @property
    def frames(self) -> int:
        """Samples per channel."""
        return len(self.data) // (_SAMPLE_BYTES * self.channels)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate_hz

    def __repr__(self) -> str:
        return f"Audio({self.duration_s:.3f} s, {self.channels} channels, {self.rate_hz} Hz)"
