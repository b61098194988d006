"""Rows of pixels as hosts move them: channels reordered, added, masked, thinned out; by the standard library alone."""

from __future__ import annotations

from typing import Any

from scumble.media.image import ColorModel, SampleType

_LETTERS = {1: "B", 2: "H", 4: "I"}
_ONE = {SampleType.U8: 0xFF, SampleType.U16: 0xFFFF, SampleType.F16: 0x3C00, SampleType.F32: 0x3F800000}


def samples_of(data: Any, sample: SampleType) -> memoryview:
    """Returns bytes seen as whole numbers of a sample's size; floats too are moved as such."""
    return memoryview(data).cast("B").cast(_LETTERS[sample.itemsize])  # type: ignore[call-overload, no-any-return]


def opaque_pixel(channels: int, sample: SampleType) -> bytes:
    """Returns one pixel of zeros but for its last channel, alpha, which is full."""
    pixel = bytearray(channels * sample.itemsize)
    samples_of(pixel, sample)[channels - 1] = _ONE[sample]
    return bytes(pixel)


def red_and_blue_swapped(pixels: Any, sample: SampleType) -> bytes:
    """Returns pixels of four channels with the first and the third exchanged: BGRA from RGBA and back."""
    swapped = bytearray(pixels)
    old, new = samples_of(pixels, sample), samples_of(swapped, sample)
    new[0::4], new[2::4] = old[2::4], old[0::4]
    return bytes(swapped)


def with_alpha(pixels: Any, model: ColorModel, wanted: ColorModel, sample: SampleType) -> bytes:
    """Returns pixels of `model` as pixels of `wanted`, which has alpha, and is no gray one unless `model` is."""
    if model is wanted:
        return bytes(pixels)
    old, colours = samples_of(pixels, sample), wanted.channels - 1
    grown = bytearray(opaque_pixel(wanted.channels, sample) * (len(old) // model.channels))
    new = samples_of(grown, sample)
    for channel in range(colours):
        new[channel :: wanted.channels] = old[0 if model.is_gray else channel :: model.channels]
    if model.has_alpha:
        new[colours :: wanted.channels] = old[model.channels - 1 :: model.channels]
    return bytes(grown)


def kept_inside(pixels: bytes, mask: bytes) -> bytes:
    """Returns pixels where the mask, one byte each, is above 0, and zeros elsewhere: nothing at all, transparent."""
    inside = mask.translate(bytes([0]) + b"\xff" * 255)
    wide, size = bytearray(len(pixels)), len(pixels) // len(mask)
    for offset in range(size):
        wide[offset::size] = inside
    return (int.from_bytes(pixels, "little") & int.from_bytes(wide, "little")).to_bytes(len(pixels), "little")


def is_clear(pixels: Any, channels: int, sample: SampleType) -> bool:
    """Returns whether every pixel's last channel, alpha, is 0."""
    return not any(samples_of(pixels, sample)[channels - 1 :: channels].tobytes())


def every_nth(row: Any, step: int, channels: int, sample: SampleType) -> bytes:
    """Returns each `step`-th pixel of a row, the first one included."""
    old = samples_of(row, sample)
    thin = bytearray(-(-len(old) // (channels * step)) * channels * sample.itemsize)
    new = samples_of(thin, sample)
    for channel in range(channels):
        new[channel::channels] = old[channel :: channels * step]
    return bytes(thin)
