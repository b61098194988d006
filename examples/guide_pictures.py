"""Runs every command of a guide and renews its pictures and what the commands print.

python examples/guide_pictures.py [PAGE]        docs/colorize.md, docs/background.md
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def run(command: str, folder: Path) -> str:
    """Runs a line such as `scumble colorize IN OUT` in a folder, and returns what it prints."""
    program, *arguments = shlex.split(command)
    if program != "scumble":
        raise SystemExit(f"the page has a command that is none of Scumble's: {command}")
    done = subprocess.run((sys.executable, "-m", "scumble", *arguments), cwd=folder, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"this command of the page failed: {command}")
    return done.stdout


def main() -> None:
    """Renews the page that is named, docs/colorize.md if none is, and the pictures in its own folder beside it."""
    page = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "colorize.md"
    text = page.read_text(encoding="utf-8")
    printed = ""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "examples").symlink_to(ROOT / "examples")

        def renewed(block: re.Match[str]) -> str:
            nonlocal printed
            if block[1] == "text":
                return f"```text\n{printed}```"
            printed = "".join(run(line, folder) for line in block[2].splitlines())
            return block[0]

        text = BLOCK.sub(renewed, text)
        for link, name in re.findall(rf"\]\(({re.escape(page.stem)}/([^)/]+))\)", text):
            target = page.parent / link
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(folder / name, target)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
