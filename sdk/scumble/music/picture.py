"""A score to look at: sections, piano roll, drums, energy and, where there is a sound, its waveform."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from scumble.errors import ParamError
from scumble.media.arrays import image_from_array
from scumble.media.audio import Audio
from scumble.media.image import Image
from scumble.music.lettering import dots_from_text
from scumble.music.score import Note, Role, Score, Track
from scumble.music.theory import KEYS

Canvas = NDArray[np.float32]
_Rgb = tuple[int, int, int]

_GROUND: _Rgb = (22, 24, 31)
_LANE: _Rgb = (29, 32, 41)
_LINE: _Rgb = (44, 48, 60)
_INK: _Rgb = (214, 218, 228)
_FAINT: _Rgb = (128, 134, 150)
_COLORS: dict[Role, _Rgb] = {
    "melody": (255, 196, 84),
    "chords": (98, 176, 255),
    "arpeggio": (116, 222, 190),
    "pad": (112, 110, 190),
    "bass": (240, 112, 120),
    "drums": (186, 192, 206),
    "effects": (214, 132, 232),
}
_SECTIONS: dict[str, _Rgb] = {
    "A": (64, 92, 140),
    "B": (150, 84, 96),
    "C": (84, 120, 96),
    "D": (60, 110, 128),
    "E": (136, 92, 130),
    "intro": (70, 72, 92),
    "outro": (70, 72, 92),
}
_ORDER: tuple[Role, ...] = ("pad", "effects", "arpeggio", "chords", "bass", "melody")
_MIN_WIDTH, _MIN_HEIGHT, _MAX_SIDE = 480, 320, 16384
_EDGE = 14
_HEAD, _BAND, _GAP = 30, 22, 8


def picture_from_score(score: Score, audio: Audio | None = None, *, width: int = 1600, height: int = 900) -> Image:
    """Returns a picture of `width` by `height` pixels, RGB of 8 bits; time goes to the right.

    `audio` adds its waveform below. Raises ParamError for sides below 480 by 320 or beyond 16384 pixels.
    """
    if not (_MIN_WIDTH <= width <= _MAX_SIDE and _MIN_HEIGHT <= height <= _MAX_SIDE):
        hint = f"Give {_MIN_WIDTH} by {_MIN_HEIGHT} to {_MAX_SIDE} by {_MAX_SIDE} pixels."
        raise ParamError(f"A picture of {width} by {height} pixels shows no score", hint, "param.size")
    canvas = np.empty((height, width, 3), np.float32)
    canvas[:] = _GROUND
    left, right = _EDGE, width - _EDGE
    _headline(canvas, score, left, right)
    top = _HEAD + _EDGE
    _section_band(canvas, score, (top, top + _BAND), (left, right))
    body_top, body_end = top + _BAND + 4, height - _EDGE
    wave = (body_end - body_top) // 5 if audio is not None else 0
    energy = 26
    drums = min(120, (body_end - body_top) // 5) if any(track.is_drums for track in score.tracks) else 0
    roll_end = body_end - wave - energy - drums - _GAP * (1 + bool(drums) + bool(wave))
    _grid(canvas, score, (body_top, roll_end), (left, right))
    _roll(canvas, score, (body_top, roll_end), (left, right))
    drums_top = roll_end + _GAP * bool(drums)
    if drums:
        _grid(canvas, score, (drums_top, drums_top + drums), (left, right))
        _drums(canvas, score, (drums_top, drums_top + drums), (left, right))
    energy_top = drums_top + drums + _GAP
    _energy(canvas, score, (energy_top, energy_top + energy), (left, right))
    if audio is not None:
        _waveform(canvas, audio, score.length_s, (body_end - wave, body_end), (left, right))
    return image_from_array(np.clip(canvas + 0.5, 0, 255).astype(np.uint8))


def _fill(canvas: Canvas, rows: tuple[float, float], columns: tuple[float, float], color: _Rgb, alpha: float) -> None:
    """Paint a rectangle; where its sides cut through a pixel, the pixel takes a share of the colour."""
    for low, high, share in _spans(columns[0], columns[1], canvas.shape[1]):
        top, end = round(rows[0]), max(round(rows[1]), round(rows[0]) + 1)
        patch = canvas[top:end, low:high]
        patch += (np.array(color, np.float32) - patch) * np.float32(alpha * share)


def _spans(start: float, end: float, limit: int) -> list[tuple[int, int, float]]:
    end = min(max(end, start + 1.0), limit)
    first, last = int(start), int(end)
    if first == last:
        return [(first, first + 1, end - start)]
    return [(first, first + 1, first + 1 - start), (first + 1, last, 1.0), (last, last + 1, end - last)]


def _write(canvas: Canvas, text: str, y: int, x: int, color: _Rgb, scale: int = 1) -> int:
    """Put letters at a place, cut at the canvas's edge; returns where the next ones go."""
    dots = dots_from_text(text, scale)[:, : max(canvas.shape[1] - x, 0)]
    canvas[y : y + dots.shape[0], x : x + dots.shape[1]][dots] = color
    return x + int(dots.shape[1])


def _headline(canvas: Canvas, score: Score, left: int, right: int) -> None:
    bpm = score.tempo.bpm_at(0)
    title = f"{score.style}  {KEYS[score.key]} {score.mode}  {bpm:.1f} bpm  {score.length_s:.2f} s"
    _write(canvas, title, _EDGE, left, _INK, 2)
    x = right
    for track in reversed(score.tracks):
        label = dots_from_text(track.name).shape[1]
        x -= label + 20
        if x < left + dots_from_text(title, 2).shape[1] + 20:
            return
        _fill(canvas, (_EDGE + 2, _EDGE + 11), (x, x + 9), _COLORS[track.role], 1.0)
        _write(canvas, track.name, _EDGE + 3, x + 13, _FAINT)


def _x(time_s: float, score: Score, columns: tuple[int, int]) -> float:
    return columns[0] + (columns[1] - columns[0]) * min(time_s / score.length_s, 1.0)


def _section_band(canvas: Canvas, score: Score, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    for section in score.sections:
        start, end = _x(section.start_s, score, columns), _x(section.end_s, score, columns)
        _fill(canvas, rows, (start, end - 2), _SECTIONS.get(section.name, (90, 90, 90)), 1.0)
        label = section.name + "'" * min(section.variant, 3)
        if dots_from_text(label).shape[1] + 12 < end - start:
            _write(canvas, label, rows[0] + 8, round(start) + 6, _INK)


def _grid(canvas: Canvas, score: Score, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """A lane with a line at each bar, or where those would touch, at each fourth."""
    _fill(canvas, rows, columns, _LANE, 1.0)
    each = 1
    while (columns[1] - columns[0]) * each / len(score.bars) < 10:
        each *= 4
    for bar in score.bars[::each]:
        x = _x(score.tempo.seconds_from_beat(bar.start_beat), score, columns)
        _fill(canvas, rows, (round(x), round(x) + 1), _LINE, 1.0)


def _roll(canvas: Canvas, score: Score, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    tonal = [track for track in score.tracks if not track.is_drums]
    pitches = [note.pitch for track in tonal for note in track.notes]
    if not pitches:
        return
    low, high = min(pitches) - 2, max(pitches) + 2
    row = (rows[1] - rows[0]) / (high - low + 1)

    def top(pitch: int) -> float:
        return rows[1] - (pitch - low + 1) * row

    for pitch in range(low - low % 12 + 12, high, 12):
        _fill(canvas, (top(pitch) + row - 1, top(pitch) + row), columns, _LINE, 1.0)
        _write(canvas, f"C{pitch // 12 - 1}", round(top(pitch) + row) - 9, columns[0] + 3, _FAINT)
    for track in sorted(tonal, key=lambda track: _ORDER.index(track.role)):
        for note in track.notes:
            _note(canvas, note, track, (top(note.pitch), top(note.pitch) + max(row - 1, 2)), score, columns)


def _note(
    canvas: Canvas, note: Note, track: Track, rows: tuple[float, float], score: Score, columns: tuple[int, int]
) -> None:
    alpha = (0.3 if track.role in ("pad", "effects") else 0.5) + 0.5 * note.velocity
    start, end = _x(note.start_s, score, columns), _x(note.end_s, score, columns)
    _fill(canvas, rows, (start, max(end - 0.5, start + 1.5)), _COLORS[track.role], min(alpha, 1.0))


def _drums(canvas: Canvas, score: Score, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """One line a drum, the lowest key at the bottom."""
    notes = [note for track in score.tracks if track.is_drums for note in track.notes]
    keys = sorted({note.pitch for note in notes})
    for note in notes:
        row = (rows[1] - rows[0]) / len(keys)
        end = rows[1] - keys.index(note.pitch) * row
        size = max((row - 2) * note.velocity, 2)
        middle, x = end - row / 2, _x(note.start_s, score, columns)
        _fill(
            canvas, (middle - size / 2, middle + size / 2), (x, x + 2.5), _COLORS["drums"], 0.35 + 0.6 * note.velocity
        )


def _energy(canvas: Canvas, score: Score, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    _fill(canvas, rows, columns, _LANE, 1.0)
    for section in score.sections:
        across = _x(section.start_s, score, columns), _x(section.end_s, score, columns) - 2
        height = (rows[1] - rows[0]) * section.energy
        _fill(canvas, (rows[1] - height, rows[1]), across, _COLORS["melody"], 0.45)
    _write(canvas, "energy", rows[0] + 4, columns[0] + 4, _FAINT)


def _waveform(canvas: Canvas, audio: Audio, length_s: float, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """Lowest and highest sample of each column, the root mean square brighter within; the loudest fills the lane."""
    _fill(canvas, rows, columns, _LANE, 1.0)
    samples = np.frombuffer(audio.data, np.float32).reshape(-1, audio.channels).mean(axis=1)
    width = round((columns[1] - columns[0]) * min(audio.duration_s / length_s, 1.0))
    samples = samples / max(float(np.abs(samples).max()), 1e-6)
    middle, half = (rows[0] + rows[1]) / 2, (rows[1] - rows[0]) / 2 - 2
    edges = np.linspace(0, len(samples), max(width, 1) + 1).astype(int)
    for column, (start, end) in enumerate(itertools.pairwise(edges)):
        part = np.clip(samples[start : max(end, start + 1)], -1, 1)
        x = columns[0] + column
        mean = float(np.sqrt(np.mean(np.square(part, dtype=np.float64))))
        across = (x, x + 1.0)
        _fill(
            canvas,
            (middle - half * float(part.max()), middle - half * float(part.min())),
            across,
            _COLORS["chords"],
            0.5,
        )
        _fill(canvas, (middle - half * mean, middle + half * mean), across, _COLORS["chords"], 0.9)
