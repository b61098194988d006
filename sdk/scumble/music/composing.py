"""The composer by rule: from wishes and a seed to a plan, and from the plan to the score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scumble.music.chance import Chance
from scumble.music.drumming import drum_events
from scumble.music.form import bar_energies, sections_from_grid
from scumble.music.groove import notes_from_events
from scumble.music.harmony import Key, harmony_from_sections
from scumble.music.instruments import trim_db
from scumble.music.melody import melody_events
from scumble.music.plan import Event, Plan
from scumble.music.playing import (
    arpeggio_events,
    bass_events,
    chord_events,
    ending_events,
    pad_events,
    takes_part,
)
from scumble.music.score import ChordSpan, ControlPoint, Mode, Score, Track
from scumble.music.style import Part, Style
from scumble.music.styles import STYLES
from scumble.music.timing import Grid, Pulse, grid_from_length, grid_from_tempo
from scumble.music.wishes import MAX_DURATION_S, MOODS, Wishes, check_name

_RISE = 0.08
"""From this much more energy on, a riser leads to the next section."""


def compose(wishes: Wishes, seed: int = 0) -> Score:
    """Returns a piece of music that fulfils the wishes, exactly as long as they say; the same for the same seed.

    Raises ParamError for an unknown style and for markers that leave no room for a beat.
    """
    return score_from_plan(plan_from_wishes(wishes, seed), seed, None if wishes.melody else ())


def plan_from_wishes(wishes: Wishes, seed: int = 0) -> Plan:
    """Returns form and harmony without notes. Raises as `compose`."""
    check_name("style", wishes.style, STYLES)
    style = STYLES[wishes.style]
    chance = Chance(seed).at("music", style.name)
    mood = wishes.mood_in(style.mood)
    grid = _grid(wishes, style, mood.energy, chance)
    sections = sections_from_grid(grid, wishes, mood.energy)
    mode: Mode = wishes.mode or style.modes[mood.valence < 0.5]
    tonic = chance.integer(12, "key") if wishes.tonic is None else wishes.tonic
    key = Key(tonic, mode, wishes.strict)
    energies = bar_energies(grid, sections, wishes, mood.energy)
    harmony = harmony_from_sections(sections, grid.bars, style, key, chance.at("harmony"), loop=wishes.loop)
    return Plan(style, key, grid, sections, energies, harmony, wishes.loop, chance, wishes.groove)


def score_from_plan(
    plan: Plan,
    seed: int,
    melody: tuple[Event, ...] | None = None,
    lines: Mapping[str, tuple[Event, ...]] | None = None,
) -> Score:
    """Returns the notes of a plan; `seed` is what it was drawn from.

    `melody` replaces the melody that would be invented, and `lines` what the parts of those names would play; an
    empty one leaves it out. Of a plan with another harmony (dataclasses.replace) the parts play that.
    """
    written = dict(lines or {})
    if melody is not None:
        written |= {part.name: melody for part in plan.style.parts if part.role == "melody"}
    tracks = [_track(part, plan, written.get(part.name)) for part in plan.style.parts]
    seconds = plan.grid.tempo.seconds_from_beat
    chords = tuple(
        ChordSpan(seconds(start), seconds(end), chord.root, chord.pitch_classes, chord.symbol)
        for start, end, chord in plan.harmony
    )
    return Score(
        tracks=tuple(track for track in tracks if track.notes),
        tempo=plan.grid.tempo,
        bars=plan.bars,
        sections=plan.sections,
        chords=chords,
        length_samples=plan.grid.tempo.anchors[-1][1],
        loop=plan.loop,
        style=plan.style.name,
        key=plan.key.tonic,
        mode=plan.key.mode,
        seed=seed,
    )


def pieces(seed: int = 0, *, min_s: float = 20, max_s: float = 120) -> Iterator[Score]:
    """Yields scores without end, of all styles and moods in turn, for training: the nth depends on `seed` and n only.

    Lengths lie between `min_s` and `max_s` seconds. Raises ParamError when those are no durations.
    """
    Wishes(min_s), Wishes(max(min_s, max_s))
    names, moods = list(STYLES), list(MOODS)
    number = 0
    while True:
        chance = Chance(seed).at("piece", number)
        wishes = Wishes(
            duration_s=min(chance.between(min_s, max_s, "length"), MAX_DURATION_S),
            style=names[number % len(names)],
            mood=chance.choice(moods, "mood"),
        )
        yield compose(wishes, chance.integer(1 << 24, "seed"))
        number += 1


def _grid(wishes: Wishes, style: Style, energy: float, chance: Chance) -> Grid:
    slowest, calm, energetic, fastest = style.bpm
    if wishes.tempo_bpm is None:
        bpm = (calm + (energetic - calm) * energy) * chance.between(0.97, 1.03, "tempo")
        pulse = Pulse(min(max(bpm, slowest), fastest), slowest, fastest, style.metre)
    else:
        pulse = Pulse(wishes.tempo_bpm, wishes.tempo_bpm * 0.93, wishes.tempo_bpm * 1.07, style.metre)
        if not wishes.loop and not wishes.markers_s:
            return grid_from_tempo(wishes.length_samples, pulse)
    return grid_from_length(wishes.length_samples, wishes.marker_samples, pulse, loop=wishes.loop)


def _track(part: Part, plan: Plan, written: tuple[Event, ...] | None) -> Track:
    events = _events(part, plan) if written is None else list(written)
    if written is None and part.playing not in ("drums", "riser"):
        events += ending_events(part, plan, max(events).pitch if events else None)
    program = plan.chance.choice(part.programs, part.name, "program")
    notes = notes_from_events(events, part, plan)
    expression = _swells(plan) if part.playing == "pad" else ()
    gain_db = part.gain_db + trim_db(part.role, program)
    return Track(part.name, part.role, program, notes, gain_db, part.pan, part.reverb, expression)


def _events(part: Part, plan: Plan) -> list[Event]:
    players = {
        "drums": drum_events,
        "bass": bass_events,
        "chords": chord_events,
        "strum": chord_events,
        "arpeggio": arpeggio_events,
        "pad": pad_events,
        "melody": melody_events,
        "riser": _riser_events,
    }
    return players[part.playing](part, plan)


def _riser_events(part: Part, plan: Plan) -> list[Event]:
    """A swell through the bar before a section that has more energy."""
    events = []
    for section, following in zip(plan.sections, plan.sections[1:], strict=False):
        if following.energy - section.energy >= _RISE and takes_part(part, following):
            bar = plan.bars[section.first_bar + section.bars - 1]
            pitch = part.low + (plan.key.tonic - part.low) % 12
            events.append(Event(max(bar.end_beat - 4, bar.start_beat), bar.end_beat, pitch, part.level))
    return events


def _swells(plan: Plan) -> tuple[ControlPoint, ...]:
    """Held tones follow the energy, bar by bar."""
    seconds = plan.grid.tempo.seconds_from_beat
    pairs = zip(plan.bars, plan.energies, strict=True)
    return tuple(ControlPoint(seconds(bar.start_beat), 0.55 + 0.45 * energy) for bar, energy in pairs)
