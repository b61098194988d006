"""The entry of an OBS scene collection that loads our script; the rest of the JSON stays as it is, byte for byte."""

from __future__ import annotations

import json
import re
from json.decoder import JSONDecodeError, JSONDecoder
from typing import Any

from scumble.errors import HostError

_SPACE = re.compile(r"[ \t\r\n]*")
_PLACE = ("modules", "scripts-tool")
Span = tuple[int, int]


def scripts(text: str) -> list[str]:
    """Returns the paths of all scripts of a collection. Raises HostError for what is no collection."""
    place = _spans(text)[-1]
    return [str(entry.get("path")) for entry in json.loads(text[slice(*place)])] if place else []


def with_script(text: str, path: str) -> str:
    """Returns the collection with the script in it, unchanged if it is there already. Raises HostError."""
    if path in scripts(text):
        return text
    entry = json.dumps({"path": path, "settings": {}}, ensure_ascii=False, separators=(",", ":"))
    root, modules, listed = _spans(text)
    if listed:
        last = text[: listed[1] - 1].rstrip()
        return f"{last}{'' if last.endswith('[') else ','}{entry}{text[len(last) :]}"
    member = f'"{_PLACE[1]}":[{entry}]'
    if not modules:
        member = f'"{_PLACE[0]}":{{{member}}}'
    start = (modules or root)[0] + 1
    comma = "" if text[_SPACE.match(text, start).end()] == "}" else ","  # type: ignore[union-attr] # it matches nothing
    return f"{text[:start]}{member}{comma}{text[start:]}"


def without_script(text: str, path: str) -> str:
    """Returns the collection without the script. Raises HostError."""
    listed = _spans(text)[-1]
    if not listed:
        return text
    entries = [span for span in _elements(text, listed[0]) if _value(text, span).get("path") != path]
    found = [span for span in _elements(text, listed[0]) if _value(text, span).get("path") == path]
    for start, end in reversed(found):
        after = _SPACE.match(text, end)
        if after and text[after.end()] == ",":
            end = after.end() + 1
        elif entries and (before := text[:start].rstrip()).endswith(","):
            start = len(before) - 1
        text = text[:start] + text[end:]
    return text


def _value(text: str, span: Span) -> dict[str, Any]:
    value = json.loads(text[slice(*span)])
    return value if isinstance(value, dict) else {}


def _spans(text: str) -> tuple[Span, Span | None, Span | None]:
    """Returns where the whole object lies, and in it the modules, and in them the list of scripts."""
    try:
        start = _SPACE.match(text).end()  # type: ignore[union-attr] # it matches nothing, too
        root = (start, JSONDecoder().raw_decode(text, start)[1])
        modules = _members(text, root[0]).get(_PLACE[0])
        listed = _members(text, modules[0]).get(_PLACE[1]) if modules else None
        if listed and text[listed[0]] != "[":
            raise HostError("its list of scripts is no list")
    except (JSONDecodeError, HostError, IndexError) as error:
        hint = "Open OBS and choose another scene collection, or restore this file from OBS's own backup (.json.bak)."
        raise HostError(f"An OBS scene collection cannot be read: {error}", hint, "host.scenes") from error
    return root, modules, listed


def _members(text: str, start: int) -> dict[str, Span]:
    """Returns where each value of the object at `start` lies."""
    if text[start] != "{":
        raise HostError("an object was expected")
    found: dict[str, Span] = {}
    position = _after(text, start + 1, ",")
    while text[position] != "}":
        key, position = JSONDecoder().raw_decode(text, position)
        position = _after(text, position, ":")
        end = JSONDecoder().raw_decode(text, position)[1]
        found[key] = (position, end)
        position = _after(text, end, ",")
    return found


def _elements(text: str, start: int) -> list[Span]:
    """Returns where each value of the list at `start` lies."""
    found: list[Span] = []
    position = _after(text, start + 1, ",")
    while text[position] != "]":
        end = JSONDecoder().raw_decode(text, position)[1]
        found.append((position, end))
        position = _after(text, end, ",")
    return found


def _after(text: str, position: int, sign: str) -> int:
    """Returns the next position that holds neither space nor the sign; the text was parsed before, so it is valid."""
    return re.compile(rf"[ \t\r\n]*{re.escape(sign)}?[ \t\r\n]*").match(text, position).end()  # type: ignore[union-attr]
