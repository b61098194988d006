"""Standard MIDI files, read: whatever program wrote them, and whatever may be wrong with them."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Iterator
from typing import get_args

from scumble.music.midi import DRUM_CHANNEL, FULL_GAIN, KEY_TEXT, ROLE_TEXT
from scumble.music.midi_events import Message, broken, tracks_from_midi
from scumble.music.score import SAMPLE_RATE_HZ, Bar, ControlPoint, Mode, Note, Role, Score, Section, TempoMap, Track
from scumble.music.theory import KEYS, SCALES

MAX_MIDI_BYTES = 8 << 20
_MAX_NOTES, _MAX_BEATS = 200_000, 40_000
_SLOWEST_US, _FASTEST_US = 6_000_000, 50_000


def score_from_midi(data: bytes) -> Score:
    """Returns the notes, tempo, bars and named places of a standard MIDI file of format 0 or 1.

    A file written by `midi_from_score` comes back with its tracks, times within half of 1/960 beat and velocities
    within 1/254. Of others each channel of each track is a part, whose role is guessed. Chords are not in a MIDI
    file, so there are none. Raises MediaError for what is broken, too large, of format 2, timed by film frames, or
    without a note.
    """
    if len(data) > MAX_MIDI_BYTES:
        raise broken(f"it has {len(data)} bytes and {MAX_MIDI_BYTES} are the most that are read")
    ticks_per_beat, tracks = tracks_from_midi(data)
    messages = [message for track in tracks for message in track if message.status == 0xFF]
    end = max((track[-1].tick for track in tracks if track), default=0)
    beats = max(-(-end // ticks_per_beat), 1)
    if beats > _MAX_BEATS:
        raise broken(f"it has {beats} beats and {_MAX_BEATS} are the most that are read")
    tempo = _tempo_map(messages, ticks_per_beat, beats)
    parts = [part for number, track in enumerate(tracks) for part in _parts(track, number, ticks_per_beat, tempo)]
    if not parts:
        raise broken("there is no note in it")
    bars = _bars(messages, ticks_per_beat, beats)
    key, mode = _key(messages)
    sections = _sections(messages, ticks_per_beat, bars, tempo)
    return Score(_uniquely_named(parts), tempo, bars, sections, (), tempo.anchors[-1][1], False, "midi", key, mode, 0)


def _tempo_map(messages: list[Message], ticks_per_beat: int, beats: int) -> TempoMap:
    """Each beat's time, exactly; anchors where the tempo changes and at the end."""
    changes = {0: 500_000}
    for message in sorted(messages, key=lambda message: message.tick):
        if message.data[0] == 0x51 and len(message.data) == 4:
            us = int.from_bytes(message.data[1:], "big")
            if not _FASTEST_US <= us <= _SLOWEST_US:
                raise broken(f"its tempo is {60e6 / us:g} beats a minute" if us else "its tempo is infinite")
            changes[message.tick] = us
    anchors = [(0, 0)]
    ticks = sorted(changes)
    elapsed, tick = 0.0, 0
    inside = 0
    for beat in range(1, beats + 1):
        end, changed = beat * ticks_per_beat, False
        while tick < end:
            following = ticks[inside + 1] if inside + 1 < len(ticks) else end
            step = min(following, end)
            elapsed += (step - tick) * changes[ticks[inside]] / ticks_per_beat
            tick = step
            if inside + 1 < len(ticks) and tick == ticks[inside + 1]:
                inside, changed = inside + 1, True
        if changed or beat == beats or ticks[inside] > (beat - 1) * ticks_per_beat:
            anchors.append((beat, round(elapsed * SAMPLE_RATE_HZ / 1e6)))
    return TempoMap(tuple(anchors))


def _parts(track: list[Message], number: int, ticks_per_beat: int, tempo: TempoMap) -> Iterator[Track]:
    texts = {0x01: "", 0x03: ""}
    for message in track:
        if message.status == 0xFF and message.data[0] in texts and not texts[message.data[0]]:
            texts[message.data[0]] = message.data[1:].decode("ascii", "replace")
    for channel in range(16):
        own = [message for message in track if message.status < 0xF0 and message.status & 0xF == channel]

        def seconds(tick: int) -> float:
            return tempo.seconds_from_beat(tick / ticks_per_beat)

        notes = tuple(
            Note(seconds(start), seconds(end), pitch, velocity / 127)
            for start, end, pitch, velocity in _paired(own, ticks_per_beat)
        )
        if not notes:
            continue
        values = {7: 100, 10: 64, 91: 25}
        program, swells = 0, []
        for message in own:
            if message.status >> 4 == 0xC:
                program = message.data[0]
            elif message.status >> 4 == 0xB and message.data[0] in values:
                values[message.data[0]] = message.data[1]
            elif message.status >> 4 == 0xB and message.data[0] == 11:
                swells.append(ControlPoint(seconds(message.tick), message.data[1] / 127))
        stated = texts[0x01].removeprefix(ROLE_TEXT)
        role: Role = stated if stated in get_args(Role) else _guessed_role(notes, program, channel)  # type: ignore[assignment]  # one of them
        gain_db = _gain_db(values[7])
        pan = min(max((values[10] - 63.5) / 63.5, -1.0), 1.0)
        full = all(point.value == 1 for point in swells)
        name = _plain_name(texts[0x03]) or f"track-{number + 1}"
        yield Track(name, role, program, notes, gain_db, pan, values[91] / 127, () if full else tuple(swells))


def _paired(own: list[Message], ticks_per_beat: int) -> list[tuple[int, int, int, int]]:
    """Start and end tick, pitch and velocity of each note; one that never ends has a beat."""
    sounding: dict[int, tuple[int, int]] = {}
    notes: list[tuple[int, int, int, int]] = []

    def end(pitch: int, tick: int) -> None:
        start, velocity = sounding.pop(pitch)
        if tick > start:
            notes.append((start, tick, pitch, velocity))
        if len(notes) > _MAX_NOTES:
            raise broken(f"it has more than {_MAX_NOTES} notes")

    for message in own:
        kind, pitch = message.status >> 4, message.data[0]
        if kind in (8, 9) and pitch in sounding:
            end(pitch, message.tick)
        if kind == 9 and message.data[1]:
            sounding[pitch] = message.tick, message.data[1]
    for pitch in list(sounding):
        end(pitch, sounding[pitch][0] + ticks_per_beat)
    return sorted(notes)


def _guessed_role(notes: tuple[Note, ...], program: int, channel: int) -> Role:
    if channel == DRUM_CHANNEL:
        return "drums"
    mean = sum(note.pitch for note in notes) / len(notes)
    if 32 <= program <= 39 or mean < 48:
        return "bass"
    together = sum(later.start_s < earlier.end_s - 0.05 for earlier, later in itertools.pairwise(notes))
    if together * 3 > len(notes):
        return "pad" if 48 <= program <= 54 or 88 <= program <= 95 else "chords"
    return "melody"


def _gain_db(volume: int) -> float:
    """The fader that a volume of 0 to 127 stands for: -80 is silence."""
    low, high = -80.0, 20.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if FULL_GAIN * 10 ** (middle / 40) < volume else (low, middle)
    return round(high, 2)


def _plain_name(text: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower())
    return "-".join(word for word in kept.split("-") if word)[:40]


def _uniquely_named(parts: list[Track]) -> tuple[Track, ...]:
    taken: set[str] = set()
    named = []
    for part in parts:
        name, number = part.name, 2
        while name in taken:
            name, number = f"{part.name}-{number}", number + 1
        taken.add(name)
        named.append(dataclasses.replace(part, name=name))
    return tuple(named)


def _bars(messages: list[Message], ticks_per_beat: int, beats: int) -> tuple[Bar, ...]:
    """Bars of whole quarters: of a metre that has none, such as 7/8, the next larger."""
    metres = {0: 4}
    for message in messages:
        if message.data[0] == 0x58 and len(message.data) >= 3 and message.data[1] and message.data[2] <= 6:
            quarters = -(-message.data[1] * 4 // (1 << message.data[2]))
            metres[message.tick // ticks_per_beat] = min(quarters, 16)
    starts = sorted(metres)
    bars: list[Bar] = []
    beat = 0
    while beat < beats:
        size = metres[starts[bisect.bisect_right(starts, beat) - 1]]
        following = bisect.bisect_right(starts, beat)
        until = min(starts[following], beats) if following < len(starts) else beats
        bars.append(Bar(beat, min(size, until - beat)))
        beat = bars[-1].end_beat
    return tuple(bars)


def _key(messages: list[Message]) -> tuple[int, Mode]:
    """Tonic and mode: as our own files say them, else by the key signature."""
    for message in messages:
        words = message.data[1:].decode("ascii", "replace").removeprefix(KEY_TEXT).split()
        if message.data[0] == 0x01 and len(words) == 2 and words[0] in KEYS and words[1] in SCALES:
            return KEYS.index(words[0]), words[1]
    for message in messages:
        if message.data[0] == 0x59 and len(message.data) == 3:
            sharps = (message.data[1] + 128) % 256 - 128
            minor = message.data[2] == 1
            return (sharps * 7 + (9 if minor else 0)) % 12, "minor" if minor else "major"
    return 0, "major"


def _sections(
    messages: list[Message], ticks_per_beat: int, bars: tuple[Bar, ...], tempo: TempoMap
) -> tuple[Section, ...]:
    """Sections between the named places; the whole is one called A when there are none."""
    starts = [bar.start_beat for bar in bars]
    names = {0: "A"}
    for message in messages:
        if message.data[0] == 0x06:
            bar = bisect.bisect_right(starts, message.tick // ticks_per_beat) - 1
            names[bar] = message.data[1:].decode("ascii", "replace")[:40]
    places = [*sorted(names), len(bars)]
    heard: dict[str, int] = {}
    sections = []
    for first, end in itertools.pairwise(places):
        name = names[first]
        times = tempo.seconds_from_beat(bars[first].start_beat), tempo.seconds_from_beat(bars[end - 1].end_beat)
        sections.append(Section(name, heard.get(name, 0), first, end - first, *times, 0.5))
        heard[name] = heard.get(name, 0) + 1
    return tuple(sections)
