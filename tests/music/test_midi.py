"""MIDI: what is written comes back, other programs' files are understood, broken ones are refused."""

from __future__ import annotations

import dataclasses
import random
import struct

import pytest

from scumble.errors import MediaError
from scumble.music import STYLES, Score, Wishes, compose, midi_from_score, score_from_midi
from scumble.music.midi import TICKS_PER_BEAT


def chunk(*events: bytes) -> bytes:
    body = b"".join(events) + b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(body)) + body


def file_of(*chunks: bytes, kind: int = 1, division: int = 480) -> bytes:
    return b"MThd" + struct.pack(">IHHH", 6, kind, len(chunks), division) + b"".join(chunks)


@pytest.mark.parametrize("style", sorted(STYLES))
@pytest.mark.parametrize("loop", [False, True])
def test_a_score_comes_back(style: str, loop: bool) -> None:
    score = compose(Wishes(47.3, style, markers_s=(11.7, 30.02), mode="dorian", loop=loop), 4)
    read = score_from_midi(midi_from_score(score))
    assert (read.key, read.mode, read.bars) == (score.key, score.mode, score.bars)
    assert [section[:4] for section in read.sections] == [section[:4] for section in score.sections]
    assert abs(read.length_samples - score.length_samples) <= 1
    assert len(read.tracks) == len(score.tracks)
    for track, other in zip(score.tracks, read.tracks, strict=True):
        assert (track.name, track.role, track.program) == (other.name, other.role, other.program)
        assert other.gain_db == pytest.approx(track.gain_db, abs=0.5)
        assert other.pan == pytest.approx(track.pan, abs=0.01)
        assert other.reverb == pytest.approx(track.reverb, abs=0.01)
        assert [note.pitch for note in sorted(other.notes, key=by_pitch)] == [
            note.pitch for note in sorted(track.notes, key=by_pitch)
        ]
        for note, heard in zip(sorted(track.notes, key=by_pitch), sorted(other.notes, key=by_pitch), strict=True):
            tick_s = 60 / score.tempo.bpm_at(score.tempo.beat_from_seconds(note.start_s)) / TICKS_PER_BEAT
            assert heard.start_s == pytest.approx(note.start_s, abs=0.51 * tick_s + 2e-5)
            assert heard.velocity == pytest.approx(note.velocity, abs=1 / 253)


def by_pitch(note: tuple[float, float, int, float]) -> tuple[int, float]:
    return note[2], note[0]


@pytest.mark.parametrize("duration_s", [1.0, 3.21, 61.7, 600.3, 1799.99])
def test_bars_stay_exact_over_any_length(duration_s: float) -> None:
    score = compose(Wishes(duration_s, "piano"), 1)
    bare = dataclasses.replace(score, tracks=score.tracks[-1:])
    read = score_from_midi(midi_from_score(bare))
    for bar in score.bars[1:]:
        exact, heard = score.tempo.seconds_from_beat(bar.start_beat), read.tempo.seconds_from_beat(bar.start_beat)
        assert heard == pytest.approx(exact, abs=2.5e-5), "one sample at 48 kHz"


def test_another_programs_file_is_understood() -> None:
    tempo = b"\x00\xff\x51\x03" + (400_000).to_bytes(3, "big") + b"\x00\xff\x58\x04\x03\x02\x18\x08"
    late = b"\x8b\x20\xff\x51\x03" + (800_000).to_bytes(3, "big")  # after 1440 ticks, three beats
    lead = b"\x00\x90\x48\x64\x83\x60\x48\x00\x00\x4a\x50\x83\x60\x4a\x00"  # running status, two quarters
    low = b"\x00\xc1\x21\x00\x91\x24\x7f\x87\x40\x81\x24\x40"
    beat = b"\x00\x99\x24\x60\x83\x60\x99\x24\x60\x83\x60\x89\x24\x00"
    held = b"\x00\xf0\x03\x01\x02\xf7\x00\x92\x3c\x40\x00\x40\x40\x00\x43\x40"
    read = score_from_midi(
        file_of(chunk(tempo, late), chunk(lead, b"\x83\x60\x80\x01\x00"), chunk(low), chunk(beat, held))
    )
    assert [(track.name, track.role) for track in read.tracks] == [
        ("track-2", "melody"),
        ("track-3", "bass"),
        ("track-4", "chords"),
        ("track-4-2", "drums"),
    ]
    assert read.tempo.bpm_at(0) == pytest.approx(150)
    assert read.bars[0].beats == 3
    lead_notes = read.tracks[0].notes
    assert [(note.pitch, round(note.start_s, 3), round(note.end_s, 3)) for note in lead_notes] == [
        (72, 0, 0.4),
        (74, 0.4, 0.8),
    ]
    assert lead_notes[0].velocity == pytest.approx(100 / 127)
    assert read.chords == ()
    assert read.sections[0].name == "A"


BROKEN = {
    "empty": b"",
    "no MIDI": b"RIFF" + bytes(40),
    "short header": b"MThd\x00\x00\x00\x02\x00\x01",
    "format 2": file_of(chunk(b"\x00\x90\x40\x40\x10\x80\x40\x00"), kind=2),
    "film frames": file_of(chunk(b"\x00\x90\x40\x40\x10\x80\x40\x00"), division=0xE728),
    "no ticks": file_of(chunk(), division=0),
    "no note": file_of(chunk()),
    "cut": file_of(chunk(b"\x00\x90\x40\x40"))[:-3],
    "no status": file_of(chunk(b"\x00\x40\x40")),
    "endless number": file_of(chunk(b"\xff\xff\xff\xff\xff\x90\x40\x40")),
    "value beyond 127": file_of(chunk(b"\x00\x90\x90\x40")),
    "unknown status": file_of(chunk(b"\x00\xf1\x00")),
    "endless tempo": file_of(chunk(b"\x00\xff\x51\x03\x00\x00\x00\x00\x90\x40\x40\x10\x80\x40\x00")),
    "years": file_of(chunk(b"\x00\x90\x40\x40", b"\xff\xff\xff\x7f\x80\x40\x00"), division=1),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused(name: str) -> None:
    with pytest.raises(MediaError) as caught:
        score_from_midi(BROKEN[name])
    assert caught.value.code == "media.midi"
    assert caught.value.hint


def test_damage_anywhere_is_survived(score_of_lofi: Score) -> None:
    data = midi_from_score(score_of_lofi)
    draw = random.Random(3)  # noqa: S311  # damage, no secret
    refused = 0
    for _ in range(150):
        damaged = bytearray(data[: draw.randrange(len(data))] if draw.random() < 0.3 else data)
        for _ in range(draw.randrange(1, 8)):
            if damaged:
                damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        try:
            read = score_from_midi(bytes(damaged))
            assert read.tracks
        except MediaError:
            refused += 1
    assert 0 < refused < 150


def test_more_tracks_than_channels_are_refused(score_of_lofi: Score) -> None:
    bass = score_of_lofi.track("bass")
    tracks = tuple(dataclasses.replace(bass, name=f"bass-{number}") for number in range(16))
    with pytest.raises(MediaError):
        midi_from_score(dataclasses.replace(score_of_lofi, tracks=tracks))
