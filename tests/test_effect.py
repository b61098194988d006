"""Effects: one class body gives a typed constructor, checked values, bound clips and a declaration."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from scumble.effect import Choice, Effect, Float, Input, Output, Points, RenderContext, Text
from scumble.errors import JobCancelled, ParamError, ScumbleError
from scumble.jobs import Progress
from scumble.media.image import Image
from scumble.params import HintPoint, Rgb
from scumble.schema import ClipSchema


def picture(level: int = 7) -> Image:
    return Image(bytes([level] * 12), 2, 2)


class Overlay(Effect, id="overlay", title="Overlay", context="filter", bundles=("a", "b"), version="3"):
    """Lays a grey over a picture.

    More about it.
    """

    calls: ClassVar[list[str]] = []
    mask: Image | None = Input(default=None, doc="Where.")
    source: Image = Input(doc="Picture to lay it over.")
    model: Image | None = Input(default=None, separate=True, doc="What it shall look like.")
    overlaid: Image = Output(doc="The result.")
    strength: float = Float(default=1.0, min=0, max=1, doc="0 keeps the source.")
    blend_mode: str = Choice(default="mix", choices=("mix", "add"))
    hint: tuple[HintPoint, ...] = Points(default=())
    tempo: float | None = Float(default=None, min=40, max=240, unit="BPM")

    def render(self, ctx: RenderContext) -> Image:
        ctx.progress.report(0.5, "half")
        assert ctx.clip("source") is self.source
        assert self == type(self)(**self.params())
        return self.source.replace(data=bytes(len(self.source.data)))


class Plain(Effect, id="plain", title="Plain", context="generator"):
    """Makes a black picture."""

    def render(self, ctx: RenderContext) -> Image:
        return picture(0)


def test_the_declaration_says_all_that_was_declared() -> None:
    schema = Overlay.declaration()
    assert (schema.id, schema.title, schema.context, schema.version) == ("overlay", "Overlay", "filter", "3")
    assert schema.doc == "Lays a grey over a picture.\n\nMore about it."
    assert schema.bundles == Overlay.bundles == ("a", "b")
    assert [param.name for param in schema.params] == ["strength", "blend_mode", "hint", "tempo"]
    assert [param.title for param in schema.params] == ["Strength", "Blend mode", "Hint", "Tempo"]
    assert schema.clips == (
        ClipSchema("source", "image", False, "Picture to lay it over."),
        ClipSchema("mask", "image", True, "Where."),
        ClipSchema("model", "image", True, "What it shall look like.", separate=True),
    )
    assert schema.output == ClipSchema("overlaid", "image", False, "The result.")
    assert Plain.declaration().output == ClipSchema("output")


def test_an_effect_is_a_value() -> None:
    effect = Overlay(strength=0.5)
    assert effect.strength == 0.5
    assert effect.params() == {"strength": 0.5, "blend_mode": "mix", "hint": (), "tempo": None}
    assert effect == Overlay(strength=0.5) != Overlay()
    assert len({effect, Overlay(strength=0.5), Overlay()}) == 2
    assert repr(effect) == "Overlay(strength=0.5, blend_mode='mix', hint=(), tempo=None)"
    with pytest.raises(AttributeError, match="strength"):
        effect.strength = 0.7  # type: ignore[misc]  # what the test is about


def test_values_are_brought_to_one_form() -> None:
    effect = Overlay(strength=True - 0, hint=((1, 2, "#fff"),))  # type: ignore[arg-type]  # a host may say it so
    assert isinstance(effect.strength, float)
    assert effect.hint == (HintPoint(1, 2, Rgb(255, 255, 255)),)


def test_parameters_survive_plain_data() -> None:
    effect = Overlay(strength=0.25, blend_mode="add", hint=(HintPoint(1, 2, Rgb(3, 4, 5)),), tempo=90)
    assert effect.params_json() == {"strength": 0.25, "blend_mode": "add", "hint": [[1, 2, "#030405"]], "tempo": 90.0}
    assert Overlay.from_params_json(effect.params_json()) == effect
    assert Overlay.from_params_json({}) == Overlay()


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ({"strength": 2}, "param.range", "strength cannot be 2"),
        ({"strenght": 1}, "param.unknown", "Did you mean strength"),
        ({"zzz": 1}, "param.unknown", "It has strength, blend_mode, hint, tempo"),
        ({"mask": None}, "param.unknown", r"Overlay\(\)\(source, mask=picture\)"),
    ],
)
def test_wrong_parameters_are_refused(values: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(ParamError, match=words) as caught:
        Overlay.from_params_json(values)
    assert caught.value.code == code


def test_rendering_binds_the_clips_and_reports() -> None:
    heard: list[tuple[float, str]] = []
    source = picture()
    effect = Overlay()
    result = effect(source, mask=picture(255), progress=Progress(lambda *told: heard.append(told)))
    assert bytes(result.data) == bytes(12)
    assert bytes(source.data) == bytes([7] * 12)
    assert heard == [(0.5, "half")]
    assert not hasattr(effect, "source")
    assert effect == Overlay()
    assert isinstance(Plain()(), Image)


@pytest.mark.parametrize(
    ("clips", "code"),
    [
        ({}, "param.clip_missing"),
        ({"source": None}, "param.clip_missing"),
        ({"source": b"pixels"}, "param.clip"),
        ({"source": picture(), "musk": picture()}, "param.unknown"),
    ],
)
def test_wrong_clips_are_refused(clips: dict[str, Any], code: str) -> None:
    with pytest.raises(ParamError) as caught:
        Overlay()(**clips)
    assert caught.value.code == code


def test_a_cancelled_effect_does_not_begin() -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(JobCancelled):
        Overlay()(picture(), progress=progress)


def test_the_source_is_never_the_result() -> None:
    class Lazy(Effect, id="lazy", title="Lazy", context="filter"):
        """Returns what it gets."""

        source: Image = Input()

        def render(self, ctx: RenderContext) -> Image:
            return self.source

    with pytest.raises(ScumbleError, match="Lazy returned its own input") as caught:
        Lazy()(picture())
    assert caught.value.code == "effect.no_result"


def test_a_child_has_its_parents_parameters() -> None:
    class Titled(Overlay, id="titled", title="Titled", context="filter"):
        """Lays a grey and a title over a picture."""

        text: str = Text(default="Title")

    assert list(Titled(text="x", strength=0.1).params()) == ["strength", "blend_mode", "hint", "tempo", "text"]
    assert [clip.name for clip in Titled.declaration().clips] == ["source", "mask", "model"]


def test_an_optional_clip_that_was_not_given_is_none_and_asked_for_is_an_error() -> None:
    ctx = RenderContext({"mask": None}, Progress())
    assert ctx.clips["mask"] is None
    with pytest.raises(ParamError, match="mask"):
        ctx.clip("mask")


BAD_BODIES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"id": "Bad Id"}, {}, "needs an id"),
    ({"context": "transition"}, {}, "needs an id"),
    ({"__doc__": None}, {}, "docstring"),
    ({"context": "filter"}, {}, "a filter needs a clip called 'source'"),
    ({"context": "filter"}, {"source": (Input(default=None), "Image | None")}, "a filter needs"),
    ({}, {"mask": (Input(), "Image")}, "a generator's input clips are optional"),
    ({}, {"title": (Text(default=""), "str")}, "that name is taken"),
    ({}, {"_x": (Text(default=""), "str")}, "that name is taken"),
    ({}, {"x": (Float(default=0), "int")}, r"annotate it as float, not int"),
    ({}, {"x": (Float(default=None), "float")}, r"annotate it as float \| None"),
    ({}, {"x": (Float(default=0), "float | None")}, r"annotate it as float, not"),
    ({}, {"x": (Float(default=0), None)}, r"annotate it as float, not nothing"),
    ({}, {"x": (Input(default=None), "Picture | None")}, r"annotate it as Image \| None"),
]


@pytest.mark.parametrize(("facts", "body", "words"), BAD_BODIES)
def test_an_impossible_declaration_fails_at_import(facts: dict[str, Any], body: dict[str, Any], words: str) -> None:
    namespace: dict[str, Any] = {"__doc__": facts.pop("__doc__", "Does nothing.")}
    namespace |= {name: value for name, (value, _) in body.items()}
    namespace["__annotations__"] = {name: written for name, (_, written) in body.items() if written}
    keywords = {"id": "bad", "title": "Bad", "context": "generator"} | facts
    with pytest.raises(TypeError, match=words):
        type("Bad", (Effect,), namespace, **keywords)


@pytest.mark.parametrize("written", [float, "float", "typing.Optional[float]", "float | None", "None | float"])
def test_annotations_may_be_written_in_any_way(written: object) -> None:
    default = None if "None" in str(written) or "Optional" in str(written) else 0.0
    namespace = {"__doc__": "Does nothing.", "__annotations__": {"x": written}, "x": Float(default=default)}
    effect: Any = type("Good", (Effect,), namespace, id="good", title="Good", context="generator")
    assert [param.name for param in effect.declaration().params] == ["x"]


def test_a_clip_is_no_constructor_argument() -> None:
    with pytest.raises(TypeError):
        Input(default=picture())
    with pytest.raises(TypeError, match="default=None"):
        Input(separate=True)
    with pytest.raises(TypeError):
        Output(init=True)  # type: ignore[arg-type]  # what the test is about
