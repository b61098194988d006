"""The net at work: one picture seen at two sizes, told what the user wants, and made to meet the hints."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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
_LEAST_COVER = 0.25
_STARTED = 0.05

Feeds = dict[str, Plane]


class Told(NamedTuple):
    """What the net is told of a picture at one size: L (h, w), wanted ab (2, h, w), where (h, w), statistics (1, 316).

    `mask` is 1 where the user gave a colour and 1/2 where a coarser pass did.
    """

    lightness: Plane
    hint_ab: Plane
    mask: Plane
    statistics: Plane

    def smaller(self, share: float, stride: int, engine: Engine) -> Told:
        """Returns the same at a share of the size, in whole strides; a cell a quarter hinted is hinted."""
        height, width = (max(1, round(side * share / stride)) * stride for side in self.lightness.shape)
        user = (self.mask >= USER_MASK).astype(np.float32)
        planes = np.concatenate((self.lightness[None], self.hint_ab * user, user[None]))
        means = engine.area_means(planes, width, height)
        mask = (means[3] >= _LEAST_COVER).astype(np.float32)
        hint_ab = means[1:3] / np.maximum(means[3], 1e-6) * mask
        return Told(np.ascontiguousarray(means[0]), np.ascontiguousarray(hint_ab), mask, self.statistics)


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
        return self.field.met(ab, told.hint_ab, told.mask, pull.astype(np.float32))


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
    with ThreadPoolExecutor(1) as second:
        waiting = second.submit(session.run, few)
        outputs = [session.run(feeds, lambda share: report(_STARTED + (1 - _STARTED) * share)), waiting.result()]
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
        total += _shares(plane.shape[1], height) @ plane @ _shares(plane.shape[2], width).T
    return np.asarray(total / len(planes), np.float32)


def _shares(pixels: int, cells: int) -> Plane:
    """Returns what each of an axis's pixels is to each cell when it is stretched bilinearly: (cells, pixels)."""
    at = np.clip((np.arange(cells) + 0.5) * pixels / cells - 0.5, 0, pixels - 1)
    low = np.minimum(at.astype(int), max(0, pixels - 2))
    shares = np.zeros((cells, pixels), np.float32)
    shares[np.arange(cells), low] = 1 - (at - low)
    shares[np.arange(cells), np.minimum(low + 1, pixels - 1)] += at - low
    return shares
