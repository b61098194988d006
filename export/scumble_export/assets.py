"""Writes a bundle of one file that is used as it is: file, manifest.toml, LICENCE, whole or not at all."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import tomli_w

from scumble_export.bundle import BundleError


class Source(NamedTuple):
    """Where something was taken from: a package or file, its version, its hash, its terms, who made it."""

    name: str
    version: str
    sha256: str
    licence: str
    authors: str


def sha256_of(path: Path) -> str:
    """Returns a file's SHA-256 in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_asset(
    folder: Path,
    content: bytes,
    *,
    facts: dict[str, Any],
    licence: str,
    licence_text: str,
    sources: list[Source],
    largest_mb: int,
    card: str = "",
) -> None:
    """Puts a bundle into `folder`, replacing an older one; `facts` is the manifest but for hash and licence.

    `card` is the text of CARD.md, for a model that was trained here.

    Raises BundleError without licence or sources, and for a file that is too large.
    """
    if not licence or not licence_text.strip() or not sources:
        raise BundleError("no licence or no sources: no bundle")
    if len(content) > largest_mb * 1_000_000:
        raise BundleError(f"{len(content) / 1e6:.1f} MB are more than {largest_mb}")
    asset = facts["asset"] | {"sha256": hashlib.sha256(content).hexdigest()}
    terms = {"name": licence, "sources": [source._asdict() for source in sources]}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        fresh = Path(scratch) / "bundle"
        fresh.mkdir()
        (fresh / asset["file"]).write_bytes(content)
        (fresh / "manifest.toml").write_text(tomli_w.dumps(facts | {"asset": asset, "licence": terms}), "utf-8")
        (fresh / "LICENCE").write_text(licence_text, "utf-8")
        if card:
            (fresh / "CARD.md").write_text(card, "utf-8")
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        fresh.rename(folder)
