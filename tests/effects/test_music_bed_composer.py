"""Music beds with a net: the bundle runs step by step in our engine, is named in the record, and is never left out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from onnx import TensorProto, numpy_helper
from tests.native.font_builder import sound_font
from tests.onnx_nets import Net

from scumble.effect import RenderContext
from scumble.effects.music_bed import MusicBed
from scumble.effects.music_bed.composing import EngineNet
from scumble.engine import Engine
from scumble.errors import BundleNotFound, JobCancelled, MediaError, ModelError, ParamError
from scumble.jobs import Progress
from scumble.music import Wishes, compose, midi_from_score, score_from_midi
from scumble.music import vocabulary as v
from scumble.rendering import render_files

KEPT = 6
FACTS: dict[str, Any] = {
    "name": "composer",
    "version": "0.0.1",
    "summary": "A net by chance",
    "asset": {"file": "model.onnx", "format": "onnx"},
    "licence": {
        "name": "Apache-2.0",
        "sources": [{"name": "Chance", "version": "1", "sha256": "0" * 64, "licence": "CC0-1.0", "authors": "nobody"}],
    },
    "recipe": "none",
    "settings": {"vocabulary": v.fingerprint(), "kept": KEPT, "context": 256},
    "training": {"recipe": "none", "commit": "none", "seed": 0, "samples": 1, "steps": 1, "minutes": 0.0},
    "scores": {"parity_logits": 0.0},
}


def step_graph(outputs: tuple[str, str] = ("logits", "kept"), scale: float = 1.5) -> bytes:
    """A step that keeps a vector for each word, and foretells by their sum and the last word."""
    net = Net(3)
    words = net.add("Cast", ["words"], to=TensorProto.INT64)
    kept = net.add("Gather", [net.weight((v.SIZE, KEPT), 0.5), words])
    net.weights.append(numpy_helper.from_array(np.array([0], np.int64), "rows"))
    whole = net.add("ReduceSum", [net.add("Concat", ["past", kept], axis=0), "rows"], keepdims=0)
    net.weights.append(numpy_helper.from_array(np.array(-1, np.int64), "last"))
    own = net.add("Gather", [net.add("Gather", [net.weight((v.SIZE, v.SIZE), scale), words]), "last"])
    logits = net.add("Add", [net.add("MatMul", [whole, net.weight((KEPT, v.SIZE), 0.5)]), own])
    shapes: dict[str, list[int | str]] = {"words": ["n"], "past": ["t", KEPT]}
    return net.finish(shapes, {outputs[0]: (logits, [v.SIZE]), outputs[1]: (kept, ["n", KEPT])})


def write_bundle(folder: Path, facts: dict[str, Any], content: bytes) -> None:
    own = folder / "composer"
    own.mkdir(parents=True, exist_ok=True)
    asset = facts["asset"] | {"sha256": hashlib.sha256(content).hexdigest()}
    (own / "model.onnx").write_bytes(content)
    (own / "manifest.toml").write_text(tomli_w.dumps(facts | {"asset": asset}), "utf-8")
    (own / "LICENCE").write_text("CC0", "utf-8")


@pytest.fixture
def bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bundles"
    write_bundle(folder, FACTS, step_graph())
    monkeypatch.setenv("SCUMBLE_BUNDLES", str(folder))
    return folder


@pytest.fixture
def font(tmp_path: Path) -> Path:
    path = tmp_path / "own.sf2"
    path.write_bytes(sound_font())
    return path


def test_steps_with_what_was_kept_are_the_whole_at_once(bundles: Path) -> None:
    ctx = RenderContext({}, Progress(), Engine("cpu"))
    one, other = EngineNet(ctx), EngineNet(ctx)
    words = [v.START, 5, 70, 80, 200, 300]
    whole = one.foretell(words)
    other.foretell(words[:2])
    other.foretell(words[2:5])
    assert other.foretell(words[5:]) == pytest.approx(whole, abs=1e-5)
    assert len(whole) == v.SIZE
    other.begin()
    assert other.foretell(words) == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("composer", ["melody", "full"])
def test_a_bed_with_the_net_is_exact_and_the_same_again(bundles: Path, font: Path, composer: str) -> None:
    beds = [MusicBed(duration=9.5, composer=composer, seed=seed, soundfont=font)() for seed in (1, 1, 2)]
    assert len(beds[0].data) == round(9.5 * 48_000) * 8
    assert bytes(beds[0].data) == bytes(beds[1].data) != bytes(beds[2].data)
    assert bytes(beds[0].data) != bytes(MusicBed(duration=9.5, seed=1, soundfont=font)().data)


def test_the_record_and_the_statement_name_the_net(bundles: Path, font: Path, tmp_path: Path) -> None:
    effect = MusicBed(duration=4, composer="melody", soundfont=font)
    done = render_files(effect, {}, tmp_path / "bed.wav", engine=Engine("cpu"), progress=Progress(), max_megapixels=1)
    sha256 = hashlib.sha256(step_graph()).hexdigest()
    assert [model.sha256 for model in done.record.models] == [sha256]
    assert done.record.provider == "CPUExecutionProvider"
    assert done.record.params["composer"] == "melody"
    assert "Chance, CC0-1.0" in done.record.statement
    assert sha256 in done.record.statement
    place = tmp_path / "again.wav"
    again = render_files(effect, {}, place, engine=Engine("cpu"), progress=Progress(), max_megapixels=1)
    assert again.record.output.sha256 == done.record.output.sha256


def test_without_its_bundle_there_is_no_bed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, font: Path) -> None:
    monkeypatch.setattr("scumble.models.store.search_folders", lambda: [tmp_path])
    with pytest.raises(BundleNotFound):
        MusicBed(duration=12, composer="full", soundfont=font)()


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"vocabulary": "0"}, "bundle.vocabulary"),
        ({"kept": "many"}, "bundle.bad_manifest"),
        ({"context": 1 << 40}, "bundle.bad_manifest"),
        ({"kept": KEPT + 1}, None),
    ],
)
def test_a_bundle_of_other_words_or_sizes_is_refused(
    bundles: Path, font: Path, settings: dict[str, Any], code: str | None
) -> None:
    write_bundle(bundles, FACTS | {"settings": FACTS["settings"] | settings}, step_graph())
    with pytest.raises(ModelError) as caught:
        MusicBed(duration=12, composer="full", soundfont=font)()
    assert code is None or caught.value.code == code


def test_a_graph_that_gives_something_else_is_refused(bundles: Path, font: Path) -> None:
    for graph in (step_graph(("guesses", "kept")), step_graph(("kept", "logits")), step_graph(scale=np.nan)):
        write_bundle(bundles, FACTS, graph)
        with pytest.raises(ModelError) as caught:
            MusicBed(duration=12, composer="full", soundfont=font)()
        assert caught.value.code == "model.outputs"


def test_what_only_the_net_can_do_is_refused_without_it(tmp_path: Path, font: Path) -> None:
    midi = tmp_path / "before.mid"
    midi.write_bytes(midi_from_score(compose(Wishes(8, "piano"), 1)))
    for values, code in (({"continue_midi": midi}, "param.continue_midi"), ({"blend": 3}, "param.blend")):
        with pytest.raises(ParamError) as caught:
            MusicBed(duration=3, soundfont=font, **values)()
        assert caught.value.code == code


def test_a_bed_goes_on_from_a_midi_file(bundles: Path, font: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "before.mid", tmp_path / "after.mid"
    source = compose(Wishes(12, "piano", key="A", mode="minor"), 1)
    before.write_bytes(midi_from_score(source))
    MusicBed(duration=8, composer="full", continue_midi=before, midi=after, style="piano", soundfont=font)()
    score = score_from_midi(after.read_bytes())
    assert (score.key, score.mode) == (source.key, source.mode)


@pytest.mark.parametrize("content", [b"", b"MThd", b"\x00" * 100])
def test_a_broken_midi_file_is_a_clear_error(bundles: Path, font: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mid"
    path.write_bytes(content)
    with pytest.raises(MediaError) as caught:
        MusicBed(duration=3, composer="melody", continue_midi=path, soundfont=font)()
    assert caught.value.code == "media.midi"
    with pytest.raises(MediaError):
        MusicBed(duration=3, composer="melody", continue_midi=tmp_path / "none.mid", soundfont=font)()


def test_composing_can_be_cancelled(bundles: Path, font: Path) -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(JobCancelled):
        MusicBed(duration=30, composer="full", soundfont=font)(progress=progress)
