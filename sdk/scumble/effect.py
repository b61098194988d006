"""Effects: one class says what may be adjusted and what it renders; everything else is derived from it.

    class Invert(Effect, id="invert", title="Invert", context="filter"):
        '''Turns light into dark.'''

        source: Image = Input(doc="Picture to turn.")
        strength: float = Float(default=1.0, min=0, max=1, doc="0 keeps the source.")

        def render(self, ctx: RenderContext) -> Image: ...

Parameters are given when the effect is made, clips when it is called: ``Invert(strength=0.5)(image)``. In `render`
both are plain attributes of ``self``; ``ctx`` has what comes from outside: progress, engine, models.
"""

from __future__ import annotations

import difflib
import inspect
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, dataclass_transform

from scumble.errors import ParamError, ScumbleError
from scumble.jobs import Progress
from scumble.media.image import Image
from scumble.params import (
    Bool,
    Choice,
    Color,
    File,
    Float,
    Int,
    Palette,
    Param,
    ParamBase,
    Points,
    Region,
    Seed,
    Text,
)
from scumble.schema import CONTEXTS, ClipSchema, EffectSchema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from scumble.engine import Engine, Session
    from scumble.models.store import Bundle

__all__ = [
    "Bool",
    "Choice",
    "Color",
    "Discovery",
    "Effect",
    "File",
    "Float",
    "Input",
    "Int",
    "Output",
    "Palette",
    "Points",
    "Problem",
    "Region",
    "RenderContext",
    "Seed",
    "Text",
    "discover",
]

ENTRY_POINT_GROUP = "scumble.effects"

MAIN_CLIP = "source"
_REQUIRED = object()
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class _Clip:
    """What `Input` and `Output` leave in the class body until the class is made."""

    def __init__(self, doc: str, *, optional: bool, output: bool) -> None:
        self.doc, self.optional, self.output = doc, optional, output


def Input(*, default: Any = _REQUIRED, doc: str = "", init: Literal[False] = False) -> Any:  # noqa: N802
    """Declare an input clip, given when the effect is called; ``default=None`` makes it optional.

    ``init`` exists for type checkers only: it says that the constructor does not take clips.
    """
    if default not in (_REQUIRED, None) or init:
        raise TypeError("a clip's only default is None")
    return _Clip(doc, optional=default is None, output=False)


def Output(*, doc: str = "", init: Literal[False] = False) -> Any:  # noqa: N802
    """Declare the output clip: its name and what it shows. Without one it is an image called ``output``."""
    if init:
        raise TypeError("a clip is no argument of the constructor")
    return _Clip(doc, optional=False, output=True)


class RenderContext:
    """What a rendering gets from outside itself.

    Attributes:
        progress: report to it, and pass ``progress.report`` or ``progress.sub(...)`` down; raises when cancelled.
        clips: the input clips by name; None for an optional one that was not given.
    """

    def __init__(self, clips: Mapping[str, Image | None], progress: Progress, engine: Engine | None = None) -> None:
        self.clips = MappingProxyType(dict(clips))
        self.progress = progress
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """The engine to run models and native image work on; the shared default one unless one was given."""
        if self._engine is None:
            from scumble.engine import Engine

            self._engine = Engine.default()
        return self._engine

    def clip(self, name: str) -> Image:
        """Return the clip called ``name``; raises `ParamError` when it was not given."""
        image = self.clips.get(name)
        if image is None:
            raise ParamError(f"The clip {name} is not there", f"Give a picture for {name}.", "param.clip_missing")
        return image

    def bundle(self, name: str) -> Bundle:
        """Return the model bundle called ``name``; raises `BundleNotFound` or another `ModelError`."""
        from scumble.models.store import find_bundle

        return find_bundle(name)

    def session(self, bundle: Bundle) -> Session:
        """Return the engine's session for a bundle whose bytes were checked; raises `ModelError`, `DeviceError`."""
        return self.engine.session(bundle.model_bytes(), bundle.manifest.model.sha256)


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(Float, Int, Bool, Choice, Color, Palette, Text, Seed, Points, Region, File, Input, Output),
)
class Effect(ABC):
    """A declared filter or generator; an instance is a value: its parameters, checked and unchangeable."""

    id: ClassVar[str]
    title: ClassVar[str]
    bundles: ClassVar[tuple[str, ...]]
    _schema: ClassVar[EffectSchema]

    def __init_subclass__(
        cls,
        *,
        id: str,
        title: str,
        context: Literal["filter", "generator"],
        bundles: tuple[str, ...] = (),
        version: str = "1",
    ) -> None:
        """Read the declaration; raises TypeError, at import, when it cannot stand."""
        super().__init_subclass__()
        if not _ID.fullmatch(id) or context not in CONTEXTS or not cls.__doc__:
            raise TypeError(f"{cls.__name__}: needs an id like 'soft-focus', a context of {CONTEXTS} and a docstring")
        params, clips, output = _declared(cls)
        main = next((clip for clip in clips if clip.name == MAIN_CLIP), None)
        if context == "filter" and (main is None or main.optional):
            raise TypeError(f"{cls.__name__}: a filter needs a clip called {MAIN_CLIP!r} that is not optional")
        if context == "generator" and not all(clip.optional for clip in clips):
            raise TypeError(f"{cls.__name__}: a generator's input clips are optional")
        clips.sort(key=lambda clip: clip.name != MAIN_CLIP)
        cls.id, cls.title, cls.bundles = id, title, tuple(bundles)
        doc = inspect.cleandoc(cls.__doc__)
        cls._schema = EffectSchema(id, title, context, doc, version, cls.bundles, tuple(params), tuple(clips), output)

    def __init__(self, **values: object) -> None:
        """Check every parameter; raises `ParamError` for a wrong value and for a name that is not declared."""
        declared = {param.name: param for param in self._schema.params}
        for name in values.keys() - declared.keys():
            self._refuse_name(name, declared)
        for name, param in declared.items():
            self.__dict__[name] = param.check(values.get(name, param.default))

    def __call__(
        self,
        source: Image | None = None,
        *,
        engine: Engine | None = None,
        progress: Progress | None = None,
        **clips: Image | None,
    ) -> Image:
        """Render and return the output.

        Args:
            source: the main clip of a filter.
            engine: where to run models; the shared default one when None.
            progress: told how far it is, and asked whether to go on; nobody when None.
            clips: the other input clips by name.

        Raises:
            ParamError: a clip is missing, unknown or no picture.
            JobCancelled: ``progress`` was cancelled.
            ScumbleError: whatever else the effect cannot do; the source is never returned in its place.
        """
        given = self._checked_clips(clips if source is None else {MAIN_CLIP: source, **clips})
        ctx = RenderContext(given, progress or Progress(), engine)
        ctx.progress.check()
        bound = object.__new__(type(self))
        bound.__dict__.update(self.__dict__, **given)
        result: object = bound.render(ctx)
        if not isinstance(result, Image) or any(result is clip for clip in given.values()):
            what = "its own input" if isinstance(result, Image) else repr(type(result).__name__)
            hint = "This is a fault of the effect; tell its authors."
            raise ScumbleError(f"{self.title} returned {what} instead of a new picture", hint, "effect.no_result")
        return result

    @abstractmethod
    def render(self, ctx: RenderContext) -> Image:
        """Make the output from ``self``'s parameters and clips; never change a clip, never return one."""

    @classmethod
    def declaration(cls) -> EffectSchema:
        """Return the effect's declaration as plain data."""
        return cls._schema

    def params(self) -> dict[str, Any]:
        """Return every parameter's value by name."""
        return {param.name: self.__dict__[param.name] for param in self._schema.params}

    def params_json(self) -> dict[str, Any]:
        """Return every parameter's value as plain data; `from_params_json` inverts it."""
        return {param.name: param.to_json(self.__dict__[param.name]) for param in self._schema.params}

    @classmethod
    def from_params_json(cls, values: Mapping[str, object]) -> Self:
        """Make the effect from plain data; what is missing keeps its default. Raises `ParamError`."""
        readers = {param.name: param.from_json for param in cls._schema.params}
        return cls(**{name: readers[name](value) if name in readers else value for name, value in values.items()})

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is a value; make another one to change {name}")

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.params().items())
        return f"{type(self).__name__}({values})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Effect) and type(other) is type(self) and other.params() == self.params()

    def __hash__(self) -> int:
        return hash((type(self), *self.params().values()))

    def _refuse_name(self, name: str, known: Mapping[str, object]) -> NoReturn:
        if any(clip.name == name for clip in self._schema.clips) and name not in known:
            hint = f"Give it when you call the effect: {type(self).__name__}()(source, {name}=picture)."
        else:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"It has {', '.join(known) or 'none'}."
        raise ParamError(f"{self.title} takes no {name} here", hint, "param.unknown")

    def _checked_clips(self, given: Mapping[str, Image | None]) -> dict[str, Image | None]:
        declared = {clip.name: clip for clip in self._schema.clips}
        for name in given.keys() - declared.keys():
            self._refuse_name(name, declared)
        for name, clip in declared.items():
            image = given.get(name)
            if image is None and not clip.optional:
                raise ParamError(f"{self.title} needs the clip {name}", f"{name}: {clip.doc}", "param.clip_missing")
            if image is not None and not isinstance(image, Image):
                hint = "Make one with scumble.read_image or scumble.media.arrays.image_from_array."
                raise ParamError(f"The clip {name} is no Image but {type(image).__name__}", hint, "param.clip")
        return {name: given.get(name) for name in declared}


@dataclass(frozen=True)
class Problem:
    """An installed effect that cannot be used: its entry point's name, the distribution it is from, and why."""

    name: str
    distribution: str
    reason: str


@dataclass(frozen=True)
class Discovery:
    """The effects that are installed, by id, and the problems met on the way."""

    effects: Mapping[str, type[Effect]]
    problems: tuple[Problem, ...]


def discover() -> Discovery:
    """Load every effect that an installed distribution declares as an entry point in the group ``scumble.effects``.

    A plug-in that cannot be imported, is no effect, or takes an id that is taken, is reported and left out: Scumble's
    own effects come first, then distributions by name. Never raises for a plug-in's fault.
    """
    effects: dict[str, type[Effect]] = {}
    problems: list[Problem] = []
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=_rank):
        distribution = point.dist.name if point.dist else "unknown"
        try:
            kind = point.load()
        except (Exception, SystemExit) as error:  # whatever somebody else's import does
            problems.append(Problem(point.name, distribution, f"{type(error).__name__}: {error}"))
            continue
        if not (isinstance(kind, type) and issubclass(kind, Effect)):
            problems.append(Problem(point.name, distribution, f"{point.value} is no Effect"))
        elif kind.id != point.name:
            problems.append(Problem(point.name, distribution, f"the effect calls itself {kind.id!r}"))
        elif effects.setdefault(kind.id, kind) is not kind:
            problems.append(Problem(point.name, distribution, "another effect has that name already"))
    return Discovery(MappingProxyType(effects), tuple(problems))


def _rank(point: EntryPoint) -> tuple[bool, str, str]:
    distribution = point.dist.name if point.dist else ""
    return distribution != "scumble", distribution, point.name


def _declared(cls: type[Effect]) -> tuple[list[Param], list[ClipSchema], ClipSchema]:
    """Take the declarations out of a class body: parameters, input clips and the output."""
    inherited: EffectSchema | None = getattr(cls, "_schema", None)
    params = {param.name: param for param in inherited.params} if inherited else {}
    clips = {clip.name: clip for clip in inherited.clips} if inherited else {}
    output = inherited.output if inherited else ClipSchema("output")
    annotations = inspect.get_annotations(cls)
    for name, value in [*vars(cls).items()]:
        if not isinstance(value, (ParamBase, _Clip)):
            continue
        if name in Effect.__annotations__ or hasattr(Effect, name) or name.startswith("_"):
            raise TypeError(f"{cls.__name__}.{name}: that name is taken; choose another one")
        written, optional = _plain_annotation(annotations.get(name, "nothing"))
        if isinstance(value, ParamBase):
            fits = written in value.annotations or (written.startswith("Literal[") and "Literal" in value.annotations)
            param: Any = replace(value, name=name, title=value.title or name.replace("_", " ").capitalize())
            params[name] = param
        else:
            fits = written == "Image"
            clip = ClipSchema(name, written.lower(), value.optional, value.doc)
            output, clips = (clip, clips) if value.output else (output, {**clips, name: clip})
        if not fits or optional is not value.optional:
            wanted = value.annotations[0] if isinstance(value, ParamBase) else "Image"
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
