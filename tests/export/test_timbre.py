"""The timbre net: notes as pictures and back, a generator that is in tune by itself, training, graph, measures."""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scumble.effects.music_bed.timbre.reading import Grid, band_weights, centres_hz, partials_from_picture
from scumble.effects.music_bed.timbre.sounding import sound_from_partials
from scumble.models.asset import asset_from_folder
from scumble.music.midi_reading import score_from_midi
from scumble_export.assets import Source, write_asset
from scumble_export.cards import card_of_trained
from scumble_export.timbre import export, picture
from scumble_export.timbre.codes import Codes
from scumble_export.timbre.critic import Critic, along_harmonics
from scumble_export.timbre.evaluate import played
from scumble_export.timbre.judging import (
    Space,
    evenness,
    frechet_distance,
    frechet_interval,
    nearest_decibels,
    pitch_scores,
    read_back,
    share_interval,
    variety,
)
from scumble_export.timbre.net import CODE, Generator
from scumble_export.timbre.notes import CLASSES, Note, bytes_from_picture, is_in_tune, midi_of, wanted_notes
from scumble_export.timbre.runs import KINDS, Run
from scumble_export.timbre.train import Pack, Training, likeness_loss, parser

GRID = Grid(
    picture.RATE_HZ,
    picture.WINDOW,
    picture.HOP,
    picture.BANDS,
    picture.FRAMES,
    picture.HARMONICS,
    round(picture.FLOOR_DB),
)
ANALYSIS = picture.Analysis()
Wave = NDArray[np.float64]


def tone(key: float, *, cents: float = 0.0, decay_s: float = 1e9, vibrato_cents: float = 0.0) -> Wave:
    """Makes a bright tone of 20 harmonics."""
    times = np.arange(picture.LENGTH) / picture.RATE_HZ
    bend = cents + vibrato_cents * np.sin(2 * np.pi * 5 * times)
    phase = np.cumsum(float(picture.hz_from_key(key)) * 2 ** (bend / 1200)) / picture.RATE_HZ
    top = int(7500 / float(picture.hz_from_key(key)))
    parts = [
        np.sin(2 * np.pi * h * phase + h * h) / h * np.exp(-times * h / decay_s) for h in range(1, min(20, top) + 1)
    ]
    return np.asarray(np.sum(parts, axis=0))


def fundamental_residual(drawn: NDArray[np.float32], key: float) -> float:
    """Returns how many cents the bands at the fundamental say that a picture is off."""
    pitch = float(picture.hz_from_key(key))
    near = np.abs(picture.centres_hz() - pitch) < 10
    return float(1731 * drawn[1][near][:, 8:56].mean() * picture.RESIDUAL_HZ / pitch)


def test_a_perfect_tone_has_no_residual_and_a_detuned_one_its_own() -> None:
    for key in (45.0, 60.0, 83.0):
        assert abs(fundamental_residual(ANALYSIS.picture(tone(key), key)[0], key)) < 0.5
        for cents in (-20.0, 15.0):
            drawn, _ = ANALYSIS.picture(tone(key, cents=cents), key)
            assert fundamental_residual(drawn, key) == pytest.approx(cents, abs=1)


def test_the_product_reads_pictures_on_the_bands_they_were_made_on() -> None:
    assert np.allclose(centres_hz(GRID), picture.centres_hz())
    assert np.allclose(band_weights(GRID), picture.band_weights())


@pytest.mark.parametrize(("key", "decay_s"), [(41, 1e9), (60, 1e9), (60, 2.0), (77, 1.0), (92, 1e9)])
def test_a_picture_becomes_the_sound_that_has_this_picture(key: int, decay_s: float) -> None:
    wanted, _ = ANALYSIS.picture(tone(key, decay_s=decay_s, vibrato_cents=4), key)
    sound = sound_from_partials(partials_from_picture(wanted, key, GRID), GRID, 0)
    found, _ = ANALYSIS.picture(played(sound), key)
    loud = wanted[0][:, :56] > -35

    def off(other: NDArray[np.float32]) -> float:
        return float(np.median(np.abs(other[0] - wanted[0])[:, :56][loud]))

    assert off(found) < 2.0
    assert abs(fundamental_residual(found, key) - fundamental_residual(wanted, key)) < 5
    wrong = sound_from_partials(partials_from_picture(wanted, key + 1, GRID), GRID, 0)
    assert off(ANALYSIS.picture(played(wrong), key)[0]) > 3 * off(found)


def test_what_is_not_at_its_key_is_no_note_to_learn_from() -> None:
    assert is_in_tune(ANALYSIS.picture(tone(60), 60)[0], 60)
    assert not is_in_tune(ANALYSIS.picture(tone(60, cents=45), 60)[0], 60)
    assert not is_in_tune(ANALYSIS.picture(tone(48), 60)[0], 60)


def test_the_notes_to_render_are_a_midi_file() -> None:
    notes = wanted_notes("font", "pluck", 20, 0)
    track = score_from_midi(midi_of(notes)).tracks[0]
    assert [note.pitch for note in track.notes] == [note.key for note in notes]
    assert {note.key for note in notes} == {40, 60, 80}
    assert np.allclose(np.diff([note.start_s for note in track.notes]), 2.5, atol=1e-6)


def test_the_generator_is_in_tune_before_it_learns() -> None:
    torch.manual_seed(0)
    net = Generator(16).eval()
    for key in (43.0, 64.0, 90.0):
        with torch.no_grad():
            drawn = net(torch.randn(1, CODE), torch.tensor([[key]]), torch.tensor([[0.7]]), torch.zeros(1, 1, 512, 64))
        sound = played(sound_from_partials(partials_from_picture(drawn[0].numpy(), key, GRID), GRID, 0))
        assert abs(fundamental_residual(ANALYSIS.picture(sound, key)[0], key)) < 5
        assert abs(fundamental_residual(ANALYSIS.picture(sound, key)[0] * 0 + 0.5, key)) > 5


def test_the_critic_sees_all_keys_in_one_place() -> None:
    keys = (48.0, 60.0)
    drawn = [torch.from_numpy(ANALYSIS.picture(tone(key), key)[0])[None] for key in keys]
    views = [along_harmonics(one, torch.tensor([[key]]))[0] for one, key in zip(drawn, keys, strict=True)]
    for view in views:
        assert (view[0, :20, 20] - view[1, :20, 20]).min() > 0.5
    assert (views[0][0, :15, 20] - views[1][0, :15, 20]).abs().max() < 0.15
    misplaced = along_harmonics(drawn[1], torch.tensor([[keys[1] + 0.5]]))[0]
    assert (misplaced[0, :15, 20] - views[1][0, :15, 20]).abs().max() > 0.5


def test_likeness_minds_levels_and_no_whole_turns() -> None:
    real = torch.from_numpy(ANALYSIS.picture(tone(60), 60)[0])[None]
    turned = real.clone()
    turned[:, 1] += 2
    assert likeness_loss(turned, real)[1] < 1e-6
    turned[:, 1] -= 0.5
    assert likeness_loss(turned, real)[1] > 0.5
    assert likeness_loss(real - torch.tensor([3.0, 0.0])[None, :, None, None], real)[0] > 0.03


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Writes a pack of two instruments of each kind, by sines."""
    folder = tmp_path_factory.mktemp("pack")
    notes, pictures, waves = [], [], []
    for place, kind in enumerate(CLASSES):
        for font in ("a", "b"):
            for key in (50, 66):
                wave = tone(key, decay_s=0.3 + place + 4 * (font == "a"))
                notes.append(Note(font, kind, 0, key, 80))
                pictures.append(bytes_from_picture(ANALYSIS.picture(wave, key)[0]))
                waves.append(wave.astype(np.float16))
    np.save(folder / "pictures.npy", np.stack(pictures))
    np.save(folder / "waves.npy", np.stack(waves))
    with (folder / "notes.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow((*Note._fields, "loudest_db"))
        table.writerows((*note, 0.0) for note in notes)
    return folder


def options(pack: Path, run: Path, minutes: str) -> argparse.Namespace:
    words = [str(pack), str(run), "--width", "16", "--batch", "2", "--report", "1", "--minutes", minutes]
    return parser().parse_args([*words, "--device", "cpu", "--critic-from", "8"])


def test_training_learns_resumes_and_ships(pack: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    run = tmp_path / "run"
    training = Training(options(pack, run, "100"))
    generator = torch.Generator().manual_seed(0)
    losses = [float(training.step(generator)["level_db"]) for _ in range(14)]
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    assert training.notes == 14 * 4
    training.minutes = 50.0
    training.save()

    again = Training(options(pack, run, "100"))
    assert (again.steps, again.notes, again.minutes) == (14, 56, 50.0)
    assert all(torch.equal(a, b) for a, b in zip(again.net.parameters(), training.net.parameters(), strict=True))
    assert again.rate() == 1.0
    again.minutes = 99.0
    assert again.rate() < 0.05
    with pytest.raises(SystemExit):
        Training(parser().parse_args([str(pack), str(run), "--width", "8"]))

    read = Run(run)
    model = tmp_path / "model.onnx"
    export.to_onnx(read.graph, model)
    decibels, cents = export.parity_of(read.graph, model.read_bytes())
    assert decibels < 0.01
    assert cents < 0.01
    facts = export.manifest_facts(read) | {"version": "0", "scores": {}}
    source = Source("sines", "1", "0" * 64, "CC0-1.0", "nobody")
    write_asset(
        tmp_path / "timbre",
        model.read_bytes(),
        facts=facts,
        licence="Apache-2.0",
        licence_text="none",
        sources=[source],
        largest_mb=export.LARGEST_MB,
        card=card_of_trained(Path(export.__file__).parent / "CARD.md", facts, [source]),
    )
    asset = asset_from_folder(tmp_path / "timbre")
    assert asset.content() == model.read_bytes()
    assert asset.manifest.settings["kinds"] == " ".join(KINDS)
    assert "sines" in (tmp_path / "timbre" / "CARD.md").read_text("utf-8")
    assert json.dumps(facts)


def test_the_critic_learns_to_tell(pack: Path) -> None:
    torch.manual_seed(0)
    critic = Critic(len(KINDS))
    real = Pack(pack).batch(4, torch.Generator().manual_seed(0))
    fake = real["pictures"] + 8 * torch.randn_like(real["pictures"])
    optimizer = torch.optim.Adam(critic.parameters(), 2e-3)

    def gap() -> torch.Tensor:
        on_real, on_fake = (critic(x, real["key"], real["kind"]) for x in (real["pictures"], fake))
        return torch.stack([r.mean() - f.mean() for r, f in zip(on_real, on_fake, strict=True)]).mean()

    before = float(gap().detach())
    for _ in range(6):
        optimizer.zero_grad()
        (-gap()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert float(gap().detach()) > before + 0.1


def test_new_codes_are_of_their_kind() -> None:
    torch.manual_seed(0)
    codes = Codes([0, 0, 0, 1, 1, 1], 2)
    with torch.no_grad():
        codes.table[:3] += 4
    drawn = codes.drawn(torch.tensor([0] * 200 + [1] * 200))
    assert (drawn[:200].mean(0) - codes.table[:3].mean(0)).abs().max() < 0.3
    assert drawn[:200].mean() - drawn[200:].mean() > 3
    means, factors = codes.distributions()
    spread = (factors @ factors.transpose(1, 2))[0].diagonal()
    assert torch.allclose(means[0], codes.table[:3].mean(0), atol=1e-6)
    assert torch.allclose(spread, drawn[:200].var(0), rtol=0.6)


def test_distances_are_what_they_are_known_to_be() -> None:
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(4000, 6, generator=generator, dtype=torch.float64)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-9)
    shifted = 2 * torch.randn(4000, 6, generator=generator, dtype=torch.float64) + 3
    assert frechet_distance(first, shifted) == pytest.approx(6 * (9 + 1), rel=0.05)
    value, low, high = frechet_interval(first[:300], shifted[:300])
    assert low < value < high
    space = Space(first.float(), 4)
    assert space(first.float()).shape == (4000, 4)
    assert float(space(first.float()).std(0).max()) == pytest.approx(1, rel=0.05)


def test_pitch_copies_and_evenness_are_counted() -> None:
    scores = pitch_scores(torch.tensor([60.2, 72.0, 50.6, 71.9]), torch.tensor([60.0, 60.0, 50.0, 72.0]))
    assert scores["in_tune"] == share_interval(2, 4)
    assert scores["in_tune_but_for_octaves"] == share_interval(3, 4)
    assert share_interval(95, 100) == pytest.approx((0.95, 0.888, 0.978), abs=1e-3)
    levels = np.zeros((3, 2, 2), np.float32)
    levels[1] += 3
    assert nearest_decibels(levels[1:2], levels[[0, 2]])[0] == pytest.approx(3)
    assert variety(levels) == pytest.approx(2)
    drawn = ANALYSIS.picture(tone(60), 60)[0]
    assert read_back(drawn, drawn, 60) == (0, 0, 0)
    assert read_back(drawn, drawn - np.array([2, 0], np.float32)[:, None, None], 60) == pytest.approx(
        (2, 2, 0), abs=1e-3
    )
    assert read_back(drawn, ANALYSIS.picture(tone(60, cents=10), 60)[0], 60)[2] == pytest.approx(10, abs=1)
    line = torch.linspace(0, 1, 6)[:, None].repeat(1, 3)
    assert evenness(line) == pytest.approx((1.0, 1.0))
    assert evenness(line[[0, 3, 1, 2, 4, 5]])[0] < 1
