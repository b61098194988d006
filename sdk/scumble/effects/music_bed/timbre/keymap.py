"""From a wish for an instrument to a SoundFont of its notes: drawn by the net, made into sound, kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scumble.effects.music_bed.timbre.cache import cached
from scumble.effects.music_bed.timbre.kinds import KINDS
from scumble.effects.music_bed.timbre.reading import Grid, partials_from_picture
from scumble.effects.music_bed.timbre.soundfont import Key, soundfont_from_keys
from scumble.effects.music_bed.timbre.sounding import Sound, sound_from_partials
from scumble.errors import ModelError

if TYPE_CHECKING:
    from scumble.effect import RenderContext
    from scumble.models.asset import Asset

BUNDLE = "timbre"
RECIPE = 1
"""Raised with every change that makes other sounds of the same net: kept instruments are then made anew."""
KEY_STEP = 3
_VELOCITY = 0.7
_LATENT_STREAM, _NOISE_STREAM = 41, 42
_LOUDNESS_S, _LEVEL = 0.25, 0.18
_HINT = "Install scumble and its bundles again, in versions that belong together."


class Wish(NamedTuple):
    """An instrument: kind and seed, and how far, 0 to 1, it is on the way to another.

    The other is what its own kind is for this seed; where both are of one kind, it is a second one of that kind.
    """

    kind: str
    seed: int = 0
    other: str | None = None
    amount: float = 0.0


class Instrument(NamedTuple):
    """A SoundFont of one preset, (0, 0), its hash in hexadecimal, and the bundle it was made with."""

    content: bytes
    sha256: str
    asset: Asset


def instrument_from_wish(wish: Wish, ctx: RenderContext) -> Instrument:
    """Returns the instrument, from the cache where it was made before.

    The same wish gives the same bytes on the same machine: every note is drawn by itself, on one thread. Raises
    ModelError for a bundle that is not of this kind, DeviceError when the net cannot be run.
    """
    asset = ctx.asset(BUNDLE)
    engine = ctx.engine
    facts = (RECIPE, asset.manifest.asset.sha256, engine.runtime_version, engine.provider, engine.precision, *wish)
    key = hashlib.sha256(repr(facts).encode()).hexdigest()
    content = cached(key, lambda: soundfont_from_keys(_notes(wish, asset, ctx), _between("release_s", wish)))
    return Instrument(content, hashlib.sha256(content).hexdigest(), asset)


def _notes(wish: Wish, asset: Asset, ctx: RenderContext) -> list[Key]:
    settings = asset.manifest.settings
    grid = grid_from_settings(settings)
    keys = range(int(settings["lowest_key"]), int(settings["highest_key"]) + 1, KEY_STEP)
    session = ctx.engine.session(asset.content, asset.manifest.asset.sha256, lambda _: ctx.progress.check())
    runs = [inputs_for(wish, key, settings, ctx) for key in keys]
    drawn = session.run_all(runs, ctx.progress.sub(0.0, 0.5).report)
    found = []
    for number, (key, outputs) in enumerate(zip(keys, drawn, strict=True)):
        ctx.progress.report(0.5 + 0.5 * number / len(keys), "Instrument")
        found.append(key_from_sound(key, sound_from_picture(outputs.get("picture"), key, grid, wish)))
    return found


def grid_from_settings(settings: dict[str, Any]) -> Grid:
    """Returns what the manifest says of pictures. Raises ModelError when it does not say it."""
    try:
        numbers = {name: int(settings[name]) for name in Grid._fields}
        return Grid(**numbers)
    except (KeyError, TypeError, ValueError) as error:
        message = "The timbre net's manifest does not say what its pictures are"
        raise ModelError(message, _HINT, "bundle.bad_manifest") from error


def inputs_for(wish: Wish, key: int, settings: dict[str, Any], ctx: RenderContext) -> dict[str, NDArray[np.float32]]:
    """Returns the graph's inputs for one key of a wish. Raises ModelError for a kind that the bundle does not know."""
    kinds = str(settings.get("kinds", "")).split()
    unknown = {wish.kind, wish.other or wish.kind} - set(kinds)
    if unknown:
        raise ModelError(f"The timbre net knows no {sorted(unknown)[0]}", _HINT, "bundle.bad_manifest")
    size = int(settings["code"])
    grid = grid_from_settings(settings)
    rows = {}
    for name, kind in (("", wish.kind), ("other_", wish.other or wish.kind)):
        place = list(KINDS).index(kind) + (len(KINDS) if name and kind == wish.kind else 0)
        rows[name + "kind"] = np.eye(len(kinds), dtype=np.float32)[kinds.index(kind)][None]
        latent = ctx.engine.noise(wish.seed, _LATENT_STREAM, (0, place, size, 1))[0]
        rows[name + "latent"] = np.ascontiguousarray(latent)
    noise = ctx.engine.noise(wish.seed, _NOISE_STREAM, (0, 0, grid.frames, grid.bands))
    amount = wish.amount if wish.other else 0.0
    scalars = {"amount": amount, "key": float(key), "velocity": _VELOCITY}
    return rows | {name: np.array([[value]], np.float32) for name, value in scalars.items()} | {"noise": noise[None]}


def sound_from_picture(picture: Any, key: int, grid: Grid, wish: Wish) -> Sound:
    """Returns the sound of the graph's answer to a wish. Raises ModelError when it is no picture."""
    if not isinstance(picture, np.ndarray) or picture.shape != (1, 2, grid.bands, grid.frames):
        raise ModelError("The timbre net's graph does not draw pictures of notes", _HINT, "model.outputs")
    if not np.isfinite(picture).all():
        raise ModelError("The timbre net's picture is not made of numbers", _HINT, "model.outputs")
    partials = partials_from_picture(picture[0], key, grid)
    nearer = wish.other if wish.other and wish.amount > 0.5 else wish.kind
    spread_cents = _between("spread_cents", wish)
    return sound_from_partials(partials, grid, wish.seed, sustains=not KINDS[nearer].fades, spread_cents=spread_cents)


def key_from_sound(key: int, sound: Sound) -> Key:
    """Returns a note as 16-bit samples, all notes of one loudness where they are loudest, none clipped."""
    wave = sound.wave.astype(np.float64)
    window = round(_LOUDNESS_S * sound.rate_hz)
    energy = np.concatenate([[0.0], np.cumsum(wave**2)])
    loudest = float((energy[window:] - energy[:-window]).max()) / window
    gain = min(_LEVEL / max(loudest, 1e-18) ** 0.5, 0.98 / max(float(np.abs(wave).max()), 1e-9))
    samples = np.round(32767 * gain * wave).astype(np.int16)
    return Key(key, samples, sound.loop_start, sound.rate_hz, sound.decay_db_per_s)


def _between(name: str, wish: Wish) -> float:
    """Returns a number of a wish's kind, on the way to its other kind's."""
    own = float(getattr(KINDS[wish.kind], name))
    other = float(getattr(KINDS[wish.other], name)) if wish.other else own
    return own + (other - own) * wish.amount
