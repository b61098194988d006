"""A score whose melody, or whose harmony, bass, melody and drums, a net writes into the form."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Literal

from scumble.errors import MediaError, ParamError
from scumble.music import vocabulary as v
from scumble.music.chance import Chance
from scumble.music.composing import plan_from_wishes, score_from_plan
from scumble.music.drumming import last_hits
from scumble.music.hearing import CHUNK_BARS, Heard, heard_from_score
from scumble.music.imagined_parts import events_from_measures, plan_with_harmony
from scumble.music.imagining import imagined
from scumble.music.imagining_bars import Task
from scumble.music.midi import KEY_TEXT
from scumble.music.midi_reading import score_from_midi
from scumble.music.notation import Cell, Heading, Hits, Measure
from scumble.music.plan import Event, Plan
from scumble.music.playing import ending_events
from scumble.music.score import Score
from scumble.music.style import Part
from scumble.music.theory import KEYS
from scumble.music.timing import MAX_BPM, MIN_BPM
from scumble.music.wishes import Wishes
from scumble.music.writing import Net, Strand, Taste, Writer

Share = Literal["melody", "full"]
_CONTINUED_BARS = 8
_THEME_BARS = 4
_OWN_TASTE = Taste()


@dataclasses.dataclass(frozen=True)
class Imagination:
    """What the net is to write, and out of what.

    Attributes:
        share: "melody" over the form's own chords, or "full": chords, bass, melody and drums.
        before: music that the piece goes on from, or None; see `heard_from_midi`.
        blend: another seed, or None: the net has a theme of this seed and one of that in mind.
        blend_amount: 0 to 1, how much the other theme counts.
        taste: how words are drawn.
    """

    share: Share = "melody"
    before: Heard | None = None
    blend: int | None = None
    blend_amount: float = 0.5
    taste: Taste = _OWN_TASTE


def heard_from_midi(content: bytes) -> Heard:
    """Returns the end of a MIDI file's music in the composer's words.

    Raises MediaError for what is no MIDI file, and for music that cannot be notated (media.midi).
    """
    score = score_from_midi(content)
    told = (score.key, score.mode) if KEY_TEXT.encode() in content else None
    last_beat = score.tempo.beat_from_seconds(max(track.notes[-1].start_s for track in score.tracks))
    bars = tuple(bar for bar in score.bars if bar.start_beat <= last_beat)[-CHUNK_BARS:]
    heard = heard_from_score(dataclasses.replace(score, bars=bars), "other", key=told)
    if not heard:
        message = "The music in the MIDI file cannot be continued"
        hint = "It needs notes on a grid of sixteenths, in a key, in bars of eight beats at most."
        raise MediaError(message, hint, "media.midi")
    last = heard[-1]
    measures = list(last.measures)
    while len(measures) > 1 and _silent(measures[-1]):
        measures.pop()
    return dataclasses.replace(last, measures=tuple(measures[-_CONTINUED_BARS:]))


def _silent(measure: Measure) -> bool:
    return all(cell.value == v.REST for cell in (*measure.bass, *measure.melody)) and not any(
        hits.drums for hits in measure.drums
    )


def wishes_after(wishes: Wishes, before: Heard) -> Wishes:
    """Returns the wishes with the key, mode and tempo of what is continued, where they say nothing of them."""
    heading = before.heading
    wanted = wishes
    if not wishes.key:
        wanted = dataclasses.replace(wanted, key=KEYS[heading.tonic])
    if wishes.mode is None:
        wanted = dataclasses.replace(wanted, mode=heading.mode)
    if wishes.tempo_bpm is None:
        wanted = dataclasses.replace(wanted, tempo_bpm=min(max(heading.bpm, MIN_BPM), MAX_BPM))
    return wanted


def imagine(
    wishes: Wishes,
    seed: int,
    imagination: Imagination,
    net: Callable[[], Net],
    progress: Callable[[float], object] = lambda share: None,
) -> Score:
    """Returns a piece as `compose` does, with what the net writes; `net` makes one that remembers nothing yet.

    `progress` is called with the share of bars before each. The same wishes, seed and imagination give the same
    notes with the same net. Raises ParamError as `compose`, and where there is nothing to write.
    """
    if imagination.before is not None:
        wishes = wishes_after(wishes, imagination.before)
    plan = plan_from_wishes(wishes, seed)
    voices = _voices(plan, wishes, imagination.share)
    if not voices:
        raise ParamError("There is no melody to be composed", "Ask for one, or compose all.", "param.composer")
    task = Task(plan, voices, imagination.share == "full", plan.chance.at("imagined"))
    bpm = plan.grid.tempo.bpm_at(0)
    heading = Heading(plan.style.name, wishes.mood, plan.key.tonic, plan.key.mode, bpm, tuple(voices))
    before = () if imagination.before is None else _fitted(imagination.before.measures, tuple(voices))
    strands = [Strand(net(), heading, before)]
    if imagination.blend is not None and imagination.blend_amount > 0:
        other = Chance(imagination.blend).at("music", plan.style.name).at("imagined")
        strands = []
        for chance, share in ((task.chance, 1 - imagination.blend_amount), (other, imagination.blend_amount)):
            themed = dataclasses.replace(task, chance=chance)
            writer = Writer([Strand(net(), heading, before)], imagination.taste)
            theme = [measure for _, measure in itertools.islice(imagined(themed, writer), _THEME_BARS)]
            strands.append(Strand(net(), heading, (*before, *theme), share))
    writer = Writer(strands, imagination.taste)
    measures: dict[int, Measure] = {}
    for number, measure in imagined(task, writer):
        progress(number / len(plan.bars))
        measures[number] = measure
    if task.harmony:
        plan = plan_with_harmony(plan, measures)
    return score_from_plan(plan, seed, None if wishes.melody else (), _lines(plan, voices, measures))


def _voices(plan: Plan, wishes: Wishes, share: Share) -> dict[str, Part]:
    """The style's first part for each voice that is to be written, in the order of the words."""
    wanted = v.PARTS if share == "full" else ("melody",)
    voices: dict[str, Part] = {}
    for name in wanted:
        part = next((part for part in plan.style.parts if part.role == name), None)
        if part is not None and (name != "melody" or wishes.melody):
            voices[name] = part
    return voices


def _lines(plan: Plan, voices: dict[str, Part], measures: dict[int, Measure]) -> dict[str, tuple[Event, ...]]:
    lines = {}
    for part in voices.values():
        events = list(events_from_measures(plan, measures, part.role, part))
        if part.role == "drums":
            events += last_hits(part, plan)
        else:
            events += ending_events(part, plan, max(events).pitch if events else None)
        lines[part.name] = tuple(events)
    return lines


def _fitted(measures: tuple[Measure, ...], parts: tuple[str, ...]) -> tuple[Measure, ...]:
    """Bars with just those voices: one that is missing is silent."""
    fitted = []
    for measure in measures:
        silence = (Cell(v.REST, measure.steps),)
        fitted.append(
            dataclasses.replace(
                measure,
                bass=(measure.bass or silence) if "bass" in parts else (),
                melody=(measure.melody or silence) if "melody" in parts else (),
                drums=(measure.drums or (Hits((), measure.steps),)) if "drums" in parts else (),
            )
        )
    return tuple(fitted)
