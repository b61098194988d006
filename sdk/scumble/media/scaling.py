"""Pictures at other sizes, filtered so that nothing flickers or fringes."""

from __future__ import annotations

import numpy as np
import OpenImageIO

from scumble.errors import MediaError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.image import Image
from scumble.media.samples import premultiplied_from_straight, straight_from_premultiplied


def scaled(image: Image, width: int, height: int) -> Image:
    """Returns the picture with `width` by `height` pixels: Lanczos downwards, Blackman-Harris upwards.

    Transparent pixels do not bleed into opaque ones. Raises MediaError for an empty size.
    """
    if width < 1 or height < 1:
        hint = "Width and height must be at least 1."
        raise MediaError(f"A picture of {width} by {height} pixels has no pixels", hint, "media.empty")
    pixels = array_from_image(image)
    if image.model.has_alpha:
        pixels = premultiplied_from_straight(pixels)
    source = OpenImageIO.ImageBuf(np.ascontiguousarray(pixels))
    spec = OpenImageIO.ImageSpec(width, height, image.channels, source.spec().format)
    result = OpenImageIO.ImageBuf(spec)
    if not OpenImageIO.ImageBufAlgo.resize(result, source):
        raise MediaError(f"The picture cannot be scaled: {result.geterror()}", "Try another size.", "media.scale")
    out = np.asarray(result.get_pixels(source.spec().format))
    if image.model.has_alpha:
        out = straight_from_premultiplied(out)
    return image_from_array(out, like=image)
