"""Finds bundles by name and hands out what they hold only after hash and graph were checked."""

from __future__ import annotations

import hashlib
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from scumble.errors import BundleNotFound, HashMismatch, ModelError
from scumble.models.asset import Asset, asset_from_folder
from scumble.models.graph import graph_from_bytes
from scumble.models.lint import lint
from scumble.models.manifest import Manifest, manifest_from_file
from scumble.models.reach import reach_of_graph

SEARCH_VARIABLE = "SCUMBLE_BUNDLES"
_SHIPPED = Path(__file__).resolve().parent.parent / "bundles"


@dataclass(frozen=True)
class Bundle:
    """A model on disk with its manifest."""

    folder: Path
    manifest: Manifest

    def model_bytes(self) -> bytes:
        """Reads the graph; these very bytes, once checked, are what a session is made from.

        Raises BundleNotFound, HashMismatch, UnsafeModel, or ModelError where tiles cannot be what the manifest says.
        """
        path = self.folder / self.manifest.model.file
        try:
            content = path.read_bytes()
        except OSError as error:
            hint = "Install the bundle again."
            raise BundleNotFound(f"The model file {path} cannot be read", hint, "bundle.no_model") from error
        if hashlib.sha256(content).hexdigest() != self.manifest.model.sha256:
            raise HashMismatch(
                f"The model file {path} is not the one its manifest describes: it was damaged or changed",
                "Install the bundle again, for example with: pip install --force-reinstall scumble",
                "bundle.hash_mismatch",
            )
        lint(content)
        if self.manifest.tiling.mode == "exact":
            self._check_exact(content)
        return content

    def _check_exact(self, content: bytes) -> None:
        """Refuses a manifest that promises exact tiles of a graph which looks at the whole picture."""
        graph = graph_from_bytes(content)
        planes = [port.name for port in graph.inputs if len(port.shape) == 4 and not isinstance(port.shape[3], int)]
        for port in graph.outputs:
            for operator, how in reach_of_graph(graph, planes, port.name).whole.items():
                raise ModelError(
                    f"The bundle {self.manifest.name!r} promises exact tiles, but its graph's {operator} {how}",
                    "Ask its maker for a bundle of the mode global.",
                    "bundle.not_exact",
                )


def search_folders() -> list[Path]:
    """Returns where bundles are looked for: SCUMBLE_BUNDLES, the user's data folder, the package."""
    named = [Path(entry) for entry in os.environ.get(SEARCH_VARIABLE, "").split(os.pathsep) if entry]
    return [*named, Path(platformdirs.user_data_dir("scumble")) / "bundles", _SHIPPED]


def find_bundle(name: str) -> Bundle:
    """Returns the first bundle called `name`, a model's; the folders are those of `search_folders`, in order.

    Raises BundleNotFound, ModelError (a manifest that is not valid) or LicenceRefused.
    """
    folder = _folder(name)
    return Bundle(folder, manifest_from_file(folder / "manifest.toml"))


def find_asset(name: str) -> Asset:
    """Returns the first bundle called `name`, of the other kind; errors are those of `find_bundle`."""
    return asset_from_folder(_folder(name))


def facts_of_bundle(name: str) -> tuple[str, str, str, str]:
    """Returns name, version, hash and licence of a bundle of either kind; errors are those of `find_bundle`."""
    folder = _folder(name)
    if is_asset(folder):
        asset = asset_from_folder(folder).manifest
        return asset.name, asset.version, asset.asset.sha256, asset.licence.name
    manifest = manifest_from_file(folder / "manifest.toml")
    return manifest.name, manifest.version, manifest.model.sha256, manifest.licence.model


def holds_graph(name: str) -> bool:
    """Tells whether a bundle holds a graph that ONNX Runtime runs; errors are those of `find_bundle`."""
    folder = _folder(name)
    return not is_asset(folder) or asset_from_folder(folder).manifest.asset.format == "onnx"


def is_asset(folder: Path) -> bool:
    """Tells whether the manifest in a folder has a table [asset]; what is wrong with it is found by its reader."""
    try:
        return "asset" in tomllib.loads((folder / "manifest.toml").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False


def _folder(name: str) -> Path:
    folders = search_folders()
    for folder in folders:
        if (folder / name).is_dir():
            return folder / name
    places = ", ".join(map(str, folders))
    hint = f"Install scumble again, or name the folder that holds it in {SEARCH_VARIABLE}. Looked in: {places}."
    raise BundleNotFound(f"There is no bundle called {name!r}", hint, "bundle.missing")


def installed_bundles() -> list[Bundle]:
    """Returns every model bundle that `find_bundle` would find, by name."""
    names = {
        child.name
        for folder in search_folders()
        if folder.is_dir()
        for child in folder.iterdir()
        if (child / "manifest.toml").is_file() and not is_asset(child)
    }
    return [find_bundle(name) for name in sorted(names)]
