r"""Reads the corpus and our own style engine into bars of words; held-out pieces are told apart by their names.

python -m scumble_export.composer.corpus music_permissive.tar.gz music_manifest.csv chord_progressions_mood.json \
    DATA.npz --engine 3000 --workers 2
"""

from __future__ import annotations

import argparse
import csv
import functools
import hashlib
import io
import json
import tarfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scumble.errors import MediaError
from scumble.music import MOODS, STYLES, Wishes, compose, score_from_midi
from scumble.music import vocabulary as v
from scumble.music.chance import Chance
from scumble.music.hearing import Heard, heard_from_score
from scumble.music.notation import numbers_from_measure
from scumble_export.composer.barlines import realigned
from scumble_export.composer.progressions import heard_from_progression

STYLE_OF = {"lieder": "song", "quartets": "quartet", "freedoom": "game", "drums": "pattern", "mutopia": "song"}
ENGINE_LICENCE = "Apache-2.0 (our own style engine)"
VOICES = ("chord", *v.PARTS)
"""The columns of a bar: its head with the chords, then each voice."""
_HELD_IN = 20
"""One piece of so many is held out."""


class Piece(NamedTuple):
    """Some bars: where they are from, their heading's words, and the words of each bar by column."""

    corpus: str
    name: str
    licence: str
    parts: tuple[str, ...]
    heading: tuple[int, ...]
    bars: tuple[tuple[tuple[int, ...], ...], ...]

    @property
    def held_out(self) -> bool:
        """True for a piece that is never learnt from; all parts of one file are on the same side."""
        return hashlib.sha256(self.name.encode()).digest()[0] % _HELD_IN == 0

    def numbers(self, parts: Iterable[str], first: int = 0, key: int | None = None) -> list[int]:
        """Returns the words with those voices only, from a bar on; `key` replaces the one in the heading.

        Tones count from the tonic, so that every transposition has the same words but for the key.
        """
        chosen = [part for part in v.PARTS if part in parts and part in self.parts]
        numbers = list(self.heading)
        numbers[v.PREFIX.index("parts")] = v.number("parts", sum(1 << v.PARTS.index(part) for part in chosen))
        if key is not None:
            numbers[v.PREFIX.index("key")] = v.number("key", key)
        columns = [0, *(VOICES.index(part) for part in chosen)]
        for bar in self.bars[first:]:
            for column in columns:
                numbers.extend(bar[column])
        return numbers


def piece_from_heard(heard: Heard, corpus: str, name: str, licence: str) -> Piece:
    """Returns the words of what was heard, by bar and voice."""
    bars = []
    for bar in heard.measures:
        whole = numbers_from_measure(bar, ())
        columns = [tuple(whole)]
        for part in v.PARTS:
            alone = numbers_from_measure(bar, (part,)) if part in heard.heading.parts else whole
            columns.append(tuple(alone[len(whole) :]))
        bars.append(tuple(columns))
    return Piece(corpus, name, licence, heard.heading.parts, tuple(heard.heading.numbers()), tuple(bars))


def pieces_from_midi(row: dict[str, str], content: bytes) -> list[Piece]:
    """Returns what can be notated of a file; nothing for one that is broken or has no whole quarters a bar."""
    above, _, below = row["time_sig"].partition("/")
    if below and int(above) * 4 % int(below):
        return []
    try:
        score = score_from_midi(content)
    except MediaError:
        return []
    heard = heard_from_score(realigned(score), STYLE_OF[row["corpus"]])
    return [piece_from_heard(one, row["corpus"], row["file"], row["licence"]) for one in heard]


def pieces_from_engine(seed: int, number: int) -> list[Piece]:
    """Returns the piece of that number that our own style engine writes, moods and styles in turn."""
    chance = Chance(seed).at("composer", number)
    mood = chance.choice(list(MOODS), "mood")
    style = list(STYLES)[number % len(STYLES)]
    score = compose(Wishes(chance.between(25, 75, "length"), style, mood), chance.integer(1 << 24, "seed"))
    heard = heard_from_score(score, style, mood, keyed=True)
    return [piece_from_heard(one, "engine", f"engine-{seed}-{number}", ENGINE_LICENCE) for one in heard]


def read_corpus(
    archive: Path, manifest: Path, progressions: Path, engine: int, workers: int, limit: int | None = None
) -> list[Piece]:
    """Returns every piece; `limit` takes so many files at most, for trying out."""
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = {row["file"]: row for row in csv.DictReader(stream) if row["corpus"] in STYLE_OF}
    names = sorted(rows, key=lambda name: hashlib.sha256(name.encode()).digest())[:limit]
    with tarfile.open(archive) as files:
        contents = {}
        for member in files:
            name = member.name.removeprefix("./")
            stored = files.extractfile(member) if name in rows else None
            if stored is not None:
                contents[name] = stored.read()
    names = [name for name in names if name in contents]
    pieces = [
        piece_from_heard(heard, "chords", f"chords-{number}", "MIT")
        for number, record in enumerate(json.loads(progressions.read_text("utf-8")))
        for heard in heard_from_progression(record)
    ]
    with ProcessPoolExecutor(workers) as pool:
        for found in pool.map(pieces_from_midi, map(rows.get, names), map(contents.get, names), chunksize=8):
            pieces.extend(found)
        for found in pool.map(functools.partial(pieces_from_engine, 1), range(engine), chunksize=8):
            pieces.extend(found)
    return pieces


def save_pieces(path: Path, pieces: list[Piece]) -> None:
    """Writes pieces as one file: all words in a row, how many each column has, and the rest as JSON."""
    words = np.array([n for piece in pieces for bar in piece.bars for column in bar for n in column], np.uint16)
    lengths = np.array([len(column) for piece in pieces for bar in piece.bars for column in bar], np.uint16)
    facts = [[piece.corpus, piece.name, piece.licence, piece.parts, piece.heading, len(piece.bars)] for piece in pieces]
    text = np.frombuffer(json.dumps({"vocabulary": v.fingerprint(), "pieces": facts}).encode(), np.uint8)
    with io.BytesIO() as buffer:
        np.savez_compressed(buffer, words=words, lengths=lengths, facts=text)
        path.write_bytes(buffer.getvalue())


def load_pieces(path: Path) -> list[Piece]:
    """Reads what `save_pieces` wrote. Raises SystemExit for words of another vocabulary."""
    with np.load(path) as stored:
        facts: dict[str, Any] = json.loads(stored["facts"].tobytes())
        words: NDArray[np.uint16] = stored["words"]
        ends = np.cumsum(stored["lengths"].astype(np.int64))
    if facts["vocabulary"] != v.fingerprint():
        raise SystemExit(f"{path} has another vocabulary: read the corpus again")
    flat = words.tolist()
    bounds = [0, *ends.tolist()]
    pieces, at = [], 0
    for corpus, name, licence, parts, heading, count in facts["pieces"]:
        bars = []
        for _ in range(count):
            bars.append(tuple(tuple(flat[bounds[at + place] : bounds[at + place + 1]]) for place in range(len(VOICES))))
            at += len(VOICES)
        pieces.append(Piece(corpus, name, licence, tuple(parts), tuple(heading), tuple(bars)))
    return pieces


def summary(pieces: list[Piece]) -> dict[str, dict[str, int]]:
    """Returns files, pieces, bars and words by corpus, and the words held out."""
    found: dict[str, Counter[str]] = {}
    for corpus in sorted({piece.corpus for piece in pieces}):
        own = [piece for piece in pieces if piece.corpus == corpus]
        words = {id(piece): len(piece.numbers(piece.parts)) for piece in own}
        found[corpus] = Counter(
            files=len({piece.name for piece in own}),
            pieces=len(own),
            bars=sum(len(piece.bars) for piece in own),
            words=sum(words.values()),
            words_held_out=sum(words[id(piece)] for piece in own if piece.held_out),
        )
    return {corpus: dict(counts) for corpus, counts in found.items()}


def main() -> None:
    """Reads and writes, and says how much there is."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("archive", type=Path)
    options.add_argument("manifest", type=Path)
    options.add_argument("progressions", type=Path)
    options.add_argument("data", type=Path, help="file to write")
    options.add_argument("--engine", type=int, default=3000, help="pieces of our own style engine")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--limit", type=int, help="so many MIDI files at most, for trying out")
    args = options.parse_args()
    pieces = read_corpus(args.archive, args.manifest, args.progressions, args.engine, args.workers, args.limit)
    save_pieces(args.data, pieces)
    print(json.dumps(summary(pieces), indent=1))


if __name__ == "__main__":
    main()
