"""Adapters stay thin and name no effect: what they show comes from schemas."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from scumble.effect import discover

PLUGINS = Path(__file__).parents[2] / "plugins"
MOST_CODE_LINES = 600
STYLE_SHEET = re.compile(r"\bbackground: \{")
"""Qt's word for what lies behind a widget, in a style sheet; an effect may have it as its name."""
_NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def code_lines(source: str) -> int:
    """Returns how many lines hold code: neither empty, nor comment, nor docstring."""
    documented: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            documented |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - documented)


def files_of(host: str) -> list[Path]:
    files = sorted((PLUGINS / host).rglob("*.py"))
    assert files
    return files


@pytest.mark.parametrize("host", ["gimp", "krita", "obs"])
def test_an_adapter_has_at_most_six_hundred_lines_of_code(host: str) -> None:
    assert sum(code_lines(path.read_text("utf-8")) for path in files_of(host)) <= MOST_CODE_LINES


@pytest.mark.parametrize("host", ["gimp", "krita", "obs"])
def test_an_adapter_names_no_effect(host: str) -> None:
    names = {re.escape(word) for kind in discover().effects.values() for word in (kind.id, kind.title)}
    assert "colorize" in names
    named = re.compile(rf"\b({'|'.join(sorted(names))}|music.?bed)\b", re.IGNORECASE)
    texts = {path.name: STYLE_SHEET.sub("", path.read_text("utf-8")) for path in files_of(host)}
    assert not [f"{name}: {match[0]}" for name, text in texts.items() for match in named.finditer(text)]


def test_the_counter_counts_code_alone() -> None:
    assert (
        code_lines(
            '"""Doc.\n\nMore."""\n\n# a comment\nx = (\n    1\n)\n\n\ndef f():\n    """Doc."""\n    return x  # y\n'
        )
        == 5
    )
