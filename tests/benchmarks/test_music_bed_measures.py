"""The judges of the music bed give known answers on sounds and scores made for it, and see what is wrong."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from benchmarks.figures import rank_correlation, share
from benchmarks.music_bed import form, hearing, page, sheet, sound, speech
from benchmarks.music_bed.bars import NAMES, Bar, Part, bar_lines, part_from_stored
from benchmarks.music_bed.features import complete_bars, heard_major, in_key, told_apart
from numpy.typing import NDArray

from scumble.music import STYLES, Note, Score, Wishes, compose

RATE_HZ = hearing.RATE_HZ
ROOT = Path(__file__).resolve().parents[2]


def tone(hz: float, seconds: float = 4.0, level: float = 0.1, phase: float = 0.0) -> hearing.Sound:
    one = level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ + phase)
    return np.stack([one, one], axis=1).astype(np.float32)


def coloured(slope: float) -> hearing.Sound:
    """Noise whose octaves rise by so many dB; white is 3."""
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=1 << 18))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** ((slope - 3) / 20 / np.log10(2))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum)
    return np.stack([noise, noise], axis=1).astype(np.float32) / np.float32(np.abs(noise).max())


def test_a_share_has_an_interval_even_when_all_or_none_are_hits() -> None:
    assert list(share(0, 10)[:3]) == pytest.approx([0, 0, 0.2775], abs=1e-3)
    assert list(share(10, 10)[:3]) == pytest.approx([1, 0.7225, 1], abs=1e-3)
    assert share(50, 100).low == pytest.approx(0.4038, abs=1e-3)


def test_ranks_are_compared_with_any_order() -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert rank_correlation(values, np.array([30.0, 10.0, 20.0])) == pytest.approx(1)
    assert rank_correlation(values, -values) == pytest.approx(-1)
    assert rank_correlation(np.ones(3), values) == 0


def test_loudness_and_peaks_are_those_of_a_sine() -> None:
    for hertz in (60, 997, 6000):
        assert hearing.table_loudness_lufs(tone(hertz)) == pytest.approx(hearing.loudness_lufs(tone(hertz)), abs=0.1)
    assert hearing.table_loudness_lufs(tone(997, level=0.1)) == pytest.approx(-20, abs=0.01)
    quiet = np.concatenate((tone(997), tone(997, level=0.001)))
    assert hearing.table_loudness_lufs(quiet) == pytest.approx(-20, abs=0.2)  # gated, else 3 lower
    between = tone(RATE_HZ / 4, level=0.9, phase=np.pi / 4)
    assert 20 * np.log10(np.abs(between).max()) == pytest.approx(-3.93, abs=0.02)
    assert hearing.true_peak_dbtp(between * np.hanning(len(between))[:, None].astype(np.float32)) == pytest.approx(
        20 * np.log10(0.9), abs=0.02
    )
    middle = between[RATE_HZ : 2 * RATE_HZ] * np.hanning(RATE_HZ)[:, None].astype(np.float32)
    assert hearing.true_peak_dbtp(middle) == pytest.approx(20 * np.log10(0.9), abs=0.05)
    assert hearing.level_dbfs(tone(500, level=1.0)) == pytest.approx(-3.01, abs=0.01)


def test_faults_of_a_sound_are_seen() -> None:
    clean = coloured(-2) * np.float32(0.5)
    assert sound.health_of(clean).faults() == []
    off = clean + np.float32(0.01)
    assert hearing.dc_dbfs(off) == pytest.approx(-40, abs=0.5)
    assert "DC" in sound.health_of(off).faults()
    clipped = np.clip(clean, -0.1, 0.1)
    assert hearing.flat_tops(clean) == 0 < hearing.flat_tops(clipped)
    holed = clean.copy()
    holed[RATE_HZ : RATE_HZ * 5 // 2] = 0
    assert hearing.longest_silence_s(holed) == pytest.approx(1.5, abs=0.06)
    assert any("silent" in fault for fault in sound.health_of(holed).faults())
    inverse = clean * np.array([1, -1], np.float32)
    assert hearing.correlation(clean) == pytest.approx(1)
    assert hearing.correlation(inverse) == pytest.approx(-1)
    assert hearing.least_correlation(np.concatenate((clean[:RATE_HZ], inverse[:RATE_HZ]))) == pytest.approx(-1)
    assert any("phase" in fault for fault in sound.health_of(inverse).faults())
    assert any("tilt" in fault for fault in sound.health_of(coloured(3)).faults())


@pytest.mark.parametrize("slope", [-5.0, 0.0, 3.0])
def test_the_tilt_is_that_of_coloured_noise(slope: float) -> None:
    found, off = hearing.tilt_db(hearing.octave_levels_db(coloured(slope)))
    assert found == pytest.approx(slope, abs=0.2)
    assert off < 0.5


def test_onsets_are_counted() -> None:
    clicks = np.zeros((4 * RATE_HZ, 2), np.float32)
    for at in range(8):
        clicks[at * RATE_HZ // 2 + RATE_HZ // 4 :][:9600] += (
            tone(800, 0.2, 0.5) * np.linspace(1, 0, 9600, dtype=np.float32)[:, None]
        )
    times = hearing.onset_times_s(clicks)
    assert len(times) == 8
    assert np.abs(times - (0.25 + 0.5 * np.arange(8))).max() < 0.03
    assert len(hearing.onset_times_s(np.zeros((RATE_HZ, 2), np.float32))) == 0


def test_stems_that_lack_something_show() -> None:
    stems = {"a": tone(200), "b": tone(300)}
    whole = stems["a"] + stems["b"]
    assert sound.residual_dbfs(whole, stems) < -140
    assert sound.residual_dbfs(whole + np.float32(1e-3), stems) == pytest.approx(-60, abs=0.1)


def test_seams_and_endings_are_told_from_cuts() -> None:
    whole, cut = tone(100, 1.0), tone(100, 1.0)[: RATE_HZ - 120]
    assert max(form.seam_ratios(whole)) <= 1.01 < 10 < form.seam_ratios(cut)[0]
    assert form.seam_jump_db(whole) == pytest.approx(0, abs=0.1)
    faded = whole * np.linspace(1, 0, RATE_HZ, dtype=np.float32)[:, None] ** 3
    assert form.ending_db(faded)[0] < -60
    assert form.ending_db(whole)[0] == pytest.approx(0, abs=0.1)


def test_a_tempo_that_drifts_is_seen() -> None:
    score = compose(Wishes(30, "lofi", tempo_bpm=90), 1)
    assert form.beat_errors(score, 90).max() <= 1
    assert form.beat_errors(score, 90.1).max() > 100


def test_sections_of_one_name_are_alike() -> None:
    same, other = form.likeness(compose(Wishes(75, "lofi"), 1))
    assert np.mean(same) > np.mean(other)


def with_notes(score: Score, *notes: Note) -> Score:
    track = next(track for track in score.tracks if track.role == "melody")
    others = tuple(one for one in score.tracks if one is not track)
    return dataclasses.replace(score, tracks=(*others, dataclasses.replace(track, notes=notes)))


def test_foreign_tones_empty_bars_and_thirds_are_heard() -> None:
    score = compose(Wishes(20, "piano", key="C", mode="major", strict=True), 1)
    assert (in_key(score), complete_bars(score)) == (1, 1)
    melody = dataclasses.replace(score, tracks=tuple(track for track in score.tracks if track.role == "melody")[:1])
    foreign = with_notes(melody, Note(0, 1, 60, 0.5), Note(1, 2, 61, 0.5))
    assert in_key(foreign) == 0.5
    assert 0 < complete_bars(foreign) < 1
    assert heard_major(with_notes(melody, Note(0, 3, 64, 0.5), Note(3, 4, 63, 0.5))) == 0.5
    assert heard_major(with_notes(melody, Note(0, 1, 63, 0.5))) == -1


def test_styles_that_differ_are_told_apart_and_shuffled_names_are_not() -> None:
    chance = np.random.default_rng(2)
    rows = np.concatenate([chance.normal(middle, 0.3, (20, 3)) for middle in (0, 2, 4)])
    names = ["a"] * 20 + ["b"] * 20 + ["c"] * 20
    found, taken = told_apart(rows, names)
    assert found.value > 0.95
    assert taken["a"]["a"] >= 19
    assert told_apart(rows, chance.permutation(names).tolist())[0].value < 0.6


def test_copies_are_found_in_any_key_and_changed_ones_are_not() -> None:
    from benchmarks.music_bed.copying import moved

    from scumble_export.composer.copying import rate_of, stretches

    values = np.random.default_rng(4).integers(10, 20, (8, 4)).tolist()
    melody = [tuple((value, 4 * step + 4) for step, value in enumerate(bar)) for bar in values]
    taught = {hash(one) for one in stretches(melody, 4)}
    assert rate_of([moved(melody, 5)], taught, 4).rate == 1
    changed = [((bar[0][0] + 1, bar[0][1]), *bar[1:]) if place % 4 == 3 else bar for place, bar in enumerate(melody)]
    assert rate_of([changed], taught, 4).rate == 0


def ducked(up: hearing.Sound, attack_s: float, depth_db: float) -> hearing.Sound:
    times = np.arange(len(up)) / RATE_HZ
    down = np.interp(times, (1.0, 1.0 + attack_s, 3.0, 3.5), (0, 1, 1, 0))
    return np.asarray(up * 10 ** (-depth_db * down / 20)[:, None], np.float32)


@pytest.mark.parametrize(("attack_s", "depth_db"), [(0.12, 12.0), (0.5, 6.0)])
def test_ducking_is_measured(attack_s: float, depth_db: float) -> None:
    up = tone(300)
    gains = speech.gains_db(ducked(up, attack_s, depth_db), up)
    assert np.nanmin(gains) == pytest.approx(-depth_db, abs=0.1)
    took = speech.attacks_s(gains, depth_db)
    assert len(took) == 1
    assert took[0] == pytest.approx(0.8 * attack_s, abs=0.041)
    assert speech.attacks_s(gains * 0.5, depth_db) == []


def labels(text: str) -> NDArray[np.bool_]:
    return np.array([letter == "x" for letter in text])


def test_labels_close_breaths_and_errors_are_shares() -> None:
    assert "".join(".x"[int(one)] for one in speech.closed(labels("..x...x" + 30 * "." + "x.."))) == (
        "..xxxxx" + 30 * "." + "x.."
    )
    assert speech.scores(labels("x.x."), labels("xx..")) == (0.5, 0.5)
    voice = np.concatenate((np.zeros(RATE_HZ), 0.3 * np.sin(np.arange(RATE_HZ) * 0.1), np.zeros(RATE_HZ)))
    mixed = speech.mixture([voice], 20.0, 0)
    at = round(3.0 / 0.02)
    assert mixed.speaking[at + 2 : at + 45].all()
    assert not mixed.speaking[: at - 2].any()
    assert max(speech.scores(speech.by_threshold(mixed.sound), mixed.speaking)) < 0.05


def test_a_part_is_kept_and_put_where_it_belongs(tmp_path: Path) -> None:
    part = Part([Bar("length", "0", "0", "3 beds", True), Bar("peak", "-1", "0", "3 beds", False)], ["one", "two"])
    assert part_from_stored(part.stored()) == part
    table = "\n".join(bar_lines({"form": part}))
    assert "| yes |" in table
    assert "| **no** |" in table
    path, data = tmp_path / "page.md", tmp_path / "figures.json"
    path.write_text("\n".join(["mine", *page.marks("bars"), "kept", *page.marks("form"), "end"]), "utf-8")
    page.put(path, data, "form", part)
    page.put(path, data, "form", part)
    text = path.read_text("utf-8")
    assert text.count("one\ntwo") == 1
    assert text.count(table) == 1
    assert text.startswith("mine")
    assert "kept" in text
    with pytest.raises(ValueError, match="once each"):
        page.with_text("no marks", "form", "")


def test_the_page_has_room_for_every_part_and_the_sheet_every_style() -> None:
    text = (ROOT / "docs" / "music-quality.md").read_text("utf-8")
    for name in ("bars", *NAMES):
        assert page.with_text(text, name, "") != ""
    assert {sheet.wishes_of(number)["style"] for number in range(sheet.COUNT)} == set(STYLES)
    listed = {sheet.name_of(number) for number in range(sheet.COUNT)}
    assert {path.stem for path in sheet.FOLDER.glob("*.mid")} == listed
    assert all(f"music-quality/{name}.mid" in text for name in listed)
