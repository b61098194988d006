"""How a bed was made, in plain words: to be sent with an answer to a mistaken copyright claim."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from scumble.provenance import sha256_of_file

if TYPE_CHECKING:
    from scumble.models.asset import Asset
    from scumble.music import Score


def statement(
    score: Score,
    midi: bytes,
    instruments: Asset | None,
    font_sha256: str,
    composer: Asset | None = None,
    mixed_with: Path | None = None,
) -> str:
    """Returns the statement.

    `instruments` is None for a SoundFont of the user's own, `composer` without a net; `mixed_with` is the sound that
    the file holds besides the music.
    """
    if instruments is not None:
        sources = "; ".join(
            f"{source.name} {source.version}, licence {source.licence}, by {source.authors}"
            for source in instruments.manifest.licence.sources
        )
        played = f"single notes of instruments from an openly licensed collection ({sources})"
    else:
        played = "single notes of instruments from a SoundFont that the user chose, whose terms the user knows"
    if composer is None:
        written = (
            "Its notes were written by the program's own rules for form, harmony, melody and rhythm and by random "
            "numbers drawn from the seed. No recording, no loop and no part of an existing composition went into it. "
        )
    else:
        taught = "; ".join(f"{source.name}, {source.licence}" for source in composer.manifest.licence.sources)
        written = (
            "Its form was laid out by the program's own rules; notes were drawn, with random numbers from the seed, "
            "from the probabilities of a neural network, and the rest is by rule. The network ran on this computer. It "
            f"was taught with openly licensed scores only ({taught}). No recording and no loop went into it. "
        )
    other = ""
    if mixed_with is not None:
        other = (
            f"The file holds this music and the sound of {mixed_with.name} (SHA-256 {sha256_of_file(mixed_with)}), "
            "mixed together. That sound is the user's; nothing is stated of it here.\n\n"
        )
    return (
        f"This music was composed and rendered by a computer program, Scumble {version('scumble')} (effect music-bed, "
        f"style {score.style}, seed {score.seed}), for the person who publishes it.\n\n"
        f"{written}"
        f"It was played on {played}.\n\n"
        f"{other}"
        "This can be verified: from the record beside the file (its name ends in .scumble.json) the same version of "
        "the program makes the same file again, byte for byte. Another piece of music that sounds like it is no "
        "source of it.\n\n"
        f"Notes, as a MIDI file, SHA-256: {hashlib.sha256(midi).hexdigest()}\n"
        f"Instruments, SHA-256: {font_sha256}"
        + ("" if composer is None else f"\nNetwork, SHA-256: {composer.manifest.asset.sha256}")
    )
