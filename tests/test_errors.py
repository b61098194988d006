"""The error tree: one root, stable codes and exit codes, and the drawing in the docstring is the tree."""

from __future__ import annotations

import pickle
import re

import pytest

from scumble import errors


def tree(root: type[errors.ScumbleError]) -> list[type[errors.ScumbleError]]:
    """The classes of scumble.errors; other rooms may derive their own."""
    children = (child for child in root.__subclasses__() if child.__module__ == errors.__name__)
    return [root, *(cls for child in children for cls in tree(child))]


CLASSES = tree(errors.ScumbleError)
FAMILIES: list[type[errors.ScumbleError]] = [errors.ScumbleError, *errors.ScumbleError.__subclasses__()]


def test_the_docstring_draws_the_tree() -> None:
    drawn = re.findall(r"^ +[│├└─ ]*([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    assert sorted(drawn) == sorted(cls.__name__ for cls in CLASSES) == sorted(errors.__all__)


@pytest.mark.parametrize("cls", CLASSES)
def test_exit_codes_are_those_drawn(cls: type[errors.ScumbleError]) -> None:
    family = next(family for family in reversed(FAMILIES) if issubclass(cls, family))
    drawn = re.search(rf"{family.__name__} +exit (\d+)", errors.__doc__ or "")
    assert drawn is not None
    assert cls.exit_code == int(drawn[1])


def test_families_have_distinct_codes() -> None:
    assert len({cls.exit_code for cls in FAMILIES}) == len(FAMILIES)
    assert len({cls.default_code for cls in CLASSES}) == len(CLASSES)


def test_an_error_is_made_by_position_or_by_name() -> None:
    plain = errors.MediaError("the file ends early")
    full = errors.MediaError("the file ends early", "copy it again", "media.truncated")
    assert plain.as_dict() == {"code": "media", "message": "the file ends early", "hint": ""}
    assert str(plain) == "the file ends early"
    assert full.as_dict() == {"code": "media.truncated", "message": "the file ends early", "hint": "copy it again"}
    assert str(full) == "the file ends early\nhint: copy it again"


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_survives_pickling(cls: type[errors.ScumbleError]) -> None:
    error = cls("message", "hint", "some.code")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    assert type(again) is cls
    assert again.as_dict() == error.as_dict()
