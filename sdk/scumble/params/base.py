"""What every kind of parameter shares: a name, words for people, a default and four verbs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from scumble.errors import ParamError


@dataclass(frozen=True)
class ParamBase(ABC):
    """What all kinds share.

    Attributes:
        default: the value when nothing is said; None makes the parameter optional.
        doc: one sentence for tooltips, ``--help`` and the reference; says what the ends of the range mean.
        title: label for dialogs; the name with spaces when empty.
        name: Python identifier, filled in by the effect that declares it.
    """

    kind: ClassVar[str]
    annotations: ClassVar[tuple[str, ...]]  # how a class body may annotate this kind, optional part left out

    default: Any
    doc: str = ""
    title: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        """Bring the default into its normal form; a declaration whose default is refused is refused too."""
        object.__setattr__(self, "default", self.check(self.default))

    @property
    def optional(self) -> bool:
        """Whether None is a value of this parameter."""
        return self.default is None

    def check(self, value: object) -> Any:
        """Return the value in its normal form; raises `ParamError` naming the parameter and what it allows."""
        unset = value is None or (isinstance(value, (str, list, tuple)) and not value)
        return None if unset and self.optional else self._checked(value)

    def parse(self, text: str) -> Any:
        """Return the value written as ``text``; raises `ParamError`."""
        return None if self.optional and not text else self.check(self._parsed(text))

    def text(self, value: Any) -> str:
        """Return ``value`` as the text that `parse` reads back."""
        return "" if value is None else self._text(self.check(value))

    def to_json(self, value: Any) -> Any:
        """Return ``value`` as plain data: None, bool, int, float, str or lists of them."""
        return None if value is None else self._to_json(self.check(value))

    def from_json(self, data: object) -> Any:
        """Return the value that `to_json` wrote; raises `ParamError`."""
        return self.check(data)

    def allowed(self) -> str:
        """Return what the parameter takes, in words that fit after "takes"."""
        return self._allowed()

    def refuse(self, shown: object, code: str = "param.type") -> NoReturn:
        """Raise the `ParamError` for a wrong value, shortened where it is long."""
        value = repr(shown)
        value = value if len(value) <= 60 else value[:57] + "..."
        name = self.name or "parameter"
        raise ParamError(f"{name} cannot be {value}", f"{name} takes {self.allowed()}", code)

    @abstractmethod
    def _allowed(self) -> str: ...

    @abstractmethod
    def _checked(self, value: Any) -> Any: ...

    def _parsed(self, text: str) -> Any:
        return text.strip()

    def _text(self, value: Any) -> str:
        return str(value)

    def _to_json(self, value: Any) -> Any:
        return value
