"""Room for text: the picture calmed there, and a scrim as strong as the text's contrast needs, no stronger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scumble.errors import ParamError
from scumble.media.arrays import image_from_array
from scumble.media.layers import Layer, laid_over
from scumble.media.region import Region

if TYPE_CHECKING:
    from scumble.engine import Engine
    from scumble.params import Rgb

Pixels = NDArray[np.uint8]

_FEATHER = (0.8, 0.16)  # of the area's shorter side, of the picture's mean side: how far outside the scrim fades out
_NEAR = 0.8  # of that: a border that is nearer gets the full scrim, so that no strip of picture is left at it
_CALM = 0.035  # of the area's mean side: deviation of the low-pass
_SHARE = 0.999  # of the area's pixels that are to have the contrast; 0.99 are promised
_MOST_PROBED = 400_000
_STREAM = 7100
_FLARE = 0.05  # WCAG 2.2: light that every screen adds to both sides of the ratio

_ENDS = (np.zeros(3, np.uint8), np.full(3, 255, np.uint8))


def luminance(rgb: NDArray[np.generic]) -> NDArray[np.float64]:
    """Returns relative luminance, 0 to 1, of 8-bit sRGB colours (..., 3) as WCAG 2.2 defines it."""
    value = np.asarray(rgb, np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]), np.float64)


def contrast_ratio(one: NDArray[np.generic], other: NDArray[np.generic]) -> NDArray[np.float64]:
    """Returns WCAG's contrast, 1 to 21, of 8-bit sRGB colours."""
    first, second = luminance(one) + _FLARE, luminance(other) + _FLARE
    return np.maximum(first, second) / np.minimum(first, second)


def check_area(area: Region, width: int, height: int, text: Rgb, contrast: float) -> None:
    """Raises ParamError when the area reaches beyond the picture, or no background gives the text that contrast."""
    if not Region(0, 0, width, height).contains(area):
        message = f"The text area {','.join(map(str, area))} reaches beyond the picture of {width} by {height} pixels"
        raise ParamError(message, "Give X,Y,WIDTH,HEIGHT that lie inside it.", "param.text_area")
    most = max(_most_contrasts(text))
    if most < contrast:
        message = f"No background gives text of {text.hex} a contrast of {contrast:g}"
        hint = f"The most that it can have is {np.floor(most * 100) / 100:g}; or choose another text colour."
        raise ParamError(message, hint, "param.contrast")


def _most_contrasts(text: Rgb) -> list[float]:
    """Returns the text's contrast against black and against white."""
    return [float(contrast_ratio(np.asarray(text), end)) for end in _ENDS]


def reserved(
    pixels: Pixels, area: Region, text: Rgb, contrast: float, palette: NDArray[np.float32], engine: Engine, seed: int
) -> Layer:
    """Calms 8-bit RGB `pixels` (H, W, 3) in place around `area` and returns the scrim to lay over them.

    Inside the area text of the colour `text` then has at least `contrast` against 99 % of the pixels. The scrim has
    one colour, made of the palette's (n, 3) where that is far enough from the text, and fades out around the area.
    Raises ParamError as `check_area` does.
    """
    height, width = pixels.shape[:2]
    check_area(area, width, height, text, contrast)
    color = _scrim_color(text, contrast, palette, engine)
    feather = round(max(2, _FEATHER[0] * min(area.width, area.height), _FEATHER[1] * np.sqrt(width * height)))
    sigma = min(4096.0, max(0.7, _CALM * float(np.sqrt(area.area))))
    core = _to_near_borders(area, _NEAR * feather, width, height)
    around = _grown(core, feather, width, height)
    calmed = _grown(core, feather + round(3 * sigma), width, height)
    cover = _cover(core, calmed, feather)
    engine.soften(_cut(pixels, calmed), sigma, mask=np.rint(255 * cover).astype(np.uint8), seed=seed)
    alpha = _alpha_needed(_cut(pixels, area), color, text, contrast)
    noise = engine.noise(seed, _STREAM, around, kind="uniform")[0]
    plane = alpha * _cover(core, around, feather)
    rgba = np.empty((around.height, around.width, 4), np.uint8)
    rgba[..., :3] = color
    rgba[..., 3] = np.minimum(np.floor(plane + noise * (plane > 0)), alpha)  # rounded by chance: no bands
    inside = _cut(rgba, area.translated(-around.x, -around.y))
    inside[..., 3] = alpha
    return Layer("scrim", image_from_array(rgba), around.x, around.y)


def _scrim_color(text: Rgb, contrast: float, palette: NDArray[np.float32], engine: Engine) -> Pixels:
    """Returns the palette's darkest or brightest colour, moved away from the text's until it is well legible."""
    own, most = np.asarray(text), _most_contrasts(text)
    best = int(np.argmax(most))
    lab = engine.lab_from_rgb(palette)
    chosen = lab[np.argmax(lab[:, 0]) if best else np.argmin(lab[:, 0])]
    wanted = min(most[best], 1.5 * contrast)
    for share in np.linspace(0, 1, 33):
        target = np.array([100.0 * best, chosen[1] * (1 - 0.5 * share), chosen[2] * (1 - 0.5 * share)])
        moved = (chosen + share * (target - chosen)).astype(np.float32)
        color = np.asarray(np.rint(255 * engine.rgb_from_lab(moved[None])[0]), np.uint8)
        if float(contrast_ratio(own, color)) >= wanted:
            return color
    return _ENDS[best]


def _alpha_needed(pixels: Pixels, color: Pixels, text: Rgb, contrast: float) -> int:
    """Returns the least opacity, 0 to 255, of the scrim that gives the pixels the contrast."""
    step = max(1, int(np.ceil(np.sqrt(pixels.shape[0] * pixels.shape[1] / _MOST_PROBED))))
    probes = pixels[::step, ::step].reshape(-1, 3)
    own = np.asarray(text)

    def is_enough(alpha: int) -> bool:
        mixed = laid_over(probes, color, np.full((1, 1), alpha, np.uint8))
        return float((contrast_ratio(mixed, own) >= contrast).mean()) >= _SHARE

    low, high = 0, 255
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle + 1, high)
    return high


def _cover(area: Region, frame: Region, feather: int) -> NDArray[np.float32]:
    """Returns 1 inside the area, fading smoothly to 0 at `feather` pixels outside: (H, W) of the frame."""

    def apart(start: int, length: int, first: int, count: int) -> NDArray[np.float32]:
        place = np.arange(first, first + count, dtype=np.float32)
        return np.maximum(0, np.maximum(start - place, place - (start + length - 1)))

    rows, columns = apart(area.y, area.height, frame.y, frame.height), apart(area.x, area.width, frame.x, frame.width)
    share = np.clip(1 - np.hypot(rows[:, None], columns[None]) / np.float32(feather), 0, 1)
    return np.asarray(share**3 * (share * (6 * share - 15) + 10), np.float32)


def _to_near_borders(area: Region, near: float, width: int, height: int) -> Region:
    left, top = (0 if start < near else start for start in (area.x, area.y))
    right = width if width - area.right < near else area.right
    bottom = height if height - area.bottom < near else area.bottom
    return Region(left, top, right - left, bottom - top)


def _grown(area: Region, by: int, width: int, height: int) -> Region:
    grown = Region(area.x - by, area.y - by, area.width + 2 * by, area.height + 2 * by)
    return grown.intersection(Region(0, 0, width, height))


def _cut(pixels: Pixels, region: Region) -> Pixels:
    return pixels[region.y : region.bottom, region.x : region.right]
