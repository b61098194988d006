"""The thumbnail example: under thirty lines, and a picture that a video site takes and a viewer can read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scumble import read_image
from scumble.media.arrays import array_from_image

EXAMPLE = Path(__file__).parents[2] / "examples" / "thumbnail.py"


def test_it_makes_a_whole_thumbnail(tmp_path: Path) -> None:
    assert len(EXAMPLE.read_text("utf-8").splitlines()) < 30
    subprocess.run([sys.executable, str(EXAMPLE), str(tmp_path / "thumb.jpg")], check=True, timeout=300)
    picture = read_image(tmp_path / "thumb.jpg")
    assert (picture.width, picture.height) == (1280, 720)
    assert (tmp_path / "thumb.jpg").stat().st_size <= 2_000_000
    seen = array_from_image(picture).astype(int)
    assert (seen[110:610, 70:630] > 245).all(-1).mean() > 0.08, "the title is there, in white"
    orange = (seen[..., 0] > 170) & (seen[..., 1] < 130) & (seen[..., 2] < 100)
    assert orange[300:, 640:].mean() > 0.1, "the subject is there, in her own colours"
    assert orange[:, :500].mean() < 0.01
