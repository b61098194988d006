"""Effects that tests need and users do not: every parameter kind, both generators, and every way to go wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from scumble.effect import (
    AudioEffect,
    Bool,
    Choice,
    Color,
    Effect,
    File,
    Float,
    Input,
    Int,
    Output,
    Palette,
    Points,
    Region,
    RenderContext,
    Seed,
    Suggestion,
    Text,
)
from scumble.media.arrays import array_from_image, image_from_array
from scumble.media.audio import Audio
from scumble.media.image import Image
from scumble.params import HintPoint, Rgb

RATE_HZ = 48000


class Kinds(Effect, id="kinds", title="Kinds", context="filter"):
    """Turns light into dark where the picture is not inside `frame`; has a parameter of every kind."""

    source: Image = Input(doc="Picture to turn.")
    strokes: Image | None = Input(default=None, doc="Where it has alpha, its colour is laid over the result.")
    model: Image | None = Input(default=None, separate=True, doc="The result is multiplied by its mean colour.")
    amount: float = Float(default=1.0, min=0, max=1, doc="0 keeps the source.")
    steps: int = Int(default=0, min=0, max=16, unit="steps", doc="Posterises to so many steps; 0 does not.")
    flip: bool = Bool(default=False, doc="Left becomes right.")
    channel: str = Choice(default="all", choices=("all", "red", "green", "blue"), doc="Which channel is turned.")
    tint: Rgb = Color(default=Rgb(255, 255, 255), doc="Multiplies the result.")
    colors: tuple[Rgb, ...] = Palette(default=(), doc="Changes nothing.")
    note: str = Text(default="", doc="Changes nothing.")
    seed: int = Seed(default=0, doc="Changes nothing.")
    dots: tuple[HintPoint, ...] = Points(default=(), doc="Pixels that get this colour.")
    frame: tuple[int, int, int, int] | None = Region(default=None, doc="Kept as it is.")
    extra: Path | None = File(default=None, role="read", suffixes=(".txt",), doc="Must exist where it is given.")

    def render(self, ctx: RenderContext) -> Image:
        """Returns the turned picture: size, channels and sample type of the source."""
        source = array_from_image(self.source)
        full = np.iinfo(source.dtype).max if source.dtype.kind == "u" else 1
        colours = slice(0, 1) if self.source.model.is_gray else slice(0, 3)
        out = source.astype(np.float32)
        if self.channel != "all" and not self.source.model.is_gray:
            index = ("red", "green", "blue").index(self.channel)
            colours = slice(index, index + 1)
        out[..., colours] += self.amount * (full - 2 * out[..., colours])
        if self.steps:
            out[..., colours] = np.rint(out[..., colours] / full * self.steps) / self.steps * full
        if not self.source.model.is_gray:
            out[..., :3] *= np.asarray(self.tint, np.float32) / 255
            if self.model is not None:
                out[..., :3] *= mean_color(self.model)
            for point in self.dots:
                out[point.y, point.x, :3] = np.asarray(point.color, np.float32) / 255 * full
        if self.frame is not None:
            x, y, width, height = self.frame
            out[y : y + height, x : x + width] = source[y : y + height, x : x + width]
        if self.flip:
            out = out[:, ::-1]
        result = np.rint(out).astype(source.dtype) if source.dtype.kind == "u" else out.astype(source.dtype)
        if self.strokes is not None and self.strokes.sample is self.source.sample and not self.source.model.is_gray:
            strokes = array_from_image(self.strokes)
            painted = strokes[..., 3] > 0
            result[painted, :3] = strokes[painted, :3]
        return image_from_array(np.ascontiguousarray(result), like=self.source)

    def suggest(self, ctx: RenderContext, x: int, y: int) -> tuple[Suggestion, ...]:
        """Returns the pixel's own colour, and gray."""
        pixels = array_from_image(self.source)
        own = np.broadcast_to(pixels[y, x, :3], 3) / (np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1)
        red, green, blue = (round(float(value) * 255) for value in own)
        return (Suggestion(Rgb(red, green, blue), 0.75), Suggestion(Rgb(128, 128, 128), 0.25))


def mean_color(picture: Image) -> tuple[float, ...]:
    """Returns the mean of red, green and blue, or of gray, 0 to 1, of a picture of integers."""
    pixels = array_from_image(picture)
    means = pixels.mean(axis=(0, 1), dtype=np.float64) / np.iinfo(pixels.dtype).max
    return tuple(means[: 1 if picture.model.is_gray else 3].tolist())


class Gradient(Effect, id="gradient", title="Gradient", context="generator"):
    """Makes a picture that goes from one colour to another."""

    picture: Image = Output(doc="The gradient.")
    width: int = Int(default=640, min=1, max=8192, unit="px", doc="Width.")
    height: int = Int(default=360, min=1, max=8192, unit="px", doc="Height.")
    left: Rgb = Color(default=Rgb(32, 48, 96), doc="Colour at the left.")
    right: Rgb = Color(default=Rgb(240, 160, 64), doc="Colour at the right.")

    def render(self, ctx: RenderContext) -> Image:
        """Returns RGB, 8 bit."""
        share = np.linspace(0, 1, self.width, dtype=np.float32)[None, :, None]
        row = np.asarray(self.left) * (1 - share) + np.asarray(self.right) * share
        ctx.progress.report(0.5, "Half a gradient")
        return image_from_array(np.repeat(np.rint(row).astype(np.uint8), self.height, axis=0))


class Tone(AudioEffect, id="tone", title="Tone", context="generator"):
    """Makes a tone."""

    sound: Audio = Output(doc="The tone, stereo.")
    seconds: float = Float(default=2.0, min=0.1, max=60, unit="s", doc="Length.")
    hertz: float = Float(default=440.0, min=20, max=20000, unit="Hz", doc="Pitch.")

    def render(self, ctx: RenderContext) -> Audio:
        """Returns a quarter of full scale at 48 kHz."""
        time_s = np.arange(round(self.seconds * RATE_HZ)) / RATE_HZ
        wave = (0.25 * np.sin(2 * np.pi * self.hertz * time_s)).astype(np.float32)
        return Audio(np.repeat(wave, 2).tobytes(), 2, RATE_HZ)


class Slow(Effect, id="slow", title="Slow", context="filter"):
    """Takes its time, tells how far it is, and turns light into dark."""

    source: Image = Input(doc="Picture to turn.")
    seconds: float = Float(default=2.0, min=0, max=60, unit="s", doc="How long it takes.")

    def render(self, ctx: RenderContext) -> Image:
        """Reports every 20 ms."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < self.seconds:
            ctx.progress.report(passed / self.seconds, f"{passed:.1f} s")
            time.sleep(0.02)
        pixels = array_from_image(self.source).copy()
        pixels[..., : 1 if self.source.model.is_gray else 3] ^= 255
        return image_from_array(pixels, like=self.source)


class Crash(Effect, id="crash", title="Crash", context="filter"):
    """Ends the process, as native code does that aborts."""

    source: Image = Input(doc="Anything.")

    def render(self, ctx: RenderContext) -> Image:
        """Does not return."""
        time.sleep(0.2)
        os.abort()


class Hog(Effect, id="hog", title="Hog", context="filter"):
    """Takes memory until there is none."""

    source: Image = Input(doc="Anything.")

    def render(self, ctx: RenderContext) -> Image:
        """Raises MemoryError where a limit is set."""
        held = []
        while True:
            held.append(np.ones(1 << 24, np.uint8))
            ctx.progress.report(0.1, f"{len(held) * 16} MiB")


class Stuck(Effect, id="stuck", title="Stuck", context="filter"):
    """Never looks whether it is still wanted."""

    source: Image = Input(doc="Anything.")

    def render(self, ctx: RenderContext) -> Image:
        """Sleeps for a minute, then gives the source's copy."""
        time.sleep(60)
        return image_from_array(array_from_image(self.source).copy(), like=self.source)
