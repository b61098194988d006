"""Which tracks of a bed an instrument of the timbre net plays, and what the record says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scumble.effects.music_bed.timbre.keymap import Wish, instrument_from_wish
from scumble.effects.music_bed.timbre.kinds import KINDS, voiced_tracks
from scumble.engine.sound import SoundFont, font_from_cache
from scumble.errors import ParamError

if TYPE_CHECKING:
    from scumble.effect import RenderContext
    from scumble.models.asset import Asset
    from scumble.music import Score

PRESET = (0, 0)
TIMBRES = tuple(KINDS)


class Voicing(NamedTuple):
    """Tracks that are played on a font of their own, and the sentences that say so; no tracks without a timbre."""

    tracks: tuple[str, ...] = ()
    font: SoundFont | None = None
    said: str = ""


def wish_from(timbre: str | None, seed: int, blend: str | None, amount: float) -> Wish | None:
    """Returns what the effect's parameters ask for. Raises ParamError for a blend with nothing."""
    if timbre is None:
        if blend is not None:
            raise ParamError(
                "There is no instrument to blend with",
                f"Choose a timbre too: {', '.join(TIMBRES)}.",
                "param.timbre_blend",
            )
        return None
    return Wish(timbre, seed, blend, amount if blend else 0.0)


def voicing_of(score: Score, wish: Wish | None, ctx: RenderContext) -> Voicing:
    """Makes the instrument that is wished for, or takes it from the cache. Raises as `instrument_from_wish`."""
    if wish is None:
        return Voicing()
    tracks = voiced_tracks(score, wish.kind)
    if not tracks:
        return Voicing()
    instrument = instrument_from_wish(wish, ctx)
    font = font_from_cache(instrument.sha256, instrument.content, [PRESET])
    return Voicing(tracks, font, _said(tracks, instrument.asset, instrument.sha256))


def _said(tracks: tuple[str, ...], asset: Asset, sha256: str) -> str:
    taught = "; ".join(f"{source.name} {source.version}, {source.licence}" for source in asset.manifest.licence.sources)
    return (
        f"\n\nThe instrument of {' and '.join(tracks)} is no recording: a neural network drew its single notes on this "
        f"computer, from a seed. It was taught with notes of openly licensed SoundFonts only ({taught}).\n\n"
        f"Timbre network, SHA-256: {asset.manifest.asset.sha256}\nDrawn instrument, SHA-256: {sha256}"
    )
