"""Photographs for training: read from a folder or a tar, shrunk once, split by a hash of the name."""

from __future__ import annotations

import csv
import hashlib
import io
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
HELD_OUT_OF = 40
_GRAY_CHROMA = 3.0


def is_held_out(name: str) -> bool:
    """Tells one photograph in forty by its name, the same ones on every machine: they choose, never teach."""
    digest = hashlib.sha1(name.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big") % HELD_OUT_OF == 0


@dataclass(frozen=True)
class Photo:
    """One decoded photograph: its name in the source and its sRGB pixels, (H, W, 3)."""

    name: str
    pixels: Pixels

    @property
    def held_out(self) -> bool:
        """Returns whether it is held out of training."""
        return is_held_out(self.name)


def files_in(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yields name and bytes of each picture file of a folder or a tar, in order of name."""
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() in SUFFIXES:
                yield path.relative_to(source).as_posix(), path.read_bytes()
        return
    with tarfile.open(source) as archive:
        for member in sorted(archive.getmembers(), key=lambda entry: entry.name):
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None and PurePosixPath(member.name).suffix.lower() in SUFFIXES:
                yield member.name, stream.read()


def pixels_from_bytes(content: bytes, short_side: int | None) -> Pixels:
    """Decodes a picture to sRGB; one with a longer short side is shrunk to `short_side` pixels."""
    with Image.open(io.BytesIO(content)) as picture:
        image = picture.convert("RGB")
    if short_side and min(image.size) > short_side:
        scale = short_side / min(image.size)
        size = (round(image.width * scale), round(image.height * scale))
        image = image.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(image)


def is_colourful(pixels: Pixels) -> bool:
    """Tells a colour photograph from a gray one by the mean spread of its channels, in 8-bit codes."""
    small = pixels[::4, ::4].astype(np.int16)
    return float((small.max(-1) - small.min(-1)).mean()) > _GRAY_CHROMA


def load_photos(source: Path, short_side: int = 192, held_out_only: bool = False) -> list[Photo]:
    """Reads every colour photograph of `source`; gray ones would teach the net to leave things gray."""
    photos = (
        Photo(name, pixels_from_bytes(content, short_side))
        for name, content in files_in(source)
        if is_held_out(name) or not held_out_only
    )
    return [photo for photo in photos if is_colourful(photo.pixels)]


def licences_of(manifest: Path, names: set[str]) -> dict[str, int]:
    """Counts the pictures of each licence that a manifest (columns file, licence) states for `names`."""
    with manifest.open(newline="", encoding="utf-8") as stream:
        stated = {row["file"]: row["licence"] for row in csv.DictReader(stream)}
    return dict(Counter(stated.get(name, "not stated") for name in sorted(names)).most_common())
