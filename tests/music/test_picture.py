"""The picture of a score: notes lie where they sound, sections are told apart, a sound's waveform is seen."""

from __future__ import annotations

import numpy as np
import pytest

from scumble.errors import ParamError
from scumble.media.arrays import array_from_image
from scumble.media.audio import Audio
from scumble.music import Score, Wishes, compose, picture_from_score
from scumble.music.lettering import dots_from_text


def test_notes_lie_where_they_sound(score_of_lofi: Score) -> None:
    pixels = array_from_image(picture_from_score(score_of_lofi, width=1000, height=600)).astype(int)
    assert pixels.shape == (600, 1000, 3)
    yellow = (pixels[80:, :, 0] > 170) & (pixels[80:, :, 2] < 130) & (pixels[80:, :, 1] > 120)
    melody = score_of_lofi.track("melody").notes
    places = np.flatnonzero(yellow[:330].any(axis=0))
    first = 14 + 972 * melody[0].start_s / score_of_lofi.length_s
    last = 14 + 972 * max(note.end_s for note in melody) / score_of_lofi.length_s
    assert abs(places[0] - first) <= 2
    assert abs(places[-1] - last) <= 3
    highest = max(melody, key=lambda note: note.pitch)
    lowest = min(melody, key=lambda note: note.pitch)

    def row(time_s: float) -> float:
        column = round(14 + 972 * (time_s + 0.05) / score_of_lofi.length_s)
        return float(np.flatnonzero(yellow[:330, column]).mean())

    assert row(highest.start_s) < row(lowest.start_s) - 10


def test_a_sound_adds_its_waveform(score_of_lofi: Score) -> None:
    samples = np.zeros((score_of_lofi.length_samples, 2), np.float32)
    samples[: len(samples) // 2] = 0.3 * np.sin(np.arange(len(samples) // 2) * 0.05)[:, None]
    audio = Audio(samples.tobytes(), 2, 48_000)
    pixels = array_from_image(picture_from_score(score_of_lofi, audio, width=1000, height=600)).astype(int)
    lane = pixels[500:580]
    blue = (lane[:, :, 2] > 120).sum(axis=0)
    assert blue[20:480].min() > 60
    assert blue[520:980].max() <= 2


@pytest.mark.parametrize(("width", "height"), [(100, 600), (1000, 100), (40_000, 600)])
def test_sizes_that_show_nothing_are_refused(score_of_lofi: Score, width: int, height: int) -> None:
    with pytest.raises(ParamError):
        picture_from_score(score_of_lofi, width=width, height=height)


@pytest.mark.parametrize("duration_s", [1, 1800])
def test_the_shortest_and_the_longest_fit(duration_s: float) -> None:
    image = picture_from_score(compose(Wishes(duration_s, "trailer", energy=0.2), 1), width=480, height=320)
    assert array_from_image(image).std() > 5


def test_letters_are_dots() -> None:
    dots = dots_from_text("il-1", 2)
    assert dots.shape == (14, 48)
    assert dots.any()
    assert not dots_from_text("\u00e9 ").any()
    assert dots_from_text("").shape == (7, 0)
