"""The page of the music bed's quality: its parts' figures, kept as data beside it, put between marks of their own."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.music_bed.bars import NAMES, Part, bar_lines, part_from_stored

BARS = "bars"


def marks(name: str) -> tuple[str, str]:
    """Returns the lines between which a part's text stands in the page."""
    return f"<!-- {name}: made by benchmarks.music_bed -->", f"<!-- end of {name} -->"


def with_text(page: str, name: str, text: str) -> str:
    """Returns a page with a part's text between its marks, all else kept. Raises ValueError without them once each."""
    begin, end = marks(name)
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"the page must have {begin} and {end} once each")
    before, after = page[: page.index(begin)], page[page.index(end) :]
    return f"{before}{begin}\n{text}\n{after}"


def stored_parts(data: Path) -> dict[str, Part]:
    """Returns the parts that were measured before; none where there is no such file."""
    if not data.exists():
        return {}
    return {name: part_from_stored(one) for name, one in json.loads(data.read_text("utf-8")).items()}


def put(page: Path, data: Path, name: str, part: Part) -> None:
    """Puts a part that was measured into the data and the page, with the table of all bars."""
    parts = stored_parts(data) | {name: part}
    text = with_text(page.read_text("utf-8"), name, "\n".join(part.lines))
    page.write_text(with_text(text, BARS, "\n".join(bar_lines(parts))), encoding="utf-8")
    kept = {known: parts[known].stored() for known in NAMES if known in parts}
    data.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
