"""What needs processes of their own: whether bytes come out the same, the thumbnail's file, time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.figures import Figure, figure
from scumble import read_image

ROOT = Path(__file__).resolve().parents[2]
SMALL_PX, LARGE_PX = (1280, 720), (8192, 8192)
_WORKERS = (1, 2, 3)


def _printed(*words: str) -> str:
    return subprocess.run((sys.executable, *words), cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _child(*words: object) -> Any:
    return json.loads(_printed("-m", "benchmarks.background.child", *map(str, words)))


class ByteScores(NamedTuple):
    """How many pictures had the same bytes everywhere, of how many; and how many of these differ among each other."""

    same: int
    pictures: int
    distinct: int


def byte_scores(style: str) -> ByteScores:
    """Draws the child's cases in a process for each number of threads."""
    rows = list(zip(*(_child("hashes", style, workers) for workers in _WORKERS), strict=True))
    return ByteScores(sum(len(set(row)) == 1 for row in rows), len(rows), len({row[0] for row in rows}))


class FileScores(NamedTuple):
    """The thumbnails of a style: the largest file in bytes, all sizes seen, and how many came out the same twice."""

    most_bytes: int
    sizes_px: set[tuple[int, int]]
    same: int
    files: int


def thumbnail_scores(style: str, seeds: Sequence[int]) -> FileScores:
    """Writes each thumbnail twice by the command line, a process each, as PNG and JPEG."""
    sizes, most, same, files = set(), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            for suffix in ("png", "jpg"):
                twice = [Path(folder) / f"{turn}-{seed}.{suffix}" for turn in (1, 2)]
                for path in twice:
                    _printed(
                        "-m", "scumble", "background", str(path), "--thumbnail", f"--style={style}", f"--seed={seed}"
                    )
                made = read_image(twice[0])
                sizes.add((made.width, made.height))
                most = max(most, twice[0].stat().st_size)
                same += twice[0].read_bytes() == twice[1].read_bytes()
                files += 1
    return FileScores(most, sizes, same, files)


class Cost(NamedTuple):
    """A whole process, from its start to its end; the drawing in it; its processor time and peak memory, medians."""

    process_s: Figure
    drawing_s: Figure
    cpu_s: Figure
    peak_mib: Figure
    least_s: float
    """Of the whole process: what it takes when nothing else has the machine, or nearly so."""


def cost_scores(style: str, size_px: tuple[int, int], repeats: int) -> Cost:
    """Draws a picture in a fresh process, `repeats` times."""
    runs = []
    for _ in range(repeats):
        began = time.perf_counter()
        told = _child("cost", style, *size_px)
        runs.append((time.perf_counter() - began, told["seconds"], told["cpu_seconds"], told["mib"]))
    columns = np.array(runs).T
    process, drawing, cpu, peak = (figure(column, lambda some: float(np.median(some))) for column in columns)
    return Cost(process, drawing, cpu, peak, float(columns[0].min()))
