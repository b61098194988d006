"""The mix bus and mastering against oracles: pyloudnorm for loudness, eight-fold oversampling by scipy for peaks."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from numpy.typing import NDArray
from scipy.signal import resample_poly
from tests.native.font_builder import KEY, RATE_HZ, sound_font

from scumble._native import (
    Resampler,
    SoundFont,
    apply_gains,
    loudness_and_peak,
    master_sound,
    play_tracks,
)
from scumble.errors import JobCancelled, ParamError

PIANO, KIT = (0, 0), (128, 0)
Frames = NDArray[np.float32]
Track = tuple[tuple[int, int], NDArray[np.int64], float, float, float, NDArray[np.float64] | None]


@pytest.fixture(scope="module")
def font() -> SoundFont:
    return SoundFont(sound_font(), [PIANO, KIT])


def notes(*rows: tuple[float, float, int, int]) -> NDArray[np.int64]:
    return np.array([(round(a * RATE_HZ), round(b * RATE_HZ), key, velocity) for a, b, key, velocity in rows], np.int64)


def band(seconds: float) -> list[Track]:
    tune = notes(
        *[(beat / 2, beat / 2 + 0.4, KEY - 12 + beat % 12, 60 + beat % 60) for beat in range(int(2 * seconds))]
    )
    low = notes((0, seconds, KEY - 24, 90))
    return [(PIANO, tune, -3.0, -0.5, 0.3, None), (KIT, tune, 0.0, 0.2, 0.1, None), (PIANO, low, -6.0, 0.0, 0.5, None)]


def silence(seconds: float) -> Frames:
    return np.zeros((round(seconds * RATE_HZ), 2), np.float32)


def lufs(sound: Frames) -> float:
    return float(pyloudnorm.Meter(RATE_HZ).integrated_loudness(sound.astype(np.float64)))


def true_peak_db(sound: Frames) -> float:
    return float(20 * np.log10(np.abs(resample_poly(sound.astype(np.float64), 8, 1, axis=0)).max()))


def test_a_key_sounds_at_its_pitch_and_time(font: SoundFont) -> None:
    mix = silence(2)
    play_tracks(font, [(PIANO, notes((0.5, 1.5, KEY + 12, 100)), 0.0, 0.0, 0.0, None)], mix)
    heard = np.abs(mix[:, 0]) > 0.01 * np.abs(mix).max()
    assert abs(int(np.argmax(heard)) - RATE_HZ // 2) < 60
    spectrum = np.abs(np.fft.rfft(mix[30_000:62_768, 0] * np.hanning(32_768)))
    assert abs(np.argmax(spectrum) * RATE_HZ / 32_768 - 880) < 2


def test_stems_add_up_and_change_nothing(font: SoundFont) -> None:
    tracks, mix, again = band(4), silence(4), silence(4)
    stems = [silence(4) for _ in tracks]
    play_tracks(font, tracks, mix, workers=1)
    play_tracks(font, tracks, again, stems, workers=3)
    assert np.array_equal(mix, again)
    assert np.abs(np.sum(stems, axis=0, dtype=np.float64) - mix).max() <= 1e-6
    assert np.abs(mix).max() > 0.05


def test_pan_and_level_are_where_they_are_put(font: SoundFont) -> None:
    tune = notes((0, 1, KEY, 100))
    left, quiet = silence(1), silence(1)
    stems = [silence(1), silence(1)]
    play_tracks(font, [(PIANO, tune, 0.0, -1.0, 0.0, None)], left)
    play_tracks(font, [(PIANO, tune, 0.0, 0.0, 0.0, None), (PIANO, tune, -12.0, 0.0, 0.0, None)], quiet, stems)
    assert np.abs(left[:, 1]).max() < 1e-6 < np.abs(left[:, 0]).max()
    assert np.allclose(stems[1], stems[0] * 10 ** (-12 / 20), atol=1e-6)


def test_expression_shapes_a_held_note(font: SoundFont) -> None:
    points = np.array([[0, 1.0], [RATE_HZ, 0.0]])
    held, shaped = silence(1), silence(1)
    for mix, curve in ((held, None), (shaped, points)):
        play_tracks(font, [(PIANO, notes((0, 1, KEY, 20)), -40.0, 0.0, 0.0, curve)], mix)
    late = slice(40_000, 44_000)
    ratio = np.abs(shaped[late]).max() / np.abs(shaped[4000:8000]).max()
    assert ratio < 0.3 * np.abs(held[late]).max() / np.abs(held[4000:8000]).max()


def test_a_loop_has_no_seam_and_keeps_its_tail(font: SoundFont) -> None:
    tracks: list[Track] = [(PIANO, notes((0.5, 2.4, KEY, 100)), 0.0, 0.0, 0.6, None)]
    mix, open_end = silence(2), silence(2)
    play_tracks(font, tracks, mix, cyclic=True)
    play_tracks(font, tracks, open_end, fade_out=2400)
    steps = np.abs(np.diff(mix[:, 0]))
    assert abs(float(mix[0, 0] - mix[-1, 0])) <= np.quantile(steps, 0.99)
    assert np.abs(mix[:9600]).max() > 0.1 * np.abs(mix).max()  # what was still held at the end
    assert np.abs(open_end[:9600]).max() < 1e-6
    assert np.abs(open_end[-1]).max() < 1e-6


@pytest.mark.parametrize("target", [-28.0, -14.0, -9.0])
def test_loudness_and_peak_are_those_of_the_oracles(font: SoundFont, target: float) -> None:
    mix, out = silence(6), silence(6)
    play_tracks(font, band(6), mix)
    gain_db = master_sound(mix, out, target_lufs=target)
    assert lufs(out) == pytest.approx(target, abs=0.1)
    assert true_peak_db(out) <= -1.0
    measured, peak = loudness_and_peak(out)
    assert measured == pytest.approx(target, abs=0.05)
    assert peak == pytest.approx(true_peak_db(out), abs=0.25)
    if target == -28.0:
        assert np.allclose(out, mix * 10 ** (gain_db / 20), atol=1e-6)


def test_a_sharp_peak_is_held_under_the_ceiling() -> None:
    rng = np.random.default_rng(1)
    mix = (0.02 * rng.standard_normal((RATE_HZ, 2))).astype(np.float32)
    mix[::7001] = 0.99 * rng.choice([-1, 1], (len(mix[::7001]), 2))
    out = np.zeros_like(mix)
    master_sound(mix, out, target_lufs=-12.0)
    assert true_peak_db(out) <= -1.0


def test_silence_and_a_second_are_no_trouble(font: SoundFont) -> None:
    mix, out = silence(1), silence(1)
    play_tracks(font, [(PIANO, notes().reshape(-1, 4), 0.0, 0.0, 0.0, None)], mix)
    assert master_sound(mix, out, target_lufs=-14.0) == 0.0
    assert not mix.any()
    assert not out.any()


def test_gains_are_applied_in_place() -> None:
    sound = np.ones((100, 2), np.float32)
    apply_gains(sound, np.array([[10.0, 1.0], [20.0, 0.5]]))
    assert (sound[9, 0], sound[15, 1], sound[50, 0]) == pytest.approx((1.0, 0.75, 0.5))


@pytest.mark.parametrize(("source", "target"), [(44_100, 48_000), (48_000, 16_000), (8000, 16_000), (22_050, 48_000)])
def test_rates_are_changed_as_scipy_does(source: int, target: int) -> None:
    rng = np.random.default_rng(2)
    slow = resample_poly(rng.standard_normal(source // 8), 8, 1).astype(np.float32)
    resampler = Resampler(source, target)
    ours = np.concatenate([*[resampler.push(part) for part in np.array_split(slow, 9)], resampler.finish()])
    oracle = resample_poly(slow.astype(np.float64), target, source)
    middle = slice(400, min(len(ours), len(oracle)) - 400)
    assert abs(len(ours) - len(slow) * target / source) <= 1
    assert np.abs(ours[middle] - oracle[middle]).max() < 0.02 * np.abs(oracle).max()


def test_progress_rises_and_can_stop_the_work(font: SoundFont) -> None:
    told: list[float] = []
    play_tracks(font, band(3), silence(3), progress=told.append)
    assert told == sorted(told)

    def stop(_: float) -> None:
        raise JobCancelled("enough")

    with pytest.raises(JobCancelled):
        play_tracks(font, band(3), silence(3), progress=stop)


@pytest.mark.parametrize(
    "change",
    [
        {"mix": np.zeros((0, 2), np.float32)},
        {"mix": np.zeros((100, 1), np.float32)},
        {"stems": [np.zeros((100, 2), np.float32)]},
        {"tracks": [(PIANO, np.zeros((1, 3), np.int64), 0.0, 0.0, 0.0, None)]},
        {"tracks": [(PIANO, np.array([[0, 1, 128, 1]]), 0.0, 0.0, 0.0, None)]},
        {"tracks": [(PIANO, np.array([[-1, 1, 60, 1]]), 0.0, 0.0, 0.0, None)]},
        {"tracks": [(PIANO, np.array([[0, 1, 60, 1]]), 0.0, 2.0, 0.0, None)]},
        {"tracks": [((0, 1), np.array([[0, 1, 60, 1]]), 0.0, 0.0, 0.0, None)]},
    ],
)
def test_wrong_shapes_and_values_are_refused(font: SoundFont, change: dict[str, object]) -> None:
    call: dict[str, object] = {"tracks": band(1), "mix": silence(1), "stems": []} | change
    with pytest.raises(ParamError):
        play_tracks(font, *call.values())  # type: ignore[arg-type]


def test_each_track_can_have_a_font_of_its_own(font: SoundFont) -> None:
    low = SoundFont(sound_font(rate_hz=RATE_HZ // 2), [PIANO])
    tune = (PIANO, notes((0, 1, KEY, 90)), 0.0, 0.0, 0.0, None)
    mix, stems = silence(1.2), [silence(1.2), silence(1.2)]
    play_tracks(font, [tune, tune], mix, stems, fonts=[font, low])
    pitches = [float(np.abs(np.fft.rfft(stem[:RATE_HZ, 0])).argmax()) for stem in stems]
    assert pitches == pytest.approx([440, 220], abs=1)
    assert np.abs(mix - stems[0] - stems[1]).max() < 1e-5
    one = silence(1.2)
    play_tracks(low, [tune], one)
    again = silence(1.2)
    play_tracks(font, [tune], again, fonts=[low])
    assert np.array_equal(one, again)
    with pytest.raises(ParamError):
        play_tracks(font, [tune, tune], mix, fonts=[font])
