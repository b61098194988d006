"""Selections, layers of every sort and odd places, in a real Krita: what is meant is changed, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from tests.hosts.krita.conftest import Workplace, rgba_from_krita
from tests.hosts.krita.driver import Krita

CAT = (451, 300)


def opened(krita: Krita, workplace: Workplace, title: str = "Grade", then: str = "put('exposure_stops', 1.0)") -> bytes:
    """Opens the cat, chooses an effect, and returns the picture's pixels."""
    krita.run(f"open_picture({str(workplace.photo())!r}); choose({title!r}); {then}")
    return krita.layer(None)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 451, 300), (40, 30, 100, 80), (200, 100, 1, 1), (17, 0, 1, 300), (0, 299, 451, 1), (-20, -20, 50, 50)],
)
@pytest.mark.parametrize("title", ["Grade", "Colorize"])
def test_a_selection_limits_the_result(
    krita: Krita, workplace: Workplace, title: str, box: tuple[int, int, int, int]
) -> None:
    """Inside: the command line's pixels for the whole picture; outside: the very bytes of before."""
    before = rgba_from_krita(opened(krita, workplace, title, "pass"), *CAT)
    if title == "Grade":
        krita.run("put('exposure_stops', 1.0)")
    options = ["--exposure-stops", "1"] if title == "Grade" else []
    krita.run(f"select{box!r}")
    after = krita.apply()
    assert len(after["layers"]) == 2, after
    expected = workplace.reference(title.lower(), workplace.photo(), *options)
    x, y, width, height = box
    inside = np.zeros((300, 451), bool)
    inside[max(0, y) : y + height, max(0, x) : x + width] = True
    whole = rgba_from_krita(krita.layer(None), *CAT)
    np.testing.assert_array_equal(whole[inside], expected[inside])
    np.testing.assert_array_equal(whole[~inside], before[~inside])
    layer = rgba_from_krita(krita.layer(after["layers"][1]), *CAT)
    assert not layer[~inside].any()
    assert krita.undo()["layers"] == after["layers"][:1]


def test_a_soft_selection_mixes(krita: Krita, workplace: Workplace) -> None:
    before = rgba_from_krita(opened(krita, workplace), *CAT).astype(int)
    krita.run("select(100, 100, 50, 50, 128)")
    krita.apply()
    full = workplace.reference("grade", workplace.photo(), "--exposure-stops", "1").astype(int)
    got = rgba_from_krita(krita.layer(None), *CAT).astype(int)
    box = np.s_[100:150, 100:150, :3]
    assert np.abs(got[box] - (before[box] + (full[box] - before[box]) * 128 / 255)).max() <= 1.01
    assert np.abs(got - before)[:100].max() == 0


def test_a_selection_beside_the_picture_is_refused(krita: Krita, workplace: Workplace) -> None:
    before = opened(krita, workplace)
    krita.run("select(1000, 1000, 20, 20)")
    after = krita.apply()
    assert "selection holds no pixel" in after["message"]
    assert after["layers"] == after["layers"][:1]
    assert krita.layer(None) == before


def test_results_lie_on_their_source_and_start_from_it_again(krita: Krita, workplace: Workplace) -> None:
    """A second run, with the result active as Krita leaves it, starts from the source and lies on the first result."""
    opened(krita, workplace)
    bottom = krita.ask("state()")["layers"][0]
    krita.run("add_layer('Above')")
    krita.settled()
    krita.run(f"activate({bottom!r})")
    first = krita.apply()
    assert first["layers"] == [bottom, "Grade (exposure stops 1.0)", "Above"]
    krita.run("activate('Grade (exposure stops 1.0)'); put('exposure_stops', -1.0)")
    second = krita.apply()
    assert second["layers"] == [bottom, "Grade (exposure stops 1.0)", "Grade (exposure stops -1.0)", "Above"]
    expected = workplace.reference("grade", workplace.photo(), "--exposure-stops=-1")
    np.testing.assert_array_equal(rgba_from_krita(krita.layer("Grade (exposure stops -1.0)"), *CAT), expected)


def test_a_hidden_layer_can_be_the_source(krita: Krita, workplace: Workplace) -> None:
    opened(krita, workplace)
    krita.run("app.activeDocument().activeNode().setVisible(False)")
    after = krita.apply()
    expected = workplace.reference("grade", workplace.photo(), "--exposure-stops", "1")
    np.testing.assert_array_equal(rgba_from_krita(krita.layer(after["layers"][1]), *CAT), expected)


def test_an_empty_layer_is_refused(krita: Krita, workplace: Workplace) -> None:
    before = opened(krita, workplace)
    krita.run("add_layer('Void')")
    krita.settled()
    krita.run("activate('Void')")
    after = krita.apply()
    assert "The layer Void is empty" in after["message"]
    assert "Traceback" not in after["message"]
    assert len(after["layers"]) == 2
    assert krita.layer(None) == before


def test_a_group_is_what_it_shows(krita: Krita, workplace: Workplace) -> None:
    opened(krita, workplace)
    krita.run("group = add_layer('Group', 'grouplayer'); add_layer('Red', parent=group, color=(0, 0, 90, 255))")
    krita.settled()
    krita.run("activate('Group')")
    after = krita.apply()
    assert [entry if isinstance(entry, str) else entry[0] for entry in after["layers"]][1:] == [
        "Group",
        "Grade (exposure stops 1.0)",
    ]
    red = workplace.save("red.png", np.full((8, 8, 3), (90, 0, 0), np.uint8))
    expected = workplace.reference("grade", red, "--exposure-stops", "1")[0, 0]
    got = rgba_from_krita(krita.layer(after["layers"][2]), *CAT)
    assert (got == expected).all()


def test_a_hidden_group_is_refused_or_shown(krita: Krita, workplace: Workplace) -> None:
    """Krita does not draw hidden groups: whatever comes, it is no result made from nothing."""
    opened(krita, workplace)
    krita.run(
        "group = add_layer('Group', 'grouplayer'); group.setVisible(False);"
        "add_layer('Red', parent=group, color=(0, 0, 90, 255))"
    )
    krita.settled()
    krita.run("activate('Group')")
    after = krita.apply()
    if "is empty" in after["message"]:
        assert len(after["layers"]) == 2
    else:
        got = rgba_from_krita(krita.layer(after["layers"][2]), *CAT)
        assert (got[..., 3] == 255).all()


def test_a_vector_layer_is_what_it_shows(krita: Krita, workplace: Workplace) -> None:
    opened(krita, workplace)
    krita.run(
        """vector = app.activeDocument().createVectorLayer('Shapes')
app.activeDocument().rootNode().addChildNode(vector, None)
box = '<rect width="451" height="300" fill="#5a0000"/>'
vector.addShapesFromSvg('<svg width="451px" height="300px">' + box + '</svg>')"""
    )
    krita.settled()
    krita.run("activate('Shapes')")
    krita.run("shapes = app.activeDocument().nodeByName('Shapes')")
    krita.wait("bytes(shapes.projectionPixelData(5, 5, 1, 1))[3]")  # Krita draws them when it has time
    after = krita.apply()
    assert len(after["layers"]) == 3, after
    assert rgba_from_krita(krita.layer(after["layers"][2]), *CAT)[5, 5, 0] > 90


def test_a_filter_layer_is_refused(krita: Krita, workplace: Workplace) -> None:
    opened(krita, workplace)
    krita.run(
        "blur = app.activeDocument().createFilterLayer('Blur', app.filter('blur'), Selection());"
        "app.activeDocument().rootNode().addChildNode(blur, None)"
    )
    krita.settled()
    krita.run("activate('Blur')")
    after = krita.apply()
    assert "Blur is a filter layer" in after["message"]
    assert len(after["layers"]) == 2


def test_a_mask_stands_for_its_layer(krita: Krita, workplace: Workplace) -> None:
    opened(krita, workplace)
    krita.run(
        "mask = app.activeDocument().createNode('Mask', 'transparencymask');"
        "app.activeDocument().activeNode().addChildNode(mask, None)"
    )
    krita.settled()
    krita.run("activate('Mask')")
    after = krita.apply()
    assert after["layers"][1] == "Grade (exposure stops 1.0)"


def test_only_what_lies_within_the_picture_counts(krita: Krita, workplace: Workplace) -> None:
    """A layer that is moved partly out: the result covers what can be seen of it, at its place."""
    opened(krita, workplace)
    krita.run("app.activeDocument().activeNode().move(-100, 50); app.activeDocument().refreshProjection()")
    before = rgba_from_krita(krita.layer(krita.ask("state()")["layers"][0]), *CAT)
    after = krita.apply()
    got = rgba_from_krita(krita.layer(after["layers"][1]), *CAT)
    source = workplace.save("moved.png", np.ascontiguousarray(before))
    expected = workplace.reference("grade", source, "--exposure-stops", "1")
    np.testing.assert_array_equal(got[..., 3], before[..., 3])
    np.testing.assert_array_equal(got[got[..., 3] > 0], expected[got[..., 3] > 0])


def test_no_document_is_said_plainly(krita: Krita) -> None:
    krita.run("choose('Grade')")
    after = krita.apply()
    assert "There is no picture to work on" in after["message"]
    assert not after["waiting"]


def test_a_wrong_value_is_said_plainly(krita: Krita, workplace: Workplace) -> None:
    before = opened(krita, workplace, "Kinds", "put('tint', 'no colour')")
    after = krita.apply()
    assert "tint" in after["message"]
    assert "#rrggbb" in after["message"]
    assert krita.layer(None) == before
