"""Parameters that are words: yes or no, a choice, free text, a file's path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scumble.params.base import ParamBase

_TRUE = frozenset(["true", "yes", "on", "1"])
_FALSE = frozenset(["false", "no", "off", "0"])


@dataclass(frozen=True)
class BoolParam(ParamBase):
    """Yes or no."""

    kind = "bool"
    annotations = ("bool",)

    default: bool | None

    def _allowed(self) -> str:
        return "true or false"

    def _checked(self, value: Any) -> bool:
        if not isinstance(value, bool):
            self.refuse(value)
        return value

    def _parsed(self, text: str) -> bool:
        word = text.strip().lower()
        if word not in _TRUE | _FALSE:
            self.refuse(text)
        return word in _TRUE

    def _text(self, value: bool) -> str:
        return "true" if value else "false"


@dataclass(frozen=True)
class ChoiceParam(ParamBase):
    """One word out of ``choices``."""

    kind = "choice"
    annotations = ("str", "Literal")

    default: str | None
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))
        words = {choice.strip() for choice in self.choices} - {""}
        if not words or words != set(self.choices) or len(words) != len(self.choices):
            raise TypeError(f"a Choice needs distinct words without spaces around them, not {self.choices!r}")
        super().__post_init__()

    def _allowed(self) -> str:
        return "one of " + ", ".join(self.choices)

    def _checked(self, value: Any) -> str:
        if not isinstance(value, str):
            self.refuse(value)
        if value not in self.choices:
            self.refuse(value, "param.choice")
        return value


@dataclass(frozen=True)
class TextParam(ParamBase):
    """Free text of at most ``max_length`` characters, without control characters but for line breaks and tabs."""

    kind = "text"
    annotations = ("str",)

    default: str | None = ""
    max_length: int = 1000

    def _allowed(self) -> str:
        return f"text of at most {self.max_length} characters"

    def _checked(self, value: Any) -> str:
        if not isinstance(value, str) or any(ord(mark) < 32 and mark not in "\n\t" for mark in value):
            self.refuse(value)
        if len(value) > self.max_length:
            self.refuse(value, "param.range")
        return value

    def _parsed(self, text: str) -> str:
        return text


@dataclass(frozen=True)
class FileParam(ParamBase):
    """A file beside the clips, read or written by the effect; whether it exists is the effect's business.

    ``role`` is "read", "write", "folder": one to write files into, or "layers": a folder for the layers that the
    effect's picture is made of, 1-NAME.png the lowest, all of the picture's size; hosts that have layers make such of
    them. ``suffixes`` lists the endings allowed (".mid"), all when empty. What is written is an extra: asking for it
    never changes the effect's output.
    """

    kind = "file"
    annotations = ("Path",)

    default: Path | str | None = None
    role: str = "read"
    suffixes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.role not in ("read", "write", "folder", "layers"):
            raise TypeError(f"a File's role is read, write, folder or layers, not {self.role!r}")
        object.__setattr__(self, "suffixes", tuple(suffix.lower() for suffix in self.suffixes))
        super().__post_init__()

    @property
    def writes(self) -> bool:
        """Whether something is written there."""
        return self.role != "read"

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder that several files are written into."""
        return self.role in ("folder", "layers")

    def _allowed(self) -> str:
        ending = " ending in " + ", ".join(self.suffixes) if self.suffixes else ""
        if self.is_folder:
            return "the path of a folder to write into"
        return f"the path of a file to {self.role}{ending}"

    def _checked(self, value: Any) -> Path:
        if not isinstance(value, (str, Path)) or not str(value).strip() or "\0" in str(value):
            self.refuse(value)
        if self.suffixes and not str(value).lower().endswith(self.suffixes):
            self.refuse(str(value), "param.suffix")
        return Path(value)

    def _parsed(self, text: str) -> str:
        return text

    def _to_json(self, value: Path) -> str:
        return str(value)
