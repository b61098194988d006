"""Writes a bundle: model.onnx, manifest.toml and CARD.md, whole or not at all."""

from __future__ import annotations

import hashlib
import re
import shutil
import string
import tempfile
from pathlib import Path
from typing import Any

import tomli_w

LARGEST_MIB = 25


class BundleError(Exception):
    """A bundle that must not be made; the message says why."""


def write_bundle(folder: Path, model: Path, facts: dict[str, Any], card: str) -> None:
    """Puts a bundle into `folder`, replacing an older one.

    `facts` is the manifest but for the model's file name and hash, which are added here; `card` is a
    template whose `$names` are taken from the flattened facts. Raises BundleError without the licences of
    model and data, and for a model over 25 MiB.
    """
    licence = facts.get("licence", {})
    if not licence.get("model") or not licence.get("data"):
        raise BundleError("no licence for the model and its data: no bundle")
    if model.stat().st_size > LARGEST_MIB << 20:
        raise BundleError(f"{model} is larger than {LARGEST_MIB} MiB")
    facts["model"] |= {"file": "model.onnx", "sha256": hashlib.sha256(model.read_bytes()).hexdigest()}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        fresh = Path(scratch) / "bundle"
        fresh.mkdir()
        shutil.copyfile(model, fresh / "model.onnx")
        (fresh / "manifest.toml").write_text(toml_from_facts(facts), encoding="utf-8")
        (fresh / "CARD.md").write_text(card_text(card, facts), encoding="utf-8")
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        fresh.rename(folder)


def toml_from_facts(facts: dict[str, Any]) -> str:
    """Returns the facts as TOML, pairs of numbers on one line each."""
    number = r"(-?[\d.]+)"
    return re.sub(rf"\[\s+{number},\s+{number},\s+\]", r"[\1, \2]", tomli_w.dumps(facts))


def card_text(template: str, facts: dict[str, Any]) -> str:
    """Fills a card's `$section_key` fields from the facts; a field without a fact is a KeyError."""
    flat: dict[str, str] = {"data_table": _data_table(facts["licence"]["data"])}
    for section, values in facts.items():
        if isinstance(values, dict):
            flat |= {f"{section}_{key}": _shown(value) for key, value in values.items()}
        else:
            flat[section] = _shown(values)
    return string.Template(template).substitute(flat)


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _data_table(rows: list[dict[str, Any]]) -> str:
    lines = ["| pictures | terms as their source states them |", "|---:|---|"]
    return "\n".join(lines + [f"| {row['samples']} | {row['licence']} |" for row in rows])
