"""What made an output: effect, parameters, inputs, models and device, written beside it for replay and proof."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from scumble.errors import MediaError

SIDECAR_SUFFIX = ".scumble.json"
FORMAT = 1
_BLOCK_BYTES = 1 << 20


class FileFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that went in or came out."""

    path: str
    sha256: str


class ModelFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model that was used."""

    bundle: str
    version: str
    sha256: str
    licence: str


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The record of one output; from it the same bytes can be made again."""

    format: int = FORMAT
    scumble: str
    """Version of Scumble."""
    effect: str
    params: dict[str, object]
    """Every parameter's value as JSON, defaults included."""
    inputs: dict[str, FileFact]
    """Name of the clip, or of the parameter that names a file to read, to the file."""
    output: FileFact
    extras: dict[str, FileFact] = {}
    """What else was written: path as asked for to the file."""
    models: list[ModelFact]
    provider: str
    """The ONNX Runtime provider that really ran the models, or "none"."""
    provider_note: str = ""
    """Why that is not the card, or which operators a card left to the processor; "" where there is nothing to say."""
    precision: Literal["float32", "float16"] = "float32"
    """What graphs were turned to; "float32" leaves them as they are."""
    runtime: str
    """Version of ONNX Runtime, or "none"."""
    workers: int = 0
    memory_budget_mib: int = 0
    """Tiles at a time, and the memory that they were planned for: how a picture was cut; 0 where no model ran."""
    created: str
    """Time of the rendering, UTC, ISO 8601."""
    statement: str = ""
    """How the output was made, in plain words; empty for effects that say nothing."""


def sha256_of_file(path: Path, check: Callable[[], None] = lambda: None) -> str:
    """Returns the hexadecimal SHA-256 of a file, calling `check` some hundred times a second.

    Raises MediaError when it cannot be read, and what `check` raises.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                check()
                digest.update(block)
        return digest.hexdigest()
    except OSError as error:
        hint = "Check the path and your rights to it."
        raise MediaError(f"The file {path} cannot be read: {error.strerror}", hint, "media.missing") from error


def sidecar_path(output: Path) -> Path:
    """Returns where the record of an output lies: OUT.scumble.json beside it."""
    return output.with_name(output.name + SIDECAR_SUFFIX)


def bytes_from_provenance(record: Provenance) -> bytes:
    """Returns the sidecar's content."""
    return msgspec.json.format(msgspec.json.encode(record, order="deterministic"), indent=2) + b"\n"


def provenance_from_file(path: Path) -> Provenance:
    """Reads a sidecar. Raises MediaError when it is missing or not one of this format."""
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Provenance)
    except OSError as error:
        hint = f"Give the path of a sidecar, OUT{SIDECAR_SUFFIX}."
        raise MediaError(f"The file {path} cannot be read: {error.strerror}", hint, "media.missing") from error
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        hint = f"Give a file that Scumble wrote, OUT{SIDECAR_SUFFIX}, unchanged."
        raise MediaError(f"{path} is no record of a rendering: {error}", hint, "provenance.malformed") from error
    if record.format != FORMAT:
        hint = "Use the version of Scumble that the record names."
        raise MediaError(f"{path} has the format {record.format}, not {FORMAT}", hint, "provenance.format")
    return record
