"""One process of the bench: plays a bed, and prints what that took, as JSON.

python -m benchmarks.music_bed.child play STYLE SECONDS
python -m benchmarks.music_bed.child whole STYLE SECONDS
"""

from __future__ import annotations

import json
import sys
import time

from benchmarks.memory import status_mib
from scumble import MusicBed
from scumble.effects.music_bed.playing import played, preset_of
from scumble.effects.music_bed.timbre.voicing import Voicing
from scumble.engine.sound import empty_frames, font_from_cache, master_sound
from scumble.jobs import Progress
from scumble.models.store import find_asset
from scumble.music import Wishes, compose


def play(style: str, length_s: float) -> dict[str, float]:
    """Returns the seconds of composing, opening the instruments, playing and mastering; CPU seconds of it all."""
    marks = [time.perf_counter()]
    score = compose(Wishes(length_s, style), 1)
    marks.append(time.perf_counter())
    asset = find_asset("instruments")
    font = font_from_cache(asset.manifest.asset.sha256, asset.content(), [preset_of(track) for track in score.tracks])
    marks.append(time.perf_counter())
    sound = played(score, font, Voicing(), stems=False, progress=Progress())
    marks.append(time.perf_counter())
    bed = empty_frames(score.length_samples)
    master_sound(sound.mix, bed, target_lufs=-14.0, ceiling_db=-1.0, cyclic=False, progress=Progress().report)
    marks.append(time.perf_counter())
    names = ("compose_s", "font_s", "play_s", "master_s")
    took = {name: after - before for name, before, after in zip(names, marks, marks[1:], strict=False)}
    return took | {"cpu_s": time.process_time()}


def whole(style: str, length_s: float) -> dict[str, float]:
    """Returns the seconds of a bed by the Python API, its frames, and the process's peak memory in MiB."""
    began = time.perf_counter()
    bed = MusicBed(style=style, duration=length_s, seed=1)()
    took = {"whole_s": time.perf_counter() - began, "frames": bed.frames}
    return took | {"mib": status_mib("VmHWM"), "own_mib": status_mib("RssAnon")}


if __name__ == "__main__":
    way, name, length = sys.argv[1:]
    print(json.dumps({"play": play, "whole": whole}[way](name, float(length))))
