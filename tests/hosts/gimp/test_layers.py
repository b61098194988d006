"""A generator's picture as the layers that it is made of: a group that looks like the picture, in one undo step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.hosts.gimp.conftest import Workplace
from tests.hosts.gimp.tree import Gimp
from tests.hosts.harness import SUBJECT

SIZE = (320, 180)
OPTIONS = ["--width", "320", "--height", "180", "--style", "bokeh", "--seed", "4", "--text-area", "10,10,120,80"]
NAME = "Background (style bokeh, width 320, height 180, seed 4, text area 10,10,120,80, subject astronaut-cutout.webp)"

RUN = """
open_image = load(source) if source else None
values = {"style": "bokeh", "width": 320, "height": 180, "seed": 4, "text_area": "10,10,120,80",
          "subject": Gio.File.new_for_path(subject), "layers": True}
if open_image:
    if precision:
        open_image.convert_precision(getattr(Gimp.Precision, precision))
    open_image.clean_all()
    values["result"] = "new-layer"
back = call("scumble-background", open_image, [], **values)
group = Gimp.Layer.get_by_id(back["layer"])
image = group.get_image()
answer = {**back, **facts(image), "name": group.get_name(), "group": group.is_group(),
          "parts": [[part.get_name(), part.get_width(), part.get_height()] for part in group.get_children()],
          "file": save(group, out), "precision": image.get_precision().value_name}
image.delete()
"""


@pytest.mark.parametrize(
    ("mode", "precision"),
    [("", ""), ("RGB", ""), ("L", ""), ("RGB", "U16_PERCEPTUAL"), ("RGB", "U16_LINEAR"), ("RGB", "FLOAT_LINEAR")],
)
def test_the_layers_look_like_the_picture(gimp: Gimp, workplace: Workplace, mode: str, precision: str) -> None:
    source, out = str(workplace.photo("cat.jpg", mode)) if mode else "", workplace.folder / "out"
    back = gimp.run(RUN, source=source, subject=str(SUBJECT), out=str(out), precision=precision)
    assert back["status"] == "success", back
    assert back["group"]
    parts = [[name.partition(" #")[0], *size] for name, *size in back["parts"]]  # GIMP numbers names that are taken
    assert parts == [["Subject", *SIZE], ["Scrim", *SIZE], ["Background", *SIZE]]
    assert back["name"] == NAME
    assert len(back["layers"]) == (2 if mode else 1)
    assert back["precision"] == f"GIMP_PRECISION_{precision or 'U8_NON_LINEAR'}"
    wanted = workplace.reference("background", None, *OPTIONS, "--subject", str(SUBJECT))
    difference = np.frombuffer(Path(back["file"]).read_bytes(), np.uint8).astype(int)
    difference -= np.frombuffer(wanted, np.uint8)
    assert np.abs(difference).max() <= 1
    assert not list(workplace.home.worker_runtime.glob("layers-*"))
