"""The kinds of instruments that the timbre net knows, and how each is played in a bed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from scumble.music import Score


class Kind(NamedTuple):
    """How a kind is played.

    How long it sounds on after its key is released, to 80 dB down; whether it fades while held; how far apart its
    players are, 0 where there is one.
    """

    release_s: float
    fades: bool
    spread_cents: float = 0.0


KINDS = {
    "piano": Kind(0.8, True),
    "keys": Kind(0.8, True),
    "mallet": Kind(2.5, True),
    "organ": Kind(0.25, False),
    "pluck": Kind(1.5, True),
    "strings": Kind(0.9, False, 8.0),
    "choir": Kind(1.0, False, 10.0),
    "brass": Kind(0.5, False),
    "reed": Kind(0.4, False),
    "flute": Kind(0.5, False),
    "lead": Kind(0.5, False),
    "pad": Kind(2.5, False, 9.0),
}


def voiced_tracks(score: Score, kind: str) -> tuple[str, ...]:
    """Returns the names of the tracks that such an instrument takes over.

    It is the melody's. With it come arpeggios, for what fades, or pads, for what sustains; where a score has none of
    these it takes the chords, so that it is heard in every bed.
    """
    roles = ("melody", "arpeggio") if KINDS[kind].fades else ("melody", "pad")
    found = tuple(track.name for track in score.tracks if track.role in roles and track.notes)
    return found or tuple(track.name for track in score.tracks if track.role == "chords")
