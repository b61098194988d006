"""The net at work: one picture seen at two sizes, told what the user wants, and made to meet the hints."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scumble.effects.colorize.strokes import Plane

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble.engine import Engine, HintField, Session
    from scumble.models.manifest import Manifest

USER_MASK = 1.0
THUMBNAIL = 64
VIEWS = 2
"""Sizes that the net sees a picture at, at the same time where there are workers for it."""
_LEAST_COVER = 0.25
_REACH, _STROKE_CELLS, _ONE_COLOUR = 32, 100, 4.0
_STARTED = 0.05

Feeds = dict[str, Plane]


def thinned(mask: Plane, hint_ab: Plane) -> Plane:
    """Returns a mask (h, w) in which wide strokes are dots of 3 by 3, one for each 33 by 65 pixels or so of stroke.

    The net learnt on dots: to it, and to the spread hints' confidence, a wide stroke would be hundreds of hints that
    agree, and flood the picture. Less than a hundred pixels of one colour, `hint_ab` (2, h, w), stay as they are.
    """
    result, left = mask.copy(), mask >= USER_MASK
    while left.any():
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        window = (slice(row, row + _REACH + 1), slice(max(0, column - _REACH), column + _REACH + 1))
        ab = hint_ab[:, *window]
        alike = left[window] & (np.hypot(*(ab - hint_ab[:, row, column, None, None])) < _ONE_COLOUR)
        rows, columns = np.nonzero(alike)
        left[window] &= ~alike
        if len(rows) >= _STROKE_CELLS:
            middle = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
            far = np.maximum(abs(rows - rows[middle]), abs(columns - columns[middle])) > 1
            result[window][rows[far], columns[far]] = 0
    return result


class Told(NamedTuple):
    """What the net is told of a picture at one size: L (h, w), wanted ab (2, h, w), where (h, w), statistics (1, 316).

    `mask` is 1 where the user gave a colour, wide strokes `thinned`, and 1/2 where a coarser pass did; `wanted`,
    (h, w), is 1 wherever the user gave one.
    """

    lightness: Plane
    hint_ab: Plane
    mask: Plane
    statistics: Plane
    wanted: Plane

    def smaller(self, share: float, stride: int, engine: Engine) -> Told:
        """Returns the same at a share of the size, in whole strides; a cell a quarter hinted is hinted."""
        height, width = (max(1, round(side * share / stride)) * stride for side in self.lightness.shape)
        user = (self.mask >= USER_MASK).astype(np.float32)
        planes = np.concatenate((self.lightness[None], self.hint_ab * user, user[None]))
        means = engine.area_means(planes, width, height)
        mask = (means[3] >= _LEAST_COVER).astype(np.float32)
        hint_ab = means[1:3] / np.maximum(means[3], 1e-6) * mask
        return Told(np.ascontiguousarray(means[0]), np.ascontiguousarray(hint_ab), mask, self.statistics, mask)


class Seen(NamedTuple):
    """What the net said: mean regressed and vivid ab of all views, (2, h, w), and each view's class logits."""

    regressed: Plane
    vivid: Plane
    logits: tuple[Plane, ...]
    confidence: Plane
    field: HintField

    def shares_at(self, x: float, y: float) -> NDArray[np.float64]:
        """Returns the probability of each class at a place, x and y as shares of width and height, 0 to 1."""
        shares = []
        for cells in self.logits:
            height, width = cells.shape[1:]
            at = cells[:, min(height - 1, int(y * height)), min(width - 1, int(x * width))].astype(np.float64)
            share = np.exp(at - at.max())
            shares.append(share / share.sum())
        return np.asarray(np.mean(shares, 0), np.float64)

    def meeting(self, ab: Plane, told: Told, manifest: Manifest) -> Plane:
        """Returns ab, (2, h, w), made equal to the user's hints where they are, along the lightness around them."""
        settings = manifest.settings
        pull = float(settings["pull_least"]) + float(settings["pull_doubt"]) * (1 - self.confidence)
        return self.field.met(ab, told.hint_ab, told.wanted, pull.astype(np.float32))


def feeds_from_told(told: Told, field: HintField, engine: Engine) -> Feeds:
    """Returns the graph's inputs for a whole picture, its spread hints among them."""
    spread_ab, confidence = field.spread(told.hint_ab, told.mask)
    return {
        "lightness": told.lightness[None, None],
        "hint_ab": told.hint_ab[None],
        "hint_mask": told.mask[None, None],
        "spread_ab": spread_ab[None],
        "confidence": confidence[None, None],
    } | whole_picture(told, spread_ab, confidence, engine)


def whole_picture(told: Told, spread_ab: Plane, confidence: Plane, engine: Engine) -> Feeds:
    """Returns the inputs that describe the whole picture to each of its tiles: thumbnail and statistics."""
    weighed = (
        told.lightness[None],
        told.hint_ab * told.mask,
        told.mask[None],
        spread_ab * confidence,
        confidence[None],
    )
    small = engine.area_means(np.concatenate(weighed), THUMBNAIL, THUMBNAIL)
    return {"small": small[None], "statistics": told.statistics}


def seen_at_two_sizes(
    told: Told, session: Session, manifest: Manifest, engine: Engine, report: Callable[[float], object]
) -> Seen:
    """Runs the net on a picture at its working size and at the manifest's smaller one, side by side.

    Small it shows best what it is of, large where the hints are. Raises ModelError, DeviceError, and whatever
    `report`, called with shares of 0 to 1, raises.
    """
    little = told.smaller(float(manifest.settings["small_view"]), manifest.tiling.stride, engine)
    field = engine.hint_field(told.lightness)
    feeds = feeds_from_told(told, field, engine)
    few = feeds_from_told(little, engine.hint_field(little.lightness), engine)
    report(_STARTED)
    outputs = session.run_all([feeds, few], lambda share: report(_STARTED + (1 - _STARTED) * share))
    (logits,) = (clip.name for clip in manifest.outputs if clip.centres)
    regressed, vivid = (_mean([found[name][0] for found in outputs]) for name in ("ab", "ab_vivid"))
    confidence = feeds["confidence"][0, 0]
    return Seen(regressed, vivid, tuple(found[logits][0] for found in outputs), confidence, field)


def _mean(planes: list[Plane]) -> Plane:
    """Returns the mean of planes (2, h, w) of several sizes, at the size of the first."""
    first, *others = planes
    height, width = first.shape[1:]
    total = first.copy()
    for plane in others:
        total += _stretched(_stretched(plane, height, 1), width, 2)
    return np.asarray(total / len(planes), np.float32)


def _stretched(planes: Plane, cells: int, axis: int) -> Plane:
    """Stretches an axis bilinearly, cell centres at halves (no matrix product: its threads crowd a busy machine)."""
    pixels = planes.shape[axis]
    at = np.clip((np.arange(cells) + 0.5) * pixels / cells - 0.5, 0, pixels - 1)
    low = at.astype(int)
    share = (at - low).astype(np.float32).reshape([-1 if index == axis else 1 for index in range(planes.ndim)])
    below, above = planes.take(low, axis), planes.take(np.minimum(low + 1, pixels - 1), axis)
    return np.asarray(below + share * (above - below), np.float32)
