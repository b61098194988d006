"""Pictures as numpy arrays and back, without copying pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scumble.errors import MediaError
from scumble.media.image import Image, SampleType, Transfer, model_of_channels

Array = NDArray[Any]


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
    profile and metadata are those of `like`; a gray profile is not handed on to a colour picture. Raises
    MediaError for other shapes and types.
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
    profile = like.icc_profile if like is not None and like.model.is_gray == model.is_gray else None
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
