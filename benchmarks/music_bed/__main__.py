"""Measures the music bed that ships, part by part, for docs/music-quality.md.

python -m benchmarks.music_bed --corpus DATA.npz --speech FOLDER [--only notes copying form ...] [--print]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.background.processes import ROOT
from benchmarks.music_bed import control, form, page, sheet, sound, speech, speed
from benchmarks.music_bed.bars import NAMES, Part, bar_lines

PAGE = ROOT / "docs" / "music-quality.md"
DATA = sheet.FOLDER / "figures.json"
WRITTEN = ("notes", "copying")
"""The parts that compare with music that people wrote; they need scumble-export."""


def arguments() -> argparse.Namespace:
    """Returns the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.music_bed", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="those parts (all)")
    parser.add_argument("--corpus", type=Path, help="what scumble_export.composer.corpus wrote: for notes and copying")
    parser.add_argument("--speech", type=Path, help="folder with clean spoken sounds: for speech")
    parser.add_argument("--scale", type=int, default=2, help="beds of each style that are rendered; the rest follows")
    parser.add_argument("--soundfont", type=Path, default=speed.FONT, help=f"for the peer fluidsynth ({speed.FONT})")
    parser.add_argument("--print", action="store_true", help="print the parts, write no page")
    options = parser.parse_args()
    for name, needed in (("notes", options.corpus), ("copying", options.corpus), ("speech", options.speech)):
        if name in options.only and needed is None:
            parser.error(f"{name} needs --{'speech' if name == 'speech' else 'corpus'}, or leave it out with --only")
    return options


def measures(options: argparse.Namespace) -> dict[str, Callable[[], Part]]:
    """Returns what measures each part."""
    found: dict[str, Callable[[], Part]] = {
        "form": lambda: form.measured(options.scale),
        "control": lambda: control.measured(options.scale),
        "sound": lambda: sound.measured(options.scale),
        "speech": lambda: speech.measured(options.speech),
        "speed": lambda: speed.measured(options.soundfont),
        "sheet": sheet.measured,
    }
    if set(WRITTEN) & set(options.only):
        from benchmarks.music_bed import copying, notes, writing

        pieces = writing.written_pieces(options.corpus)
        made = writing.pieces_by_rule(39 * options.scale) | writing.pieces_of_the_net(13 * options.scale)
        found |= {"notes": lambda: notes.measured(made, pieces), "copying": lambda: copying.measured(made, pieces)}
    return found


def main() -> None:
    """Measures each part and writes or prints it at once, so that what was measured is kept whatever follows."""
    options = arguments()
    ways = measures(options)
    for name in NAMES:
        if name in options.only:
            print(f"measuring {name}", file=sys.stderr)
            part = ways[name]()
            if options.print:
                print("\n".join([f"## {name}", "", *bar_lines({name: part}), "", *part.lines, ""]))
            else:
                page.put(PAGE, DATA, name, part)


if __name__ == "__main__":
    main()
