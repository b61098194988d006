"""The line of kritarc that switches our docker on; the rest of the file stays as it is, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator

GROUP = "python"


def is_enabled(text: str, plugin: str) -> bool:
    """Returns whether Krita would load the plug-in: the last line that names it counts."""
    values = [value for _, _, value in _lines_of(text, plugin)]
    return bool(values) and values[-1] == "true"


def with_enabled(text: str, plugin: str) -> str:
    """Returns the settings with the plug-in switched on."""
    if is_enabled(text, plugin):
        return text
    line = f"enable_{plugin}=true"
    found = list(_lines_of(text, plugin))
    if found:
        start, end, _ = found[-1]
        return text[:start] + line + text[end:]
    newline = "\r\n" if "\r\n" in text else "\n"
    for start, end, name in _groups(text):
        if name == GROUP:
            head = text.find("\n", start, end) + 1
            return f"{text[:head]}{line}{newline}{text[head:]}" if head else f"{text}{newline}{line}{newline}"
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    return f"{text}{gap}[{GROUP}]{newline}{line}{newline}"


def without_enabled(text: str, plugin: str) -> str:
    """Returns the settings without a word of the plug-in; a group that nothing is left in goes too."""
    for start, end, _ in reversed(list(_lines_of(text, plugin))):
        rest = re.compile(r"\r?\n?").match(text, end)
        text = text[:start] + text[rest.end() if rest else end :]
    for start, end, name in reversed(list(_groups(text))):
        if name == GROUP and not text[start:end].partition("]")[2].strip():
            text = (
                text[:start].rstrip("\r\n") + ("\n" * 2 if text[end:] and start else "\n" if start else "") + text[end:]
            )
    return text


def _groups(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields where each group begins and ends, and its name; what stands before the first group is in none."""
    heads = list(re.finditer(r"^[ \t]*\[(.*)\][ \t]*\r?$", text, re.MULTILINE))
    for index, head in enumerate(heads):
        yield head.start(), heads[index + 1].start() if index + 1 < len(heads) else len(text), head[1]


def _lines_of(text: str, plugin: str) -> Iterator[tuple[int, int, str]]:
    """Yields where each line that switches the plug-in begins and ends, without the newline, and its value."""
    pattern = re.compile(rf"^[ \t]*enable_{re.escape(plugin)}[ \t]*=[ \t]*(.*?)[ \t]*(?=\r?$)", re.MULTILINE)
    for start, end, name in _groups(text):
        if name == GROUP:
            for match in pattern.finditer(text, start, end):
                yield match.start(), match.end(), match[1]
