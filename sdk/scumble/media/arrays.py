"""Pictures as numpy arrays and back, without copying pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scumble.errors import MediaError
from scumble.media.image import ColorModel, Image, SampleType, Transfer, model_of_channels
from scumble.media.profiles import ColorSpace, floats_in, meaning_of, profile_of_coloured
from scumble.media.samples import converted

Array = NDArray[Any]
_STRIP_ROWS = 256


def array_from_image(image: Image) -> Array:
    """Returns the pixels as an array (H, W, C) that shares the picture's buffer and is read-only."""
    dtype = np.dtype(image.sample.value)
    strides = (image.stride, image.channels * dtype.itemsize, dtype.itemsize)
    shape = (image.height, image.width, image.channels)
    array: Array = np.ndarray(shape, dtype, buffer=image.data, strides=strides)
    array.flags.writeable = False
    return array


def image_from_array(array: Array, *, transfer: Transfer | None = None, like: Image | None = None) -> Image:
    """Returns a picture that shares the array's memory where its pixels are contiguous, else a copy's.

    `array` is (H, W) or (H, W, C) with 1 to 4 channels, of uint8, uint16, float16 or float32. Transfer,
    profile and metadata are those of `like`; a colour picture like a gray one gets that profile's coloured twin, a
    gray one like a colour picture none. Raises MediaError for other shapes and types.
    """
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        hint = "Give an array of shape (height, width) or (height, width, 1 to 4)."
        raise MediaError(f"An array of shape {array.shape} is no picture", hint, "media.shape")
    if array.dtype.name not in {sample.value for sample in SampleType}:
        hint = "Convert it to uint8, uint16, float16 or float32."
        raise MediaError(f"An array of {array.dtype} is no picture", hint, "media.sample_type")
    height, width, channels = array.shape
    pixels = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    model = model_of_channels(channels)
    profile = None
    if like is not None and (like.model.is_gray or not model.is_gray):
        profile = like.icc_profile if like.model.is_gray == model.is_gray else profile_of_coloured(like)
    return Image(
        pixels.reshape(-1).view(np.uint8).data,
        width,
        height,
        model,
        SampleType(array.dtype.name),
        transfer or (like.transfer if like is not None else Transfer.SRGB),
        icc_profile=profile,
        metadata=like.metadata if like is not None else {},
    )


def codes_from_image(image: Image) -> NDArray[np.uint8]:
    """Returns the pixels as 8-bit sRGB codes with straight alpha, (H, W, C); read-only. Colours outside are clipped."""
    has_alpha = image.model.has_alpha
    pixels = array_from_image(image)
    if isinstance(meaning_of(image), ColorSpace):
        return _codes_by_profile(image, pixels)
    return converted(pixels, SampleType.U8, source=image.transfer, target=Transfer.SRGB, has_alpha=has_alpha)


def _codes_by_profile(image: Image, pixels: Array) -> NDArray[np.uint8]:
    codes = np.empty(pixels.shape, np.uint8)
    colours = 1 if image.model.is_gray else 3
    for top in range(0, image.height, _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        strip = floats_in(image, pixels[rows], "srgb")[..., :colours]
        codes[rows, :, :colours] = np.rint(np.clip(np.nan_to_num(strip, nan=0.0), 0, 1) * 255)
    if image.model.has_alpha:
        alpha, straight = np.ascontiguousarray(pixels[..., -1:]), Transfer.SRGB
        codes[..., -1:] = converted(alpha, SampleType.U8, source=straight, target=straight, has_alpha=True)
    return codes


def mixed(source: Image, result: Image, mask: Image) -> Image:
    """Returns `result` where `mask` is full, `source` where it is 0, bit for bit, and a mixture between.

    All three have the same size. The picture has the sample type of `result`, and colour or alpha where either has.
    Raises MediaError when sizes differ, or the samples of source and result do.
    """
    sizes = {(image.width, image.height) for image in (source, result, mask)}
    if len(sizes) > 1 or source.sample is not result.sample:
        message = f"{source}, {result} and {mask} cannot be mixed"
        raise MediaError(
            message, "Source, result and mask need one size, source and result one sample type.", "media.mix"
        )
    model = _wider(source.model, result.model)
    below, above = _as_model(source, model), _as_model(result, model)
    share = array_from_image(mask)[..., :1]
    out = above.copy()
    full = np.iinfo(share.dtype).max if share.dtype.kind == "u" else 1
    for top in range(0, source.height, _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        if (share[rows] == full).all():
            continue
        weight = share[rows].astype(np.float32) / np.float32(full)
        mixture = below[rows] + weight * (above[rows].astype(np.float32) - below[rows])
        if out.dtype.kind == "u":
            mixture = np.rint(mixture)
        out[rows] = np.where(weight == 0, below[rows], np.where(weight == 1, above[rows], mixture.astype(out.dtype)))
    return image_from_array(out, like=result)


def _wider(one: ColorModel, other: ColorModel) -> ColorModel:
    channels = (1 if one.is_gray and other.is_gray else 3) + (one.has_alpha or other.has_alpha)
    return model_of_channels(channels)


def _as_model(image: Image, model: ColorModel) -> Array:
    """Returns the pixels with colour and alpha added where `model` has them: gray repeated, alpha full."""
    pixels = array_from_image(image)
    if image.model is model:
        return pixels
    colours = np.broadcast_to(pixels[..., :1], (*pixels.shape[:2], 3)) if image.model.is_gray else pixels[..., :3]
    colours = pixels[..., :1] if model.is_gray else colours
    if not model.has_alpha:
        return colours
    full = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    alpha = pixels[..., -1:] if image.model.has_alpha else np.full((*pixels.shape[:2], 1), full, pixels.dtype)
    return np.concatenate((colours, alpha), axis=2)
