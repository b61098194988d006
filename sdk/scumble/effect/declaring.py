"""What may stand in an effect's class body, and how it becomes a schema."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from typing import Any, Literal

from scumble.params import Param, ParamBase
from scumble.schema import ClipSchema, EffectSchema

MAIN_CLIP = "source"
"""The clip that a filter changes."""
MASK_CLIP = "mask"
"""The clip that a host's selection goes to, where an effect declares it; else the selection mixes the result in."""
_REQUIRED = object()


class DeclaredClip:
    """What `Input` and `Output` leave in the class body until the class is made."""

    def __init__(self, doc: str, *, optional: bool, output: bool, separate: bool = False) -> None:
        self.doc, self.optional, self.output, self.separate = doc, optional, output, separate


def Input(  # noqa: N802
    *, default: Any = _REQUIRED, separate: bool = False, doc: str = "", init: Literal[False] = False
) -> Any:
    """Declare an input clip, given when the effect is called; ``default=None`` makes it optional.

    It lies over the source and has its size, unless it is ``separate``: a picture of its own, of any size and mostly a
    file, such as a photograph to take colours from. That one is optional. ``init`` exists for type checkers only: it
    says that the constructor does not take clips.
    """
    if default not in (_REQUIRED, None) or init:
        raise TypeError("a clip's only default is None")
    if separate and default is not None:
        raise TypeError("a separate clip is optional: give it default=None")
    return DeclaredClip(doc, optional=default is None, output=False, separate=separate)


def Output(*, doc: str = "", init: Literal[False] = False) -> Any:  # noqa: N802
    """Declare the output clip: its name and what it shows. Without one it is an image called ``output``."""
    if init:
        raise TypeError("a clip is no argument of the constructor")
    return DeclaredClip(doc, optional=False, output=True)


def take_declarations(cls: type, base: type, media: str) -> tuple[list[Param], list[ClipSchema], ClipSchema]:
    """Take the declarations out of the class body of `cls`: parameters, input clips and the output, of `media`.

    Names that `base` uses itself are refused. Raises TypeError, at import, for a declaration that cannot stand.
    """
    inherited: EffectSchema | None = getattr(cls, "_schema", None)
    params = {param.name: param for param in inherited.params} if inherited else {}
    clips = {clip.name: clip for clip in inherited.clips} if inherited else {}
    output = inherited.output if inherited else ClipSchema("output", media)
    annotations = inspect.get_annotations(cls)
    kind = "Image"
    for name, value in [*vars(cls).items()]:
        if not isinstance(value, (ParamBase, DeclaredClip)):
            continue
        if name in base.__annotations__ or hasattr(base, name) or name.startswith("_"):
            raise TypeError(f"{cls.__name__}.{name}: that name is taken; choose another one")
        written, optional = _plain_annotation(annotations.get(name, "nothing"))
        if isinstance(value, ParamBase):
            fits = written in value.annotations or (written.startswith("Literal[") and "Literal" in value.annotations)
            param: Any = replace(value, name=name, title=value.title or name.replace("_", " ").capitalize())
            params[name] = param
        else:
            kind = media.capitalize() if value.output else "Image"
            fits = written == kind
            clip = ClipSchema(name, written.lower(), value.optional, value.doc, value.separate)
            output, clips = (clip, clips) if value.output else (output, {**clips, name: clip})
        if not fits or optional is not value.optional:
            wanted = value.annotations[0] if isinstance(value, ParamBase) else kind
            wanted += " | None" if value.optional else ""
            raise TypeError(f"{cls.__name__}.{name}: annotate it as {wanted}, not {annotations.get(name, 'nothing')}")
        delattr(cls, name)
    return list(params.values()), list(clips.values()), output


def _plain_annotation(annotation: object) -> tuple[str, bool]:
    """Return an annotation without module names and without None, and whether None was in it."""
    text = annotation.__name__ if isinstance(annotation, type) and "[" not in str(annotation) else str(annotation)
    text = re.sub(r"\b(?:\w+\.)+(?=\w)", "", text).strip("\"'")
    plain = re.sub(r"^Optional\[(.*)\]$|\s*\|\s*None\b|\bNone\s*\|\s*", r"\1", text)
    return plain, plain != text
