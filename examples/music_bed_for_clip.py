"""Puts music under a film: as long as the film, down while somebody speaks, the picture untouched.

python examples/music_bed_for_clip.py [CLIP.mp4 OUT.mp4] [--style corporate] [--mood hopeful] [--seed 3]

Without files it makes a short silent clip of its own first, in examples/out. Needs `pip install 'scumble[cpu,video]'`.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from scumble import Background, MusicBed
from scumble.effect import Extras
from scumble.errors import MediaError
from scumble.media.arrays import array_from_image
from scumble.media.audio import Audio

FRAMES_PER_S, CLIP_S, WIDTH, HEIGHT = 25, 6, 640, 360
MUTE = ("media.no_sound", "media.no_speech")


def make_clip(path: Path) -> None:
    """Writes a silent clip: a slow pan over a background."""
    wide = array_from_image(Background(width=2 * WIDTH, height=HEIGHT, style="waves", seed=4)())[..., :3]
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=FRAMES_PER_S)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(CLIP_S * FRAMES_PER_S):
            left = WIDTH * number // (CLIP_S * FRAMES_PER_S)
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(wide[:, left : left + WIDTH]), format="rgb24")
            film.mux(stream.encode(picture))
        film.mux(stream.encode())


def music_for(clip: Path, extras: Extras, **wishes: Any) -> Audio:
    """Returns the finished sound of a clip: a voice with a bed under it, other sounds with one, or the bed alone."""
    with av.open(str(clip)) as film:
        wishes = {"duration": (film.duration or 0) / av.time_base, **wishes}
    voice: dict[str, Any] = {"duck_under": clip, "mix_with": clip, "melody": False}
    sounds: dict[str, Any] = {"mix_with": clip, "loudness": -24}
    for place in (voice, sounds):
        try:
            return MusicBed(**wishes, **place)(extras=extras)
        except MediaError as error:
            if error.code not in MUTE:  # nobody speaks in it, or it has no sound at all
                raise
    return MusicBed(**wishes)(extras=extras)


def write_film(clip: Path, sound: Audio, output: Path) -> None:
    """Copies the picture of `clip` as it is, with `sound` as its only sound."""
    with av.open(str(clip)) as film, av.open(str(output), "w") as made:
        picture = made.add_stream_from_template(film.streams.video[0])
        track = made.add_stream("aac", rate=sound.rate_hz, bit_rate=192_000)
        for packet in film.demux(film.streams.video[0]):
            if packet.dts is not None:
                packet.stream = picture
                made.mux(packet)
        samples = np.frombuffer(sound.data, np.float32).reshape(-1, sound.channels)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout="stereo")
        frame.rate, frame.pts, frame.time_base = sound.rate_hz, 0, Fraction(1, sound.rate_hz)
        made.mux(track.encode(frame))
        made.mux(track.encode())


def main() -> None:
    """Runs the example."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path, nargs="?")
    parser.add_argument("output", type=Path, nargs="?")
    parser.add_argument("--style", default="corporate")
    parser.add_argument("--mood")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    clip, output = options.clip, options.output
    if clip is None:
        folder = Path(__file__).parent / "out"
        folder.mkdir(exist_ok=True)
        clip, output = folder / "clip.mp4", folder / "clip-with-music.mp4"
        make_clip(clip)
    elif output is None:
        parser.error("name the file to write, too")
    if clip.resolve() == output.resolve():
        parser.error("the film that is read is never written over")
    statement = output.with_suffix(".txt")
    extras = Extras()
    sound = music_for(clip, extras, style=options.style, mood=options.mood, seed=options.seed)
    write_film(clip, sound, output)
    statement.write_text(extras.statement, "utf-8")
    print(f"{output}, and what to answer a copyright claim with: {statement}")


if __name__ == "__main__":
    main()
