"""Pictures laid over each other: 8-bit layers with straight alpha, the lowest first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scumble.errors import MediaError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.image import ColorModel, Image, SampleType
from scumble.media.region import Region

Pixels = NDArray[np.uint8]
_STRIP_ROWS = 64


class Layer(NamedTuple):
    """A named picture and where its top left corner lies on the lowest layer, in pixels."""

    name: str
    image: Image
    x: int = 0
    y: int = 0

    @property
    def region(self) -> Region:
        """The pixels of the lowest layer that it covers."""
        return Region(self.x, self.y, self.image.width, self.image.height)


def flattened(layers: tuple[Layer, ...]) -> Image:
    """Returns the layers as one picture, mixed in their own numbers as editors do by default.

    The lowest is RGB, the others RGBA and within its bounds, all 8-bit. Raises MediaError for others.
    """
    lowest = _checked(layers)
    if len(layers) == 1:
        return lowest
    out = array_from_image(lowest).copy()
    for layer in layers[1:]:
        x, y, width, _ = layer.region
        above = array_from_image(layer.image)
        for top in range(0, len(above), _STRIP_ROWS):
            strip = above[top : top + _STRIP_ROWS]
            below = out[y + top : y + top + len(strip), x : x + width]
            below[...] = laid_over(below, strip[..., :3], strip[..., 3:])
    return image_from_array(out, like=lowest)


def laid_over(below: Pixels, color: Pixels, alpha: Pixels) -> Pixels:
    """Returns 8-bit `color` over `below` as far as `alpha`, 0 to 255, says; rounded to the nearest code."""
    share = alpha.astype(np.uint32)
    return ((below * (255 - share) + color * share + 127) // 255).astype(np.uint8)


def widened(layer: Layer, width: int, height: int) -> Image:
    """Returns the layer as a picture of that size, transparent where it has no pixels."""
    if layer.region == (0, 0, width, height):
        return layer.image
    out = np.zeros((height, width, layer.image.channels), np.uint8)
    out[layer.y : layer.y + layer.image.height, layer.x : layer.x + layer.image.width] = array_from_image(layer.image)
    return image_from_array(out, like=layer.image)


def files_from_layers(layers: tuple[Layer, ...]) -> dict[str, Callable[[Path], Image]]:
    """Returns what makes each layer's picture, in the lowest one's size, by the file's name: 1-NAME.png is the lowest.

    That is what a File parameter with the role "layers" promises. They are widened one at a time, when they are
    written.
    """
    lowest = layers[0].image
    names = (f"{number}-{layer.name}.png" for number, layer in enumerate(layers, 1))
    return {name: partial(_in_full_size, layer, lowest) for name, layer in zip(names, layers, strict=True)}


def _in_full_size(layer: Layer, lowest: Image, _: Path) -> Image:
    return widened(layer, lowest.width, lowest.height)


def _checked(layers: tuple[Layer, ...]) -> Image:
    lowest = layers[0].image
    for layer in layers:
        model = ColorModel.RGB if layer is layers[0] else ColorModel.RGBA
        is_inside = lowest.bounds.contains(layer.region)
        if layer.image.model is not model or layer.image.sample is not SampleType.U8 or not is_inside:
            hint = "Layers are 8-bit, the lowest RGB, the others RGBA and within its bounds."
            raise MediaError(f"The layer {layer.name!r}, {layer.image}, cannot be laid over", hint, "media.layers")
    return lowest
