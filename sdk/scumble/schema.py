"""An effect's declaration as plain data, JSON both ways: the only thing about an effect that a host reads."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, get_args

from scumble.errors import ParamError
from scumble.params import Param

__all__ = ["CONTEXTS", "FORMAT", "ClipSchema", "EffectSchema"]

FORMAT = 1
"""Version of the JSON form; raised when a reader of the old form could misread the new one."""

CONTEXTS = ("filter", "generator")
"""What an effect is to a host: a filter needs a clip called ``source``, a generator needs no clip."""

_KINDS = {param_class.kind: param_class for param_class in get_args(Param)}


@dataclass(frozen=True)
class ClipSchema:
    """An effect's named input or output; ``media`` says of what, "image" or "audio".

    An input that is ``separate`` is a picture of its own, of any size and mostly a file; every other one lies over the
    source and has its size.
    """

    name: str
    media: str = "image"
    optional: bool = False
    doc: str = ""
    separate: bool = False

    def allowed(self) -> str:
        """Return what may be given, in words for people; empty where nothing is to be said."""
        words = ("optional" if self.optional else "", "of any size" if self.separate else "")
        return "; ".join(word for word in words if word)


@dataclass(frozen=True)
class EffectSchema:
    """Everything that a host, a command line or a reference page needs to know of an effect.

    Attributes:
        id: the name for programs, unique among installed effects.
        title: the name for people.
        context: one of `CONTEXTS`.
        doc: the class's docstring; its first line says what the effect does.
        version: the effect's own version; a new one may render the same values differently.
        bundles: names of the model bundles that it runs.
        params: its parameters in the order of the dialog.
        clips: its input clips; a filter's ``source`` is the first.
        output: what it makes.
        suggests: name of the Points parameter that it can suggest colours for; empty when there is none.
    """

    id: str
    title: str
    context: str
    doc: str
    version: str
    bundles: tuple[str, ...]
    params: tuple[Param, ...]
    clips: tuple[ClipSchema, ...]
    output: ClipSchema
    suggests: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the declaration as plain data, fit for ``json.dumps``."""
        return {
            "format": FORMAT,
            "id": self.id,
            "title": self.title,
            "context": self.context,
            "doc": self.doc,
            "version": self.version,
            "bundles": list(self.bundles),
            "params": [_json_from_param(param) for param in self.params],
            "clips": [dataclasses.asdict(clip) for clip in self.clips],
            "output": dataclasses.asdict(self.output),
            "suggests": self.suggests,
        }

    @classmethod
    def from_json(cls, data: object) -> EffectSchema:
        """Return the declaration that `to_json` wrote; raises `ParamError` on anything else."""
        try:
            return cls._from_json(data)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _malformed(f"{type(error).__name__}: {error}") from error

    @classmethod
    def _from_json(cls, data: Any) -> EffectSchema:
        fields = dict(data)
        written = fields.pop("format")
        if written != FORMAT:
            raise _malformed(f"its format is {written!r}, this Scumble reads {FORMAT}")
        for name in ("id", "title", "context", "doc", "version", "suggests"):
            if not isinstance(fields[name], str):
                raise _malformed(f"{name} is {fields[name]!r}")
        if fields["context"] not in CONTEXTS:
            raise _malformed(f"context is {fields['context']!r}")
        fields["bundles"] = tuple(fields["bundles"])
        fields["params"] = tuple(_param_from_json(param) for param in fields["params"])
        fields["clips"] = tuple(ClipSchema(**clip) for clip in fields["clips"])
        fields["output"] = ClipSchema(**fields["output"])
        return cls(**fields)


def _json_from_param(param: Param) -> dict[str, Any]:
    fields = {field.name: getattr(param, field.name) for field in dataclasses.fields(param)}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
    return {"kind": param.kind, **plain, "default": param.to_json(param.default)}


def _param_from_json(data: Any) -> Param:
    fields = dict(data)
    kind = fields.pop("kind")
    if kind not in _KINDS:
        raise _malformed(f"it has a parameter of kind {kind!r}, this Scumble knows {', '.join(_KINDS)}")
    param: Param = _KINDS[kind](**fields)
    return param


def _malformed(reason: str) -> ParamError:
    hint = "Use the same version of Scumble on both sides, and write schemas with `scumble describe --json`."
    return ParamError(f"This is not the declaration of an effect: {reason}", hint, "schema.malformed")
