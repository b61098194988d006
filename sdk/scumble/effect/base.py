"""The effect: a value that holds checked parameters, is called with clips, and renders."""

from __future__ import annotations

import difflib
import inspect
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, NoReturn, TypeVar, dataclass_transform

from scumble.effect.context import MOST_SUGGESTIONS, RenderContext
from scumble.effect.declaring import MAIN_CLIP, Input, Output, take_declarations
from scumble.effect.extras import Extras
from scumble.errors import ParamError, ScumbleError
from scumble.jobs import Progress
from scumble.media.audio import Audio
from scumble.media.image import Image
from scumble.params import Bool, Choice, Color, File, Float, Int, Palette, Points, Region, Rgb, Seed, Text
from scumble.schema import CONTEXTS, EffectSchema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self

    from scumble.engine import Engine

Result = TypeVar("Result")
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Suggestion(NamedTuple):
    """A colour that suits a place, and its share of the probability, 0 to 1."""

    color: Rgb
    weight: float


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
    _media: ClassVar[str] = "image"

    def __init_subclass__(
        cls,
        *,
        id: str,
        title: str,
        context: Literal["filter", "generator"],
        bundles: tuple[str, ...] = (),
        version: str = "1",
        abstract: bool = False,
    ) -> None:
        """Read the declaration; raises TypeError, at import, when it cannot stand. `abstract`: a base, no effect."""
        super().__init_subclass__()
        if abstract:
            return
        if not _ID.fullmatch(id) or context not in CONTEXTS or not cls.__doc__:
            raise TypeError(f"{cls.__name__}: needs an id like 'soft-focus', a context of {CONTEXTS} and a docstring")
        params, clips, output = take_declarations(cls, Effect, cls._media)
        main = next((clip for clip in clips if clip.name == MAIN_CLIP), None)
        if context == "filter" and (main is None or main.optional):
            raise TypeError(f"{cls.__name__}: a filter needs a clip called {MAIN_CLIP!r} that is not optional")
        if context == "generator" and not all(clip.optional for clip in clips):
            raise TypeError(f"{cls.__name__}: a generator's input clips are optional")
        clips.sort(key=lambda clip: clip.name != MAIN_CLIP)
        cls.id, cls.title, cls.bundles = id, title, tuple(bundles)
        doc = inspect.cleandoc(cls.__doc__)
        suggests = next((param.name for param in params if param.kind == "points"), "") if cls._suggests() else ""
        cls._schema = EffectSchema(
            id, title, context, doc, version, cls.bundles, tuple(params), tuple(clips), output, suggests
        )

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
        extras: Extras | None = None,
        **clips: Image | None,
    ) -> Image:
        """Render and return the output.

        Args:
            source: the main clip of a filter.
            engine: where to run models; the shared default one when None.
            progress: told how far it is, and asked whether to go on; nobody when None.
            extras: takes the files that the effect makes beside its output, for the caller to write; when None they
                are written before this returns.
            clips: the other input clips by name.

        Raises:
            ParamError: a clip is missing, unknown or no picture.
            JobCancelled: ``progress`` was cancelled.
            ScumbleError: whatever else the effect cannot do; the source is never returned in its place.
        """
        return self._rendered(Image, "picture", engine, progress, extras, source, clips)

    def suggestions(
        self,
        source: Image,
        x: int,
        y: int,
        *,
        count: int = MOST_SUGGESTIONS,
        engine: Engine | None = None,
        progress: Progress | None = None,
        **clips: Image | None,
    ) -> tuple[Suggestion, ...]:
        """Return at most ``count`` (1 to 9) colours that suit the source's pixel (x, y), best first.

        They are for the effect's Points parameter.

        Raises:
            ParamError: the effect suggests nothing, the pixel lies outside, or a count or clip is wrong.
            ScumbleError: as for calling the effect.
        """
        if not self._schema.suggests:
            raise ParamError(
                f"{self.title} suggests no colours", "Choose the colours yourself.", "param.no_suggestions"
            )
        if not 1 <= count <= MOST_SUGGESTIONS:
            hint = f"Ask for 1 to {MOST_SUGGESTIONS}."
            raise ParamError(f"{self.title} cannot suggest {count} colours", hint, "param.range")
        bound, ctx = self._bound(engine, progress, Extras(), source, clips)
        ctx.count = count
        if not (0 <= x < source.width and 0 <= y < source.height):
            hint = f"x is 0 to {source.width - 1}, y is 0 to {source.height - 1}."
            raise ParamError(f"The pixel {x},{y} lies outside the picture", hint, "param.outside")
        return tuple(bound.suggest(ctx, x, y))[:count]

    @abstractmethod
    def render(self, ctx: RenderContext) -> Image | Audio:
        """Make the output from ``self``'s parameters and clips; never change a clip, never return one."""

    def most_bytes(self) -> int | None:
        """Return how large the output's file may be at most; it is written in a lower quality where it must be."""
        return None

    def work(self) -> float:
        """Return how much work a pixel of the result is, where decoding a JPEG's is 1; for progress.

        An effect that does not say so is thought to be most of its job.
        """
        return 60.0

    def suggest(self, ctx: RenderContext, x: int, y: int) -> tuple[Suggestion, ...]:
        """Return colours for the source's pixel (x, y), best first, at most ``ctx.count`` of them.

        An effect with a Points parameter may have it.
        """
        return ()

    def used_bundles(self) -> tuple[str, ...]:
        """Return the names of the bundles that this value runs; all that are declared, unless the effect says less."""
        return self.bundles

    def graph_files(self) -> tuple[Path, ...]:
        """Return the files of graphs that this value runs and that are no bundles; the record names their hashes."""
        return ()

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

    def _bound(
        self,
        engine: Engine | None,
        progress: Progress | None,
        extras: Extras,
        source: Image | None,
        clips: Mapping[str, Image | None],
    ) -> tuple[Self, RenderContext]:
        given = self._checked_clips(clips if source is None else {MAIN_CLIP: source, **clips})
        ctx = RenderContext(given, progress or Progress(), engine, extras)
        ctx.progress.check()
        bound = object.__new__(type(self))
        bound.__dict__.update(self.__dict__, **given)
        return bound, ctx

    def _rendered(
        self,
        kind: type[Result],
        word: str,
        engine: Engine | None,
        progress: Progress | None,
        extras: Extras | None,
        source: Image | None,
        clips: Mapping[str, Image | None],
    ) -> Result:
        taken = Extras() if extras is None else extras
        bound, ctx = self._bound(engine, progress, taken, source, clips)
        result: object = bound.render(ctx)
        if not isinstance(result, kind) or any(result is clip for clip in ctx.clips.values()):
            what = "its own input" if isinstance(result, kind) else repr(type(result).__name__)
            hint = "This is a fault of the effect; tell its authors."
            raise ScumbleError(f"{self.title} returned {what} instead of a new {word}", hint, "effect.no_result")
        if extras is None:
            with taken.written() as files:
                if taken.statement_path is not None:
                    files[taken.statement_path].write_text(taken.statement, "utf-8")
        return result

    @classmethod
    def _suggests(cls) -> bool:
        return cls.suggest is not Effect.suggest

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


class AudioEffect(Effect, id="audio", title="Audio", context="generator", abstract=True):
    """An effect that makes a sound; in everything else an effect as others."""

    _media = "audio"

    def __call__(  # type: ignore[override]  # the one thing in which the two kinds differ
        self,
        source: Image | None = None,
        *,
        engine: Engine | None = None,
        progress: Progress | None = None,
        extras: Extras | None = None,
        **clips: Image | None,
    ) -> Audio:
        """Render and return the sound; arguments and errors are those of `Effect`."""
        return self._rendered(Audio, "sound", engine, progress, extras, source, clips)

    @abstractmethod
    def render(self, ctx: RenderContext) -> Audio:
        """Make the sound from ``self``'s parameters and clips; never change a clip."""
