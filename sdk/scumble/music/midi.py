"""Standard MIDI files, written: format 1, tempo, metre, key, sections and every track with its place in the mix."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from scumble.errors import MediaError
from scumble.music.score import SAMPLE_RATE_HZ, Score, Track
from scumble.music.theory import KEYS

TICKS_PER_BEAT = 960
DRUM_CHANNEL = 9
ROLE_TEXT = "scumble role "
"""Begins the text event that tells a reader what a track's part in the music is."""
FULL_GAIN = 80
"""The volume, 0 to 127, of a fader at 0 dB; above it there are 8 dB."""
KEY_TEXT = "scumble key "
"""The same for tonic and mode, of which a key signature tells but the relative major or minor."""
_SHARPS = {"major": 0, "mixolydian": -1, "dorian": -2, "minor": -3}
_Timed = tuple[int, int, bytes]
"""Tick, order at the same tick, message."""


def midi_from_score(score: Score) -> bytes:
    """Returns the score as a standard MIDI file.

    The tempo is written so that bars lie within 3 µs of the score's; notes lie on 1/960 of a beat, and what
    rings beyond the end of a loop is cut there. Raises MediaError
    for more than 15 tracks that are no drums, which is what MIDI has channels for.
    """
    if sum(not track.is_drums for track in score.tracks) > 15:
        raise MediaError("The score has more than 15 tracks", "MIDI has 16 channels, one for drums.", "media.midi")
    channels = iter([*range(DRUM_CHANNEL), *range(DRUM_CHANNEL + 1, 16)])
    chunks = [_chunk(_conductor(score), score)]
    for track in score.tracks:
        channel = DRUM_CHANNEL if track.is_drums else next(channels)
        chunks.append(_chunk(_messages(track, channel, score), score))
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(chunks), TICKS_PER_BEAT)
    return header + b"".join(chunks)


def _conductor(score: Score) -> Iterable[_Timed]:
    """What concerns all tracks: tempo and metre where they change, the key, the names of the sections."""
    yield 0, 0, _text(0x03, f"{score.style} {score.seed}")
    sharps = (_SHARPS[score.mode] + 7 * score.key) % 12
    yield (
        0,
        0,
        bytes((0xFF, 0x59, 2, (sharps if sharps <= 6 else sharps - 12) & 0xFF, score.mode in ("minor", "dorian"))),
    )
    yield 0, 0, _text(0x01, f"{KEY_TEXT}{KEYS[score.key]} {score.mode}")
    elapsed_us, tempo_us, beats = 0, 0, 0
    for bar in score.bars:
        tick = bar.start_beat * TICKS_PER_BEAT
        # Whole microseconds a beat drift; each bar makes up for the one before.
        end_us = score.tempo.sample_from_beat(bar.end_beat) / SAMPLE_RATE_HZ * 1e6
        now_us = round((end_us - elapsed_us) / bar.beats)
        if abs(now_us - tempo_us) * bar.beats > 1:
            tempo_us = now_us
            yield tick, 0, b"\xff\x51\x03" + tempo_us.to_bytes(3, "big")
        elapsed_us += tempo_us * bar.beats
        if bar.beats != beats:
            beats = bar.beats
            yield tick, 0, bytes((0xFF, 0x58, 4, beats, 2, 24, 8))
    for section in score.sections:
        yield score.bars[section.first_bar].start_beat * TICKS_PER_BEAT, 1, _text(0x06, section.name)


def _messages(track: Track, channel: int, score: Score) -> Iterable[_Timed]:
    yield 0, 0, _text(0x03, track.name)
    yield 0, 0, _text(0x01, ROLE_TEXT + track.role)
    yield 0, 0, bytes((0xC0 | channel, track.program))
    volume = round(FULL_GAIN * 10 ** (track.gain_db / 40))
    for controller, value in (
        (7, volume),
        (10, round(63.5 + 63.5 * track.pan)),
        (91, round(127 * track.reverb)),
        *(() if track.expression else ((11, 127),)),
    ):
        yield 0, 0, bytes((0xB0 | channel, controller, min(max(value, 0), 127)))
    for time_s, value in track.expression:
        yield _tick(score, time_s), 0, bytes((0xB0 | channel, 11, min(max(round(127 * value), 0), 127)))
    for note in track.notes:
        start = _tick(score, note.start_s)
        yield start, 3, bytes((0x90 | channel, note.pitch, max(round(127 * note.velocity), 1)))
        end = min(_tick(score, note.end_s), score.tempo.beats * TICKS_PER_BEAT)
        yield max(end, start + 1), 2, bytes((0x80 | channel, note.pitch, 0))


def _tick(score: Score, time_s: float) -> int:
    return max(round(score.tempo.beat_from_seconds(time_s) * TICKS_PER_BEAT), 0)


def _text(kind: int, text: str) -> bytes:
    data = text.encode("ascii", "replace")
    return bytes((0xFF, kind)) + _varied_length(len(data)) + data


def _chunk(messages: Iterable[_Timed], score: Score) -> bytes:
    """A track: messages in order with the ticks between them; it ends where the score does."""
    ordered = sorted(messages, key=lambda timed: timed[:2])
    end = max(score.tempo.beats * TICKS_PER_BEAT, ordered[-1][0])
    body, before = bytearray(), 0
    for tick, _, message in [*ordered, (end, 9, b"\xff\x2f\x00")]:
        body += _varied_length(tick - before) + message
        before = tick
    return struct.pack(">4sI", b"MTrk", len(body)) + bytes(body)


def _varied_length(number: int) -> bytes:
    """Seven bits a byte, the highest first; all but the last have their top bit set."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(0x80 | (number & 0x7F))
    return bytes(reversed(groups))
