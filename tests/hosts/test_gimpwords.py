"""GIMP's words, without GIMP: names that it takes, and which numbers of a drawable are taken as they are."""

from __future__ import annotations

import pytest

from scumble.hosts.gimpwords import UNSET, Facts, argument_names, choice_words, label_of, procedure_name
from scumble.media.image import ColorModel, SampleType, Transfer
from scumble.params import ChoiceParam, TextParam


def text(name: str) -> TextParam:
    return TextParam("", "", "", name)


def test_names_are_letters_digits_and_dashes_and_none_is_there_twice() -> None:
    params = [text(name) for name in ("blend_amount", "Größe", "2nd", "result", "a_b", "a-b")]
    assert list(argument_names(params)) == ["blend-amount", "gr-e", "value-3", "value-4", "a-b", "value-6"]
    assert [param.name for param in argument_names(params).values()] == [param.name for param in params]
    assert procedure_name("colorize") == "scumble-colorize"
    assert procedure_name("My_Effect", "hints", "layer") == "scumble-my-effect-hints-layer"


def test_underscores_are_no_keys_of_the_menu() -> None:
    assert label_of("a_b") == "a__b"


def test_a_choice_that_may_be_none_has_a_word_for_it() -> None:
    words = {"low_poly": "Low poly", "sky": "Sky"}
    assert choice_words(ChoiceParam("sky", "", "", "style", choices=("low_poly", "sky"))) == words
    optional = ChoiceParam(None, "", "", "style", choices=("low_poly", "sky"))
    assert choice_words(optional) == {UNSET: "—", **words}


@pytest.mark.parametrize(
    ("model", "encoding", "space", "sample", "transfer", "name", "exact"),
    [
        ("RGB", "R'G'B' u8", "sRGB", "U8", "SRGB", "R'G'B' u8", True),
        ("RGBA", "R~G~B~A u16", "sRGB", "U16", "SRGB", "R~G~B~A u16", True),
        ("RGB", "RGB half", "sRGB", "F16", "LINEAR", "RGB half", True),
        ("GRAY", "Y float", "sRGB", "F32", "LINEAR", "Y float", True),
        ("RGB", "RGB u16", "sRGB", "F32", "LINEAR", "RGB float", False),
        ("RGB", "R'G'B' double", "sRGB", "F32", "SRGB", "R'G'B' float", False),
        ("GRAY_ALPHA", "Y'A u8", "Adobe", "F32", "SRGB", "Y'A float", False),
    ],
)
def test_pixels_are_taken_as_they_are_where_no_bit_is_lost(
    model: str, encoding: str, space: str, sample: str, transfer: str, name: str, exact: bool
) -> None:
    facts = Facts.of(ColorModel[model], encoding, space)
    assert (facts.sample, facts.transfer) == (SampleType[sample], Transfer[transfer])
    assert (facts.format, facts.exact) == (name, exact)
