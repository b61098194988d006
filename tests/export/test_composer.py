"""The composer's training end to end on small things: data, n-gram, a run that resumes, its bundle, its judges."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
import math
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.music.test_hearing import played

from scumble.models.asset import asset_from_folder
from scumble.models.lint import lint
from scumble.music import Wishes, compose, midi_from_score
from scumble.music import vocabulary as v
from scumble.music.imagining_score import Imagination, imagine
from scumble.music.score import Bar, TempoMap
from scumble_export.composer import evaluate, export, measures, train
from scumble_export.composer.barlines import realigned
from scumble_export.composer.batches import UNTAUGHT, Windows, judged_sequences
from scumble_export.composer.copying import LEAST_NOTES, Line, melody_of, rate_of, stretches
from scumble_export.composer.corpus import Piece, load_pieces, pieces_from_engine, read_corpus, save_pieces
from scumble_export.composer.judging import compared, held_out, net_surprises, ngram_from
from scumble_export.composer.net import Composer, Size, Step
from scumble_export.composer.ngram import KneserNey
from scumble_export.composer.playing import net_maker
from scumble_export.composer.progressions import chord_from_name, heard_from_progression

SMALL = Size(v.SIZE, 32, 2, 2, 96)
COLUMNS = ("file", "corpus", "licence", "time_sig")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A small corpus as the real one is laid out: MIDI files, a broken one, licences, a manifest, progressions."""
    folder = tmp_path_factory.mktemp("music")
    files = {f"lieder/{n}.mid": midi_from_score(compose(Wishes(20, "piano"), n)) for n in range(12)}
    files |= {f"drums/{n}.mid": midi_from_score(compose(Wishes(10, "house"), n)) for n in range(3)}
    files |= {"lieder/broken.mid": b"MThd and no more", "lieder/seven.mid": files["lieder/0.mid"]}
    rows = [dict(zip(COLUMNS, (name, name.split("/")[0], "CC0-1.0", "4/4"), strict=True)) for name in files]
    rows[-1]["time_sig"] = "7/8"
    with tarfile.open(folder / "music.tar.gz", "w:gz") as archive:
        for name, content in (files | {"LICENSES/lieder": b"CC0 it is"}).items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows([*rows, dict(zip(COLUMNS, ("chords/1.mid", "chords", "MIT", "4/4"), strict=True))])
    record = {"mode": "maj", "chords": ["C", "Am", "F", "G7"], "mood": ["Joyful"], "roman": []}
    (folder / "chords.json").write_text(json.dumps([record]), "utf-8")
    return folder / "music.tar.gz", folder / "manifest.csv", folder / "chords.json"


@pytest.fixture(scope="module")
def data(sources: tuple[Path, Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "data.npz"
    pieces = read_corpus(*sources, engine=14, workers=1)
    # A held-out piece of each corpus: names decide, so one that decides so is looked for.
    for corpus in ("lieder", "engine"):
        taught = [one for one in pieces if one.corpus == corpus and not one.held_out]
        piece = next(one for one in taught if list(stretches(melody_of(one), 4)))
        names = (piece._replace(name=f"kept-{number}") for number in range(1000))
        pieces.append(next(one for one in names if one.held_out))
    save_pieces(path, pieces)
    return path


def arguments(data: Path, run: Path, *more: str) -> Any:
    small = "--width 32 --layers 2 --heads 2 --context 96 --batch 4 --look 4 --rate 0.003 --threads 1 --steps 8"
    return train.parser().parse_args([str(data), str(run), *small.split(), *more])


def trained(data: Path, run: Path, *more: str) -> train.Training:
    args = arguments(data, run, *more)
    pieces = load_pieces(data)
    training = train.Training(args, pieces)
    train.run(training, pieces, run / "log.jsonl")
    return training


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    trained(data, folder)
    return folder


def test_the_corpus_is_read_and_what_is_broken_left_out(data: Path, sources: tuple[Path, Path, Path]) -> None:
    pieces = load_pieces(data)
    names = {piece.name for piece in pieces}
    assert {"lieder/0.mid", "drums/0.mid", "chords-0"} <= names
    assert not {"lieder/broken.mid", "lieder/seven.mid"} & names
    assert pieces == load_pieces(data)
    assert (
        read_corpus(*sources, engine=0, workers=1)[1:5] == [piece for piece in pieces if piece.corpus != "engine"][1:5]
    )
    progression = next(piece for piece in pieces if piece.corpus == "chords")
    assert v.word(progression.heading[2]) == ("mood", v.MOOD_WORDS.index("happy"))
    assert len(progression.bars) == 4


def test_words_of_another_vocabulary_are_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v, "fingerprint", lambda: "other")
    with pytest.raises(SystemExit, match="vocabulary"):
        load_pieces(data)


@pytest.mark.parametrize("upbeat", [0.5, 1.0, 3.0])
def test_bar_lines_that_an_upbeat_moved_are_put_right(upbeat: float) -> None:
    score = played()
    beats = score.tempo.beats - 3
    tempo = TempoMap(((0, 0), (beats, beats * 24_000)))
    # Four beats a bar, half a second each: what stood at the first bar line now stands at the upbeat's end.
    tracks = tuple(
        dataclasses.replace(
            track,
            notes=tuple(
                note._replace(start_s=note.start_s + upbeat / 2 - 2, end_s=note.end_s + upbeat / 2 - 2)
                for note in track.notes
                if 4 <= note.start_s < beats / 2
            ),
        )
        for track in score.tracks
    )
    early = dataclasses.replace(score, tracks=tracks, tempo=tempo, length_samples=beats * 24_000)
    early = dataclasses.replace(early, bars=(*(Bar(4 * n, 4) for n in range(beats // 4)), Bar(beats - 1, 1)))
    right = realigned(early)
    basses = [right.tempo.beat_from_seconds(note.start_s) for note in right.track("bass").notes]
    assert all(beat % 4 == pytest.approx(0, abs=1e-6) for beat in basses)
    assert right.bars[-1].end_beat == right.tempo.beats
    assert realigned(score) == score


def test_chords_are_read_by_name() -> None:
    assert chord_from_name("Bbm7") == (10, list(v.QUALITIES).index("m7"))
    assert chord_from_name("F#dim") == (6, list(v.QUALITIES).index("dim"))
    assert chord_from_name("H7") is None
    assert heard_from_progression({"mode": "min", "chords": ["Cm", "C(b5)"], "mood": []}) == []


def test_a_transposition_is_another_key_and_the_same_words() -> None:
    piece = pieces_from_engine(1, 3)[0]
    one, other = piece.numbers(piece.parts), piece.numbers(piece.parts, key=(v.word(piece.heading[3]).value + 5) % 12)
    assert [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b] == [3]


def test_windows_teach_no_heading_and_no_held_out_piece(data: Path) -> None:
    pieces = [piece for piece in load_pieces(data) if not piece.held_out]
    words, following = Windows(pieces, 96).batch(6, 3)
    again, _ = Windows(pieces, 96).batch(6, 3)
    assert words.shape == following.shape == (6, 96)
    assert (words == again).all()
    taught = following != UNTAUGHT
    assert (following[:, :-1][taught[:, :-1]] == words[:, 1:][taught[:, :-1]]).all()
    families = {v.word(int(number)).family for number in following[taught]}
    assert not families & set(v.PREFIX)


def test_judged_sequences_hold_every_bar_once_a_choice_of_voices() -> None:
    pieces = [piece for number in range(3) for piece in pieces_from_engine(1, number)]
    found = list(judged_sequences(pieces, "engine", 300))
    assert all(len(words) <= 300 for words, _ in found)
    bars = sum(int((words >= v.FIRST["bar"]).sum() - (words >= v.FIRST["energy"]).sum()) for words, _ in found)
    assert bars == sum(len(piece.bars) * (1 + ("melody" in piece.parts and len(piece.parts) > 1)) for piece in pieces)


def test_the_n_gram_is_a_distribution_and_foretells_what_it_saw() -> None:
    chance = np.random.default_rng(0)
    steps = np.array([[0.0, 0.8, 0.2, 0.0], [0.1, 0.0, 0.9, 0.0], [0.5, 0.0, 0.0, 0.5], [1.0, 0.0, 0.0, 0.0]])

    def chain(length: int) -> Any:
        words = [0]
        for _ in range(length):
            words.append(int(chance.choice(4, p=steps[words[-1]])))
        return np.array(words)

    model = KneserNey([chain(500) for _ in range(20)], 3, 5)
    for context in ([0, 1], [2, 3], [3, 3], [4, 4]):
        whole = sum(math.exp(-model.surprises(np.array([*context, word]))[-1]) for word in range(5))
        assert whole == pytest.approx(1.0, abs=1e-9)
    judged = chain(5000)
    entropy = -np.log([steps[a, b] for a, b in itertools.pairwise(judged)]).mean()
    assert model.surprises(judged).mean() == pytest.approx(entropy, abs=0.02)


def test_a_comparison_says_by_how_much_and_how_sure() -> None:
    chance = np.random.default_rng(0)
    peer = [chance.uniform(1, 3, 50) for _ in range(40)]
    report = compared([0.8 * nats for nats in peer], peer)
    assert report["fewer_percent"] == pytest.approx(20)
    assert report["fewer_percent_95"] == pytest.approx([20, 20])


def test_steps_with_what_was_kept_are_the_whole_at_once() -> None:
    torch.manual_seed(0)
    net = Composer(SMALL).eval()
    words = torch.randint(0, v.SIZE, (1, 60))
    with torch.no_grad():
        whole = net(words)[0]
        past, at = torch.zeros(0, 2 * SMALL.layers * SMALL.width), 0
        for end in (20, 21, 22, 40, 60):
            logits, kept = Step(net)(words[0, at:end].float(), past)
            assert (logits - whole[end - 1]).abs().max() < 1e-4
            past, at = torch.cat([past, kept]), end
    changed = words.clone()
    changed[0, 30:] = 0
    with torch.no_grad():
        assert torch.equal(net(changed)[0, :30], whole[:30])


def test_the_real_size_is_about_five_million() -> None:
    assert 4.5e6 < Composer(Size(v.SIZE)).parameters_count < 5.5e6


def test_a_run_learns_stops_and_goes_on(data: Path, tmp_path: Path) -> None:
    whole = trained(data, tmp_path / "whole", "--dropout", "0")
    stopped = train.Training(arguments(data, tmp_path / "parts", "--dropout", "0"), load_pieces(data))
    steps = stopped.step

    def step_and_stop() -> torch.Tensor:
        if stopped.steps == 4:
            stopped.stop(15, None)
        return steps()

    stopped.step = step_and_stop  # type: ignore[method-assign]  # a signal that comes in the fifth step
    train.run(stopped, load_pieces(data), tmp_path / "parts" / "log.jsonl")
    assert stopped.steps == 5
    resumed = trained(data, tmp_path / "parts", "--dropout", "0")
    assert resumed.steps == whole.steps == 8
    log = [json.loads(line) for line in (tmp_path / "parts" / "log.jsonl").read_text("utf-8").splitlines()]
    assert [row["steps"] for row in log] == [4, 5, 8]
    assert log[-1]["loss"] < log[0]["loss"]
    assert set(log[0]["held_out"]) == set(log[0]["ngram"]) == {"engine", "lieder"}
    with pytest.raises(SystemExit, match="another net"):
        trained(data, tmp_path / "whole", "--layers", "1")


def test_a_run_becomes_a_bundle_that_composes(
    run: Path, data: Path, sources: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "composer"
    command = ["export", str(run), str(bundle), "--data", str(data), "--archive", str(sources[0])]
    monkeypatch.setattr("sys.argv", [*command, "--manifest", str(sources[1])])
    export.main()
    asset = asset_from_folder(bundle)
    content = asset.content()
    facts = lint(content)
    settings = asset.manifest.settings
    assert facts.opset == settings["opset"] == export.OPSET
    assert settings["vocabulary"] == v.fingerprint()
    assert asset.manifest.scores["parity_logits"] <= 1e-4
    assert asset.manifest.training is not None
    assert asset.manifest.training.steps == 8
    licences = {source.name: source.licence for source in asset.manifest.licence.sources}
    assert licences["OpenScore Lieder Corpus"] == "CC0-1.0"
    assert licences["free-midi-chords progressions with moods"] == "MIT"
    assert "CC0 it is" in (bundle / "LICENCE").read_text("utf-8")
    assert "$" not in (bundle / "CARD.md").read_text("utf-8")
    net, state = export.net_from_run(run)
    assert len(content) < 3 * net.parameters_count + 200_000
    assert state["steps"] == 8
    score = imagine(Wishes(15, "lofi"), 1, Imagination("full"), net_maker(content, int(settings["context"])))
    assert score.length_samples == 15 * 48_000


def test_what_half_precision_cannot_hold_stays_whole(tmp_path: Path) -> None:
    torch.manual_seed(1)
    net = Composer(Size(v.SIZE, 32, 1, 2, 512)).eval()
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_((6 * weight).half().float())
    assert net.cosines.numel() >= 4096
    export.to_onnx(net, tmp_path / "model.onnx")
    assert export.parity_of(net, (tmp_path / "model.onnx").read_bytes()) < 1e-4


def test_copies_are_found_in_any_key_and_other_melodies_are_not() -> None:
    tune: list[Line] = [tuple((20 + (3 * bar + step) % 7, 4 * (step + 1)) for step in range(4)) for bar in range(8)]
    raised = [tuple((value + 5, until) for value, until in bar) for bar in tune]
    bent = [*raised[:7], tuple((value + (until == 16), until) for value, until in raised[7])]
    for count in (4, 8):
        taught = {hash(one) for one in stretches(tune, count)}
        assert rate_of([tune, raised], taught, count).rate == 1.0
    assert rate_of([bent], {hash(one) for one in stretches(tune, 8)}, 8).matches == 0
    empty: list[Line] = [((v.REST, 16),)] * 8
    assert not list(stretches(empty, 4))
    few: list[Line] = [*tune[:1], *empty[:3]]
    assert sum(value > v.HOLD for bar in few for value, _ in bar) < LEAST_NOTES[4]
    assert not list(stretches(few, 4))


def test_measures_tell_scales_and_grooves() -> None:
    major: list[Line] = [tuple((2 + 24 + tone, place + 1) for place, tone in enumerate((0, 2, 4, 5, 7, 9, 11)))] * 2
    assert measures.scale_consistency(major) == measures.in_scale(major, "major") == pytest.approx(1.0)
    assert measures.in_scale(major, "minor") == pytest.approx(4 / 7)
    assert measures.groove_consistency(major) == 1.0
    chromatic: list[Line] = [tuple((26 + tone, tone + 1) for tone in range(12))]
    assert measures.scale_consistency(chromatic) == pytest.approx(7 / 12)
    assert measures.overlap(measures.pitch_classes(major), measures.pitch_classes(chromatic)) == pytest.approx(7 / 12)
    assert measures.onsets_a_bar(major) == 7


def test_a_run_is_judged_whole(run: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = tmp_path / "scores.json"
    command = ["evaluate", str(run), str(data), str(scores), "--beds", "3", "--seconds", "12", "--control", "1"]
    monkeypatch.setattr("sys.argv", command)
    evaluate.main()
    report = json.loads(scores.read_text("utf-8"))
    assert report["summary"]["strict_in_key_share"] == 1.0
    assert report["summary"]["strict_complete_bars_share"] == 1.0
    assert 0 < report["nats"]["order_3"]["written"]["ngram_nats"] < math.log(v.SIZE)
    # The kept piece is one of the taught ones under another name: the copying test must see that.
    assert report["copying"]["bars_4"]["held-out, written"]["rate"] == 1.0


def test_the_net_is_judged_on_the_words_of_the_n_gram(data: Path) -> None:
    pieces: list[Piece] = load_pieces(data)
    looks = held_out(pieces, 96)
    nats = net_surprises(Composer(SMALL), looks["lieder"], torch.device("cpu"), batch=3)
    peer = [ngram_from(pieces, 3).surprises(words)[taught[1:]] for words, taught in looks["lieder"]]
    assert [len(own) for own in nats] == [len(other) for other in peer]
    assert float(np.concatenate(nats).mean()) == pytest.approx(math.log(v.SIZE), abs=0.5)
