"""Cards of bundles that were taken over, not trained: a template beside the builder, and what the build knows."""

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
