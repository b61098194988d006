"""Selections, offsets, alpha, precision, colour spaces and odd layers: what a document has is respected or kept."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture
from tests.hosts.gimp.conftest import Workplace
from tests.hosts.gimp.tree import Gimp

SELECTED = """
image = load(source)
layer = image.get_layers()[0]
before = pixels(layer)
exec(prepare)
mask = selected(image)
Path(out + ".mask").write_bytes(mask)
back = call(procedure, image, [layer], **values)
result = Gimp.Layer.get_by_id(back["layer"]) if back["layer"] else layer
save(result, out)
Path(out + ".before").write_bytes(before)
answer = {**back, **facts(image), "selection_kept": selected(image) == mask, "channels": len(image.get_channels()),
          "chosen": [item.get_name() for item in image.get_selected_layers()]}
image.delete()
"""
SELECTIONS = {
    "one pixel": "image.select_rectangle(Gimp.ChannelOps.REPLACE, 200, 150, 1, 1)",
    "one column": "image.select_rectangle(Gimp.ChannelOps.REPLACE, 17, 0, 1, image.get_height())",
    "feathered": "image.select_ellipse(Gimp.ChannelOps.REPLACE, 90, 40, 200, 180); Gimp.Selection.feather(image, 30)",
}


@pytest.mark.parametrize("in_place", [False, True], ids=["new layer", "in place"])
@pytest.mark.parametrize("prepare", SELECTIONS.values(), ids=SELECTIONS)
def test_outside_a_selection_every_bit_stays_and_inside_it_is_the_command_lines(
    gimp: Gimp, workplace: Workplace, prepare: str, in_place: bool
) -> None:
    source, out = workplace.photo("cat.jpg"), workplace.folder / "out"
    values = {"result": "in-place"} if in_place else {}
    back = gimp.run(
        SELECTED, source=str(source), prepare=prepare, procedure="scumble-colorize", values=values, out=str(out)
    )
    assert back["status"] == "success", back
    made, before, mask = (Path(f"{out}{end}").read_bytes() for end in ("", ".before", ".mask"))
    assert any(mask)
    assert back["selection_kept"]
    assert back["channels"] == 0
    changed = [made[3 * i : 3 * i + 3] != before[3 * i : 3 * i + 3] for i in range(len(mask))]
    assert any(changed)
    assert not any(itertools.compress(changed, (not value for value in mask)))
    with Picture.open(source) as picture:
        Picture.frombytes("L", picture.size, mask).save(workplace.folder / "mask.png")
    assert made == workplace.reference("colorize", source, "--mask", str(workplace.folder / "mask.png"))


def test_a_selection_beside_the_layer_is_refused_in_words(gimp: Gimp, workplace: Workplace) -> None:
    prepare = "layer.set_offsets(300, 0); image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 20, 20)"
    back = gimp.run(
        SELECTED,
        source=str(workplace.photo("cat.jpg")),
        prepare=prepare,
        procedure="scumble-kinds",
        values={},
        out=str(workplace.folder / "out"),
    )
    assert back["status"] == "execution-error"
    assert "selection does not touch the layer" in back["error"]
    assert "Traceback" not in back["error"]
    assert len(back["layers"]) == 1


def test_offsets_alpha_and_a_selection_go_together(gimp: Gimp) -> None:
    code = """
image = Gimp.Image.new(100, 80, Gimp.ImageBaseType.RGB)
data = bytes((x * 5 + y * 3 + c * 40) % 256 if c < 3 else (255 * x) // 59 for y in range(40) for x in range(60)
             for c in range(4))
layer = filled(image, "moved", (60, 40), Gimp.ImageType.RGBA_IMAGE, RGBA, data)
layer.set_offsets(-10, 50)
image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 60, 20, 5)
back = call("scumble-kinds", image, [layer])
made = Gimp.Layer.get_by_id(back["layer"])
one = pixels(made, RGBA)
wrong = []
for y in range(40):
    for x in range(60):
        old, new = data[4 * (60 * y + x):][:4], one[4 * (60 * y + x):][:4]
        inside = 10 <= x < 30 and 10 <= y < 15
        wanted = bytes(255 - v for v in old[:3]) + old[3:] if inside else old
        if new != wanted:
            wrong.append([x, y, list(new), list(wanted)])
answer = {**back, **facts(image), "wrong": wrong[:3]}
image.delete()
"""
    back = gimp.run(code)
    assert back["status"] == "success", back
    assert back["layers"][0] == ["Kinds", -10, 50, "rgba-image"]
    assert back["wrong"] == []


PRECISIONS = [
    f"{sample}_{curve}"
    for sample in ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE")
    for curve in ("LINEAR", "NON_LINEAR", "PERCEPTUAL")
]


WIDE = ["U8_NON_LINEAR", "U16_PERCEPTUAL", "HALF_NON_LINEAR", "FLOAT_LINEAR"]


@pytest.mark.parametrize(
    ("precision", "space"), [*((name, "srgb") for name in PRECISIONS), *((name, "adobe") for name in WIDE)]
)
def test_every_precision_is_kept_and_no_bit_is_lost_outside(gimp: Gimp, precision: str, space: str) -> None:
    code = """
import array
kind = getattr(Gimp.Precision, precision)
image = Gimp.Image.new_with_precision(96, 8, Gimp.ImageBaseType.RGB, kind)
if space == "adobe":
    image.set_color_profile(Gimp.ColorProfile.new_rgb_adobe())
data = array.array("f", (((x * 37 + y * 11 + c * 5) % 97) / 96 for y in range(8) for x in range(96) for c in range(4)))
layer = filled(image, "picture", (96, 8), Gimp.ImageType.RGBA_IMAGE, "R'G'B'A float", data.tobytes())
before, floats = pixels(layer, None), array.array("f", pixels(layer, "R'G'B'A float"))
light = array.array("f", pixels(layer, "RGBA float"))
image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 0, 40, 8)
mask = selected(image)
back = call("scumble-kinds", image, [layer])
made = Gimp.Layer.get_by_id(back["layer"])
after = pixels(made, None)
size = len(before) // (96 * 8)
outside = all(before[i * size:][:size] == after[i * size:][:size] for i in range(96 * 8) if not mask[i])
linear = "LINEAR" in precision and "NON" not in precision
own, turned = (light, array.array("f", pixels(made, "RGBA float"))) if linear else (
    floats, array.array("f", pixels(made, "R'G'B'A float")))
off = max(abs(1 - own[4 * i + c] - turned[4 * i + c]) for i in range(96 * 8) if mask[i] == 255 for c in range(3))
answer = {**back, "outside": outside, "off": off, "precision": image.get_precision().value_name,
          "full": mask.count(255), "empty": mask.count(0), "same_format": size == len(after) // (96 * 8),
          "profile": image.get_effective_color_profile().get_label()}
image.delete()
"""
    back = gimp.run(code, precision=precision, space=space)
    assert back["status"] == "success", back
    assert back["full"] > 100
    assert back["empty"] > 100
    assert back["outside"], "pixels that are not selected changed"
    assert back["precision"] == f"GIMP_PRECISION_{precision}"
    assert back["same_format"]
    step = {"U8": 1.5 / 255, "HALF": 2e-3}.get(precision.partition("_")[0], 1e-4)
    if precision == "U8_LINEAR" or space == "adobe":  # turned colours that the space cannot hold are clipped by GIMP
        step = max(step, 1.0 if space == "adobe" and precision[0] == "U" else 0.02)
    assert back["off"] <= step, "inverted colours are wrong"


ODD = {
    "gray": ("image.convert_grayscale()", "rgb"),
    "indexed": (
        "image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 17, False, False, '')",
        "rgb",
    ),
}


@pytest.mark.parametrize("in_place", [False, True], ids=["new layer", "in place"])
@pytest.mark.parametrize("kind", ODD)
def test_a_gray_or_indexed_document_becomes_rgb_and_gets_colour(
    gimp: Gimp, workplace: Workplace, kind: str, in_place: bool
) -> None:
    prepare, base = ODD[kind]
    code = SELECTED.replace(
        "exec(prepare)", """exec(prepare); before = pixels(layer, "Y' u8" if layer.is_gray() else RGB)"""
    )
    values: dict[str, Any] = {"result": "in-place"} if in_place else {}
    out = workplace.folder / "out"
    source = workplace.photo("rocket.jpg")
    back = gimp.run(
        code, source=str(source), prepare=prepare, procedure="scumble-colorize", values=values, out=str(out)
    )
    assert back["status"] == "success", back
    assert back["base"] == base
    with Picture.open(source) as picture:
        mode = "L" if kind == "gray" else "RGB"
        plain = Picture.frombytes(mode, picture.size, Path(f"{out}.before").read_bytes())
    plain.save(workplace.folder / "plain.png")
    assert out.read_bytes() == workplace.reference("colorize", workplace.folder / "plain.png")


def test_hidden_empty_and_group_layers(gimp: Gimp) -> None:
    code = """
answer = {}
image = Gimp.Image.new(40, 30, Gimp.ImageBaseType.RGB)
grey = bytes([90, 100, 110, 255]) * (40 * 30)
layer = filled(image, "hidden", (40, 30), Gimp.ImageType.RGBA_IMAGE, RGBA, grey)
layer.set_visible(False)
answer["hidden"] = call("scumble-kinds", image, [layer])
made = Gimp.Layer.get_by_id(answer["hidden"]["layer"])
answer["hidden pixels"] = [made.get_visible(), layer.get_visible(), list(pixels(made, RGBA)[:4])]
empty = filled(image, "empty", (40, 30), Gimp.ImageType.RGBA_IMAGE, RGBA, bytes(40 * 30 * 4))
answer["empty"] = call("scumble-colorize", image, [empty])
answer["empty pixels"] = any(pixels(Gimp.Layer.get_by_id(answer["empty"]["layer"]), "A u8"))
group = Gimp.GroupLayer.new(image)
group.set_name("group")
image.insert_layer(group, None, 0)
inner = filled(image, "inner", (20, 10), Gimp.ImageType.RGBA_IMAGE, RGBA, bytes([1, 2, 3, 255]) * 200)
inner.set_offsets(7, 9)
image.reorder_item(inner, group, 0)
answer["in place"] = call("scumble-kinds", image, [group], result="in-place")
answer["group"] = call("scumble-kinds", image, [group])
made = Gimp.Layer.get_by_id(answer["group"]["layer"])
answer["group pixels"] = [made.get_width(), made.get_height(), *made.get_offsets()[1:], list(pixels(made, RGBA)[:4])]
answer["in group"] = call("scumble-kinds", image, [inner])
answer["parent"] = Gimp.Layer.get_by_id(answer["in group"]["layer"]).get_parent().get_name()
inner.set_lock_content(True)
answer["locked"] = call("scumble-kinds", image, [inner], result="in-place")
mask = layer.create_mask(Gimp.AddMaskType.WHITE)
layer.add_mask(mask)
answer["mask"] = call("scumble-kinds", image, [mask])
answer["two"] = call("scumble-kinds", image, [layer, inner])
answer["none"] = call("scumble-kinds", image, [])
image.delete()
"""
    back = gimp.run(code)
    assert back["hidden"]["status"] == back["empty"]["status"] == back["group"]["status"] == "success", back
    assert back["hidden pixels"] == [True, False, [165, 155, 145, 255]]
    assert back["empty pixels"] is False
    assert back["group pixels"] == [20, 10, 7, 9, [254, 253, 252, 255]]
    assert back["parent"] == "group"
    for case, words in {
        "in place": "A group has no pixels of its own",
        "locked": "pixels are locked",
        "mask": "not on masks",
        "two": "one layer at a time",
        "none": "one layer at a time",
    }.items():
        assert back[case]["status"] == "execution-error", case
        assert words in back[case]["error"], case
        assert "Traceback" not in back[case]["error"]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 97), (131, 1)])
def test_documents_of_one_pixel_row_or_column(gimp: Gimp, width: int, height: int) -> None:
    code = """
image = Gimp.Image.new(width, height, Gimp.ImageBaseType.RGB)
data = bytes((7 * i) % 256 for i in range(3 * width * height))
layer = filled(image, "thin", (width, height), Gimp.ImageType.RGB_IMAGE, RGB, data)
turned, coloured = call("scumble-kinds", image, [layer]), call("scumble-colorize", image, [layer])
made = Gimp.Layer.get_by_id(turned["layer"])
answer = [turned["status"], coloured["status"], pixels(made) == bytes(255 - value for value in data)]
image.delete()
"""
    assert gimp.run(code, width=width, height=height) == ["success", "success", True]
