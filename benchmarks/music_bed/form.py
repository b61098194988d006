"""Form: length to the sample, tempo, markers, sections that return, endings that end, loops without a seam."""

from __future__ import annotations

import bisect
import itertools

import numpy as np

from benchmarks.figures import Figure, Values, figure, percent, share, shown
from benchmarks.music_bed.bars import Bar, Part, bar_of
from benchmarks.music_bed.hearing import RATE_HZ, Sound, level_dbfs
from benchmarks.music_bed.playing import made, sound_of
from scumble.music import STYLES, Score, Wishes, compose, score_from_midi

LENGTHS_S = (1.0, 1.001, 1.37, 2.5, 3.7, 4.73, 7.777, 12.34567, 15.0, 29.97, 47.3, 59.94, 61.803)
"""Rendered, a style each; among them the frames of video and what is no whole number of anything."""
ENDS_DB = -30.0
"""The last 50 ms against the whole bed."""
_SEED = 61


def length_errors(count: int) -> tuple[Values, Values]:
    """Returns errors in samples: of rendered sounds, and of `count` scores from 1 s to 30 min, evenly in their log."""
    rendered = [
        len(sound_of(duration=length_s, style=style, seed=number)) - round(length_s * RATE_HZ)
        for number, (length_s, style) in enumerate(zip(LENGTHS_S, itertools.cycle(STYLES), strict=False))
    ]
    lengths = [1.0, 1800.0, *np.exp(np.random.default_rng(_SEED).uniform(0, np.log(1800), count - 2))]
    scored = [
        compose(Wishes(length_s, style), number).length_samples - round(length_s * RATE_HZ)
        for number, (length_s, style) in enumerate(zip(lengths, itertools.cycle(STYLES), strict=False))
    ]
    return np.array(rendered, float), np.array(scored, float)


def beat_errors(score: Score, bpm: float) -> Values:
    """Returns how far each bar's beginning is from its place in a constant tempo, in samples; the last bar's too."""
    starts = np.array([bar.start_beat for bar in score.bars])
    found = np.array([score.tempo.sample_from_beat(beat) for beat in starts.tolist()])
    return np.asarray(np.abs(found - starts * 60 * RATE_HZ / bpm), np.float64)


def tempo_errors(count: int) -> tuple[Values, Values]:
    """Returns for beds with a tempo: the worst bar's error in samples, and the MIDI file's tempo's error as a share."""
    chance, worst, told = np.random.default_rng(_SEED + 1), [], []
    for number, style in zip(range(count), itertools.cycle(STYLES), strict=False):
        bpm, length_s = float(chance.integers(40, 241)), float(chance.uniform(10, 90))
        score = compose(Wishes(length_s, style, tempo_bpm=bpm), number)
        worst.append(beat_errors(score, bpm).max())
        if number % 10 == 0:
            midi = made(duration=round(length_s, 1), style=style, tempo=bpm, seed=number).midi
            told.append(abs(score_from_midi(midi).tempo.bpm_at(0) / bpm - 1))
    return np.array(worst), np.array(told)


def marker_errors(count: int) -> tuple[Values, Values]:
    """Returns how far each marker is from the next bar's beginning, in samples: with the marker, and without."""
    chance = np.random.default_rng(_SEED + 2)
    own: list[float] = []
    control: list[float] = []
    for number, style in zip(range(count), itertools.cycle(STYLES), strict=False):
        length_s = float(chance.uniform(20, 90))
        times = np.sort(chance.uniform(3, length_s - 3, int(chance.integers(1, 4))))
        times = times[np.diff(times, prepend=-9) > 3]
        for markers, errors in ((tuple(times.tolist()), own), ((), control)):
            score = compose(Wishes(length_s, style, markers_s=markers), number)
            starts = np.array([score.tempo.sample_from_beat(bar.start_beat) for bar in score.bars])
            errors += [float(np.abs(starts - round(time * RATE_HZ)).min()) for time in times.tolist()]
    return np.array(own), np.array(control)


def _material(score: Score) -> list[frozenset[tuple[str, int, int]]]:
    """What is played in each bar: part, sixteenth, pitch."""
    starts = [bar.start_beat for bar in score.bars]
    bars: list[set[tuple[str, int, int]]] = [set() for _ in starts]
    for track in score.tracks:
        for note in track.notes:
            sixteenth = round(4 * score.tempo.beat_from_seconds(note.start_s))
            bar = max(bisect.bisect_right(starts, sixteenth / 4) - 1, 0)
            bars[bar].add((track.name, sixteenth - 4 * starts[bar], note.pitch))
    return [frozenset(bar) for bar in bars]


def likeness(score: Score) -> tuple[list[float], list[float]]:
    """Returns shares of notes in common (Jaccard), bar by bar: sections of one name, and of different names."""
    bars = _material(score)
    bodies = [(one.name, bars[one.first_bar : one.first_bar + one.bars]) for one in score.sections]
    same: list[float] = []
    other: list[float] = []
    for (name, own), (another, theirs) in itertools.combinations(bodies, 2):
        pairs = [len(a & b) / len(a | b) for a, b in zip(own, theirs, strict=False) if a | b]
        if pairs and not {name, another} & {"intro", "outro"}:
            (same if name == another else other).append(float(np.mean(pairs)))
    return same, other


def returning(seeds: int) -> tuple[Figure, Figure, Figure]:
    """Returns likeness within a name and across names, means by piece, and how many pieces are closer within."""
    own, others = [], []
    for style, seed in itertools.product(STYLES, range(seeds)):
        same, other = likeness(compose(Wishes(75, style), seed))
        if same and other:
            own.append(np.mean(same))
            others.append(np.mean(other))
    within, across = np.array(own), np.array(others)
    return figure(within), figure(across), share(int((within > across).sum()), len(within))


def ending_db(sound: Sound) -> tuple[float, float]:
    """Returns the level of the last 50 ms, and that before the last quarter of a second, against the whole, in dB."""
    whole = level_dbfs(sound)
    before = sound[-round(0.35 * RATE_HZ) : -round(0.25 * RATE_HZ)]
    return level_dbfs(sound[-round(0.05 * RATE_HZ) :]) - whole, level_dbfs(before) - whole


def seam_ratios(sound: Sound) -> tuple[float, float]:
    """Returns the step over a loop's seam, and its bend, over the 99th percentile of those inside."""
    found = []
    for order in (1, 2):
        around = np.abs(np.diff(np.concatenate((sound[-order:], sound[:order])).astype(np.float64), order, axis=0))
        inside = np.quantile(np.abs(np.diff(sound.astype(np.float64), order, axis=0)), 0.99, axis=0)
        found.append(float((around / np.maximum(inside, 1e-9)).max()))
    return found[0], found[1]


def seam_jump_db(sound: Sound) -> float:
    """Returns by how much the level of the first tenth of a second is above that of the last, in dB."""
    size = RATE_HZ // 10
    return level_dbfs(sound[:size]) - level_dbfs(sound[-size:])


def measured(scale: int) -> Part:
    """Returns the bars and tables; `scale` is how many seeds of a style."""
    rendered, scored = length_errors(40 * scale)
    tempo, told = tempo_errors(13 * 5 * scale)
    with_markers, without = marker_errors(13 * 3 * scale)
    within, across, closer = returning(2 * scale)
    beds = [sound_of(duration=16.5 + seed, style=style, seed=seed) for style in STYLES for seed in range(scale)]
    names = [style for style in STYLES for _ in range(scale)]
    ends, held = np.array([ending_db(bed) for bed in beds]).T
    loudest = names[int(held.argmax())]
    cut = np.array([ending_db(bed[: -2 * RATE_HZ])[0] for bed in beds])
    loops = [
        (
            style,
            sound_of(duration=11.3, style=style, seed=seed, loop=True),
            sound_of(duration=11.3, style=style, seed=seed),
        )
        for style in STYLES
        for seed in range(scale)
    ]
    steps = np.array([seam_ratios(loop) for _, loop, _ in loops])
    jumps = np.array([[seam_jump_db(loop), seam_jump_db(plain)] for _, loop, plain in loops])
    torn = np.array([seam_ratios(loop[RATE_HZ // 3 : -RATE_HZ // 2]) for _, loop, _ in loops])
    bars = [
        Bar("length", "0 samples off", f"{np.abs(rendered).max():.0f}", f"{len(rendered)} sounds, 1 to 61.8 s",
            not rendered.any()),
        Bar("length, written", "0 samples off", f"{np.abs(scored).max():.0f}", f"{len(scored)} scores, 1 s to 30 min",
            not scored.any()),
        Bar("tempo asked for", "bar lines ≤ 1 sample off", f"at worst {tempo.max():.2f}", f"{len(tempo)} scores",
            bool(tempo.max() <= 1)),
        Bar("markers", "on a bar line, ≤ 1 sample off", f"at worst {with_markers.max():.2f}",
            f"{len(with_markers)} markers", bool(with_markers.max() <= 1)),
        bar_of("sections return", "more alike than others, ≥ 95 %", closer, "pieces", met=closer.value >= 0.95),
        Bar("ending", f"last 50 ms ≤ {ENDS_DB:.0f} dB", f"median {np.median(ends):.0f}, worst {ends.max():.0f} dB",
            f"{len(ends)} beds", bool(ends.max() <= ENDS_DB)),
        Bar("loop seam", "≤ p99 of the steps inside", f"at worst {steps[:, 0].max():.2f} of it", f"{len(steps)} loops",
            bool(steps[:, 0].max() <= 1)),
    ]  # fmt: skip
    lines = [
        f"**Length.** {len(rendered)} sounds of {LENGTHS_S[0]:g} to {LENGTHS_S[-1]:g} s, a style each, and "
        f"{len(scored)} scores of 1 s to 30 min, even in the log of the length: the worst is "
        f"{max(np.abs(rendered).max(), np.abs(scored).max()):.0f} samples from the length asked for. (Half an hour as "
        "sound is under *Speed*.)",
        "",
        f"**Tempo.** {len(tempo)} scores of 10 to 90 s with a tempo of 40 to 240 bpm: the worst bar line is "
        f"{tempo.max():.3f} samples from where that tempo has it. The MIDI file says the tempo within "
        f"{1e6 * told.max():.1f} millionths ({len(told)} files; it counts microseconds a beat).",
        "",
        f"**Markers.** {len(with_markers)} markers at random times: at most {with_markers.max():.2f} samples from a "
        f"bar line; without asking, the same times are {np.median(without) / RATE_HZ:.2f} s away in the median.",
        "",
        f"**Sections return.** Notes in common (Jaccard: part, sixteenth, pitch), bar by bar, of pieces of 75 s: "
        f"{shown(within)} for two sections of one name, {shown(across)} for two of different names; in "
        f"{percent(closer)} % of {closer.samples} pieces the first is higher.",
        "",
        f"**Endings.** {len(ends)} beds of 16.5 s and more: level of the last 50 ms against the whole bed, median "
        f"{np.median(ends):.1f} dB, worst {ends.max():.1f}; just before the last quarter of a second, which is faded, "
        f"median {np.median(held):.1f}, worst {held.max():.1f} ({loudest}). Control, the same beds cut two seconds "
        f"earlier: median {np.median(cut):.1f}.",
        "",
        f"**Loops.** {len(steps)} loops of 11.3 s. The step from the last sample to the first over the 99th percentile "
        f"of those inside: median {np.median(steps[:, 0]):.2f}, worst {steps[:, 0].max():.2f}; the bend there (second "
        f"difference): worst {steps[:, 1].max():.2f}. Control, the same loops with 0.8 s cut out: worst "
        f"{torn[:, 0].max():.1f}. The step alone would praise a piece that ends in silence; so the level: the first "
        f"tenth of a second against the last, {shown(figure(jumps[:, 0]), digits=1)} dB in loops, "
        f"{shown(figure(jumps[:, 1]), digits=1)} dB in the same beds without `--loop`.",
    ]
    return Part(bars, lines)
