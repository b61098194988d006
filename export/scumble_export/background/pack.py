"""Cuts pictures into pieces with a style each and packs them for training, with the licence of every one.

python -m scumble_export.background.pack PICTURES.tar [MORE.tar] PACK.tar --features efficientnet-lite0-57934424.pth
    --licences manifest.csv [--only PREFIX ...]

The pack is a tar of `STYLE/PICTURE__NUMBER.jpg` and `contents.csv`; PACK.md beside it is the data card.
"""

from __future__ import annotations

import argparse
import csv
import io
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.signal import fftconvolve

from scumble_export.background.features import FeatureNet, vectors_of
from scumble_export.background.procedural import made_pictures
from scumble_export.background.styles import STYLES, Judge, Piece, examples
from scumble_export.data import files_in, is_held_out, pixels_from_bytes

Pixels = NDArray[np.uint8]

SIDE = 384
CONTENTS = "contents.csv"
MADE = "made"
MADE_LICENCE = "Apache-2.0 (made by scumble_export.background.procedural)"
_PIECE_SHARE, _SMALL_SHARE = 0.6, 0.72
_WIDE = 1.35
_SMALL = 256
_DEFOCUSED_EVERY = 8


def pieces_of(name: str, height: int, width: int) -> list[Piece]:
    """Lays squares over a picture: two rows of two or three, 60 % of the short side.

    A small picture gives two larger ones at its upper border, where the sky is.
    """
    small = min(height, width) < _SMALL
    side = int(min(height, width) * (_SMALL_SHARE if small else _PIECE_SHARE))
    columns = 3 if width >= _WIDE * height and not small else 2
    return [
        Piece(name, round(column * (width - side) / (columns - 1)), round(row * (height - side)), side)
        for row in range(1 if small else 2)
        for column in range(columns)
    ]


def cut(pixels: Pixels, piece: Piece) -> Pixels:
    """Returns the pixels of a piece, shrunk to 384 pixels a side if it is larger."""
    square = Image.fromarray(pixels[piece.top : piece.top + piece.side, piece.left : piece.left + piece.side])
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS) if piece.side > SIDE else square)


def defocused(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Blurs a piece as an open lens does: a disc, in linear light, with the highlights lifted."""
    radius = rng.uniform(0.035, 0.09) * len(pixels)
    reach = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(y, x), 0, 1)[..., None]
    light = (pixels / 255.0) ** 2.2
    light = light * (1 + 6 * np.clip(light.mean(-1, keepdims=True) - 0.5, 0, 1))
    padded = np.pad(light, ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    blurred = fftconvolve(padded, disc / disc.sum(), mode="valid", axes=(0, 1))
    return np.asarray(np.clip(blurred, 0, 1) ** (1 / 2.2) * 255 + 0.5, np.uint8)


class Packer:
    """Writes pieces into a tar and remembers what they are and where they come from."""

    def __init__(self, archive: tarfile.TarFile, licences: dict[str, str], quality: int = 90) -> None:
        self.archive, self.licences, self.quality = archive, licences, quality
        self.rows: list[dict[str, str]] = []
        self.numbers: Counter[str] = Counter()

    def _write(self, name: str, content: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        self.archive.addfile(entry, io.BytesIO(content))

    def add(self, style: str, picture: str, pixels: Pixels, made: bool = False) -> None:
        """Adds one piece; `picture` is the file it comes from."""
        stem = PurePosixPath(picture).stem
        name = f"{style}/{stem}__{self.numbers[stem]}.jpg"
        self.numbers[stem] += 1
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=self.quality)
        self._write(name, stream.getvalue())
        licence = MADE_LICENCE if made else self.licences.get(picture, "not stated")
        self.rows.append(
            {"file": name, "style": style, "picture": picture, "side": str(len(pixels)), "licence": licence}
            | {"held_out": str(int(is_held_out(stem)))}
        )

    def close(self) -> None:
        """Writes the table of contents as the archive's last entry."""
        stream = io.StringIO()
        table = csv.DictWriter(stream, list(self.rows[0]))
        table.writeheader()
        table.writerows(self.rows)
        self._write(CONTENTS, stream.getvalue().encode())


def contents_of(pack: Path) -> list[dict[str, str]]:
    """Reads a pack's table of contents: file, style, picture, side in pixels, licence, held_out (0 or 1)."""
    with tarfile.open(pack) as archive:
        stream = archive.extractfile(CONTENTS)
        assert stream is not None
        return list(csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8")))


def pictures(sources: list[Path], only: list[str]) -> Iterator[tuple[str, Pixels]]:
    """Yields name and pixels of the pictures of tars and folders; of `only` prefixes where the source has any."""
    for source in sources:
        for name, content in files_in(source):
            if not only or PurePosixPath(name).name.startswith(tuple(only)):
                yield name, pixels_from_bytes(content, None)


def card(rows: list[dict[str, str]]) -> str:
    """Returns the data card: pieces by style and by licence."""
    held_out = Counter(row["style"] for row in rows if row["held_out"] == "1")
    styles = Counter(row["style"] for row in rows)
    licences = Counter(row["licence"] for row in rows)
    pictures_of = {name: len({row["picture"] for row in rows if row["licence"] == name}) for name in licences}
    lines = ["# Background pieces", "", "Styles: votes of hand-checked examples in an ImageNet net, and rules on blur."]
    lines += ["", "| style | pieces | held out |", "|---|---:|---:|"]
    lines += [f"| {name} | {styles[name]} | {held_out[name]} |" for name in STYLES]
    lines += ["", "| pieces | pictures | terms as their source states them |", "|---:|---:|---|"]
    lines += [f"| {count} | {pictures_of[name]} | {name} |" for name, count in licences.most_common()]
    return "\n".join(lines) + "\n"


def judge_from(found: dict[str, Pixels], net: FeatureNet) -> Judge:
    """Returns the judge of styles from those of its examples whose pictures are there (by file name)."""
    known = [(style, piece) for style, piece in examples() if piece.picture in found]
    if not known:
        raise SystemExit("none of the hand-checked example pictures (prototypes.csv) is among the sources")
    squares = [torch.from_numpy(_square(cut(found[piece.picture], piece))) for _, piece in known]
    return Judge([style for style, _ in known], vectors_of(net, torch.stack(squares).permute(0, 3, 1, 2) / 255))


def _square(pixels: Pixels) -> Pixels:
    return np.array(Image.fromarray(pixels).resize((224, 224), Image.Resampling.LANCZOS))


def main() -> None:
    """Packs the sources; pictures without a clear style are left out."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sources", type=Path, nargs="+", help="folders or tars of pictures")
    options.add_argument("pack", type=Path, help="tar to write")
    options.add_argument("--features", type=Path, required=True, help="ImageNet weights of EfficientNet-Lite0")
    options.add_argument("--licences", type=Path, required=True, help="CSV with the columns file and licence")
    options.add_argument("--only", nargs="*", default=[], help="take files whose name begins so; default: all")
    options.add_argument("--made", type=int, default=280, help="procedural pictures to add")
    options.add_argument("--quality", type=int, default=90, help="of the JPEG files")
    options.add_argument("--threads", type=int, default=0, help="CPU threads; 0 takes all")
    args = options.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)

    net = FeatureNet(args.features)
    with args.licences.open(newline="", encoding="utf-8") as stream:
        licences = {row["file"]: row["licence"] for row in csv.DictReader(stream)}
    wanted = {piece.picture for _, piece in examples()}
    found = {
        PurePosixPath(name).name: pixels_from_bytes(content, None)
        for source in args.sources
        for name, content in files_in(source)
        if PurePosixPath(name).name in wanted
    }
    judge = judge_from(found, net)
    rng = np.random.default_rng(0)
    with tarfile.open(args.pack, "w") as archive:
        packer = Packer(archive, licences, args.quality)
        seen = 0
        for name, pixels in pictures(args.sources, args.only):
            squares = [cut(pixels, piece) for piece in pieces_of(name, *pixels.shape[:2])]
            views = torch.from_numpy(np.stack([_square(square) for square in squares])).permute(0, 3, 1, 2) / 255
            for shares, square in zip(judge.shares(vectors_of(net, views)), squares, strict=True):
                style = judge.style(shares, square)
                if style is not None:
                    packer.add(style, name, square)
                seen += 1
                if seen % _DEFOCUSED_EVERY == 0 and len(square) >= _SMALL:
                    packer.add("defocus", name, defocused(square, rng))
        for index, (style, square) in enumerate(made_pictures(args.made, SIDE)):
            packer.add(style, f"{MADE}_{index:04}", square, made=True)
        packer.close()
    args.pack.with_suffix(".md").write_text(card(packer.rows), encoding="utf-8")


if __name__ == "__main__":
    main()
