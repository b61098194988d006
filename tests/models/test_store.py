"""Bundles are found, believed only with the right hash, and run only with their licences stated."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest
from tests import foreign_nets

from scumble.errors import BundleNotFound, HashMismatch, LicenceRefused, ModelError
from scumble.models.lint import lint
from scumble.models.store import find_bundle, installed_bundles

SHIPPED = Path(__file__).parents[2] / "sdk" / "scumble" / "bundles" / "colorize"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "colorize"
    shutil.copytree(SHIPPED, folder)
    monkeypatch.setenv("SCUMBLE_BUNDLES", str(tmp_path))
    return folder


def rewritten(folder: Path, old: str, new: str) -> None:
    path = folder / "manifest.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("path", sorted(SHIPPED.parent.glob("*/*.onnx")), ids=lambda path: path.parent.name)
def test_no_shipped_graph_tells_of_its_makers_machine(path: Path) -> None:
    content = path.read_bytes()
    lint(content)
    assert not re.search(rb"site-packages|File \"/|/(home|root|work)/", content)


def test_every_shipped_bundle_has_a_card() -> None:
    folders = [path.parent for path in SHIPPED.parent.glob("*/manifest.toml")]
    assert folders
    assert [folder.name for folder in folders if not (folder / "CARD.md").is_file()] == []


def test_every_shipped_bundle_is_whole_safe_small_and_licensed() -> None:
    bundles = installed_bundles()
    assert "colorize" in {bundle.manifest.name for bundle in bundles}
    for bundle in bundles:
        content = bundle.model_bytes()
        facts = lint(content)
        assert facts.opset == bundle.manifest.model.opset
        assert len(content) <= 20 * 2**20
        assert sum(row.samples for row in bundle.manifest.licence.data) > 0
        assert (bundle.folder / "CARD.md").read_text(encoding="utf-8").count("$") == 0


def test_the_named_folder_comes_first(copy: Path) -> None:
    assert find_bundle("colorize").folder == copy


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_a_tampered_model_is_a_hash_mismatch(copy: Path, place: int) -> None:
    content = bytearray((copy / "model.onnx").read_bytes())
    content[place] ^= 1
    (copy / "model.onnx").write_bytes(content)
    with pytest.raises(HashMismatch) as raised:
        find_bundle("colorize").model_bytes()
    assert raised.value.code == "bundle.hash_mismatch"


def test_a_missing_bundle_names_the_places(copy: Path) -> None:
    with pytest.raises(BundleNotFound) as raised:
        find_bundle("nothing")
    assert raised.value.code == "bundle.missing"
    assert str(copy.parent) in raised.value.hint


def test_a_missing_model_file_is_said(copy: Path) -> None:
    (copy / "model.onnx").unlink()
    with pytest.raises(BundleNotFound) as raised:
        find_bundle("colorize").model_bytes()
    assert raised.value.code == "bundle.no_model"


def test_exact_tiles_are_not_promised_of_a_graph_that_sees_everything(copy: Path) -> None:
    rewritten(copy, 'mode = "global"', 'mode = "exact"')
    assert find_bundle("colorize").model_bytes()  # what it knows of the whole picture, it is told
    content = foreign_nets.with_global_pool()
    rewritten(copy, find_bundle("colorize").manifest.model.sha256, hashlib.sha256(content).hexdigest())
    (copy / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="graph's GlobalAveragePool pools over the whole picture") as raised:
        find_bundle("colorize").model_bytes()
    assert raised.value.code == "bundle.not_exact"


def test_the_manifest_says_in_which_modes_its_net_runs(copy: Path) -> None:
    manifest = find_bundle("colorize").manifest
    facts = manifest.plan_facts("global")
    assert (facts["halo"], facts["stride"]) == (manifest.tiling.context_halo, manifest.tiling.stride)
    assert facts["weights_bytes"] == 4 * manifest.model.parameters
    assert manifest.plan_facts("guided")["halo"] == 0
    with pytest.raises(ModelError) as raised:
        manifest.plan_facts("exact")
    assert (raised.value.code, "global, guided" in raised.value.hint) == ("bundle.mode", True)
    background = find_bundle("background").manifest
    assert background.plan_facts("exact")["halo"] == background.tiling.halo


def test_without_a_licence_nothing_runs(copy: Path) -> None:
    rewritten(copy, 'model = "Apache-2.0"', 'model = ""')
    with pytest.raises(LicenceRefused):
        find_bundle("colorize")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[tiling]", "[tiling]\nsurprise = 1"),
        ("stride = 32", 'stride = "wide"'),
        ("[model]", "[model"),
        ("halo = ", "hallo = "),
    ],
)
def test_a_manifest_that_is_not_valid_is_said(copy: Path, old: str, new: str) -> None:
    rewritten(copy, old, new)
    with pytest.raises(ModelError) as raised:
        find_bundle("colorize")
    assert raised.value.code == "bundle.bad_manifest"
