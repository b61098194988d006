"""Cards of bundles with one file, trained here or taken over: a template beside the builder, and what it knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from scumble_export.assets import Source


def card_from_template(
    template: Path, facts: Mapping[str, Any], sources: list[Source], content: bytes, **more: object
) -> str:
    """Returns the card's text.

    The template's names are those of the manifest (`$version`, `$settings_rate_hz`, `$scores_median_snr_db`), `$bytes`,
    `$sources` as rows of a table, and what is given besides. Raises KeyError for a name that nothing fills.
    """
    values: dict[str, object] = {name: value for name, value in facts.items() if isinstance(value, str)}
    for table in ("settings", "scores"):
        values |= {f"{table}_{name}": f"{value:g}" for name, value in facts.get(table, {}).items()}
    rows = (f"| {one.name} {one.version} | {one.licence} | {one.authors} | `{one.sha256}` |" for one in sources)
    values |= {"bytes": f"{len(content):,}", "sources": "\n".join(rows)} | more
    return Template(template.read_text("utf-8")).substitute(values)


def card_of_trained(template: Path, facts: Mapping[str, Any], sources: list[Source]) -> str:
    """Returns the card of what was trained here.

    The template's names are `$version`, those of the manifest's tables (`$settings_words`, `$training_steps`), and
    `$data` and `$scores` as rows of tables. Raises KeyError for a name that nothing fills.
    """
    flat = {f"{table}_{name}": str(value) for table in ("settings", "training") for name, value in facts[table].items()}
    rows = "\n".join(f"| {one.name} | {one.version} | {one.licence} | {one.authors} |" for one in sources)
    scores = "\n".join(f"| {name} | {value:.4g} |" for name, value in facts["scores"].items())
    return Template(template.read_text("utf-8")).substitute(flat, version=facts["version"], data=rows, scores=scores)
