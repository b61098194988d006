"""Bundles of one file that is used as it is: instruments, a speech detector, the composer; no tiles, no pictures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from scumble.errors import BundleNotFound, HashMismatch, LicenceRefused, ModelError
from scumble.models.lint import lint
from scumble.models.manifest import Training


class AssetFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file and its identity."""

    file: Annotated[str, msgspec.Meta(pattern=r"\A\w[\w.-]*\Z")]
    """A plain name: it lies beside its manifest."""
    sha256: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    format: Literal["onnx", "sf3"]
    """What it is; an ONNX graph is linted as every other."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where it was taken from."""

    name: str
    """Package or file, as its publisher calls it."""
    version: str
    sha256: str
    """Of the source's own file."""
    licence: str
    authors: str


class AssetLicence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Terms of the file; the whole text lies beside the manifest, in LICENCE."""

    name: str
    sources: tuple[Source, ...]


class AssetManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All facts of one bundle of this kind."""

    name: str
    version: str
    summary: str
    asset: AssetFile
    licence: AssetLicence
    recipe: str
    """The command of scumble-export that builds it."""
    settings: dict[str, float | int | str]
    """What its user needs to know besides."""
    training: Training | None = None
    """How it came to be, where it was trained here."""
    scores: dict[str, float] = {}
    """Measured results, each key naming its metric and unit."""


@dataclass(frozen=True)
class Asset:
    """A bundle of this kind on disk."""

    folder: Path
    manifest: AssetManifest

    def content(self) -> bytes:
        """Reads the file; these very bytes, once checked, are what is used.

        Raises BundleNotFound, HashMismatch or UnsafeModel.
        """
        path = self.folder / self.manifest.asset.file
        try:
            content = path.read_bytes()
        except OSError as error:
            hint = "Install the bundle again."
            raise BundleNotFound(f"The file {path} cannot be read", hint, "bundle.no_model") from error
        if hashlib.sha256(content).hexdigest() != self.manifest.asset.sha256:
            raise HashMismatch(
                f"The file {path} is not the one its manifest describes: it was damaged or changed",
                "Install the bundle again, for example with: pip install --force-reinstall scumble",
                "bundle.hash_mismatch",
            )
        if self.manifest.asset.format == "onnx":
            lint(content)
        return content


def asset_from_folder(folder: Path) -> Asset:
    """Reads the manifest of a folder.

    Raises BundleNotFound when there is none, ModelError when it does not state what it must, LicenceRefused
    when a licence is missing.
    """
    path = folder / "manifest.toml"
    try:
        manifest = msgspec.toml.decode(path.read_bytes(), type=AssetManifest)
    except OSError as error:
        hint = "Install the bundle again."
        raise BundleNotFound(f"There is no readable manifest at {path}", hint, "bundle.no_manifest") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        hint = "Install the bundle again, or export it with this version of scumble-export."
        raise ModelError(f"The manifest {path} is not valid: {error}", hint, "bundle.bad_manifest") from error
    licence = manifest.licence
    stated = licence.name.strip() and licence.sources and all(source.licence.strip() for source in licence.sources)
    if not stated or not (folder / "LICENCE").is_file():
        raise LicenceRefused(
            f"The bundle {manifest.name!r} does not state the licences of what it holds",
            "Ask its maker for the licences; Scumble uses nothing of unknown terms.",
            "bundle.no_licence",
        )
    return Asset(folder, manifest)
