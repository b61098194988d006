"""Control: what energy, valence, tempo, key and mode ask for, and what one gets; whether styles are told apart."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from benchmarks.figures import Figure, Values, figure, percent, rank_correlation, share, shown, table
from benchmarks.music_bed.bars import Bar, Part, bar_of
from benchmarks.music_bed.features import features_of, heard_major, told_apart
from benchmarks.music_bed.hearing import RATE_HZ, loudness_lufs
from benchmarks.music_bed.playing import sound_of
from scumble.music import MOODS, STYLES, Score, Wishes, compose
from scumble.music.theory import KEYS

ENERGIES = (0.1, 0.3, 0.5, 0.7, 0.9)
LEAST_RANK, LEAST_MODE = 0.8, 0.95
_SECONDS, _STEP_S = 30.0, 12.0
_VALENCES = (0.05, 0.2, 0.35, 0.45, 0.55, 0.65, 0.8, 0.95)


def onset_density(score: Score) -> float:
    """Returns notes that begin a second, all parts."""
    return sum(len(track.notes) for track in score.tracks) / score.length_s


def struck(score: Score) -> float:
    """Returns squared velocities a second, with faders and lengths, in dB: a level as if all notes were one sound."""
    power = sum(
        note.velocity**2 * 10 ** (track.gain_db / 10) * min(note.end_s - note.start_s, 1.0)
        for track in score.tracks
        for note in track.notes
    )
    return float(10 * np.log10(max(power / score.length_s, 1e-9)))


def energy_ranks(style: str, seeds: Sequence[int]) -> tuple[Values, Values]:
    """Returns Spearman's coefficients of five energies with density and with strength of the notes, by seed."""
    found = []
    for seed in seeds:
        scores = [compose(Wishes(_SECONDS, style, energy=energy), seed) for energy in ENERGIES]
        found.append([rank_correlation(np.array(list(map(of, scores)))) for of in (onset_density, struck)])
    densities, strengths = np.array(found).T
    return densities, strengths


def level_ranks(style: str, seeds: Sequence[int]) -> Values:
    """Returns the same with the loudness of the finished sound, within beds whose energy goes through five levels.

    A minute each, the levels in a random order, so that beginning and end are no help; loudness by pyloudnorm.
    """
    found = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(ENERGIES)
        share_ = 1 / len(order)
        curve = ",".join(
            f"{place * share_:.3f}:{energy},{(place + 0.999) * share_:.4f}:{energy}"
            for place, energy in enumerate(order)
        )
        sound = sound_of(style=style, duration=_STEP_S * len(order), energy=curve, seed=seed)
        size = round(_STEP_S * RATE_HZ)
        found.append(
            rank_correlation(
                np.array([loudness_lufs(sound[n * size : (n + 1) * size]) for n in range(len(order))]), order
            )
        )
    return np.array(found)


def modes_given(seeds: int) -> tuple[Figure, Figure, Figure]:
    """Returns how often happy is major and sad minor: as the score says, by ear, by ear next to the middle."""
    said, heard, near = [], [], []
    for style, valence, seed in itertools.product(STYLES, _VALENCES, range(seeds)):
        score = compose(Wishes(_SECONDS, style, valence=valence), seed)
        bright = score.mode in ("major", "mixolydian")
        said.append(bright == (valence >= 0.5))
        heard.append((heard_major(score) > 0) == (valence >= 0.5))
        if abs(valence - 0.5) < 0.1:
            near.append(heard[-1])
    return share(sum(said), len(said)), share(sum(heard), len(heard)), share(sum(near), len(near))


def asked_given(seeds: int) -> tuple[Figure, Figure, Figure, Figure]:
    """Returns the shares of beds whose key, mode and tempo are those asked for, and whose thirds are the mode's."""
    keys, modes, tempos, thirds = [], [], [], []
    for number, (style, seed) in enumerate(itertools.product(STYLES, range(4 * seeds))):
        key, mode = KEYS[(number * 5) % 12], ("major", "minor", "dorian", "mixolydian")[number % 4]
        bpm = float(60 + number * 7 % 120)
        score = compose(Wishes(_SECONDS, style, key=key, mode=mode, tempo_bpm=bpm), seed)  # type: ignore[arg-type]  # one of them
        keys.append(KEYS[score.key] == key)
        modes.append(score.mode == mode)
        tempos.append(abs(score.tempo.bpm_at(0) - bpm) < 0.001 * bpm)
        thirds.append((heard_major(score) > 0) == (mode in ("major", "mixolydian")))
    return tuple(share(sum(one), len(one)) for one in (keys, modes, tempos, thirds))  # type: ignore[return-value]  # four


def measured(scale: int) -> Part:
    """Returns the bars and tables; `scale` is how many beds a style are rendered, with more scores in proportion."""
    ranks = {style: energy_ranks(style, range(5 * scale)) for style in STYLES}
    levels = {style: level_ranks(style, range(scale)) for style in STYLES}
    said, heard, near = modes_given(2 * scale)
    key, mode, tempo, thirds = asked_given(scale)
    moods = list(MOODS)
    scores = [
        compose(Wishes(_SECONDS, style, moods[(number + seed) % len(moods)]), seed)
        for number, style in enumerate(STYLES)
        for seed in range(8 * scale)
    ]
    apart, taken = told_apart(np.stack([features_of(score) for score in scores]), [score.style for score in scores])
    mixed = np.random.default_rng(7).permutation([score.style for score in scores]).tolist()
    chance, _ = told_apart(np.stack([features_of(score) for score in scores]), mixed)
    bars, columns = [], {}
    for what, found in (
        ("density", {style: pair[0] for style, pair in ranks.items()}),
        ("strength of notes", {style: pair[1] for style, pair in ranks.items()}),
        ("level of the sound", levels),
    ):
        columns[what] = {style: figure(values) for style, values in found.items()}
        worst = min(columns[what], key=lambda style: columns[what][style].value)
        lowest, whole = columns[what][worst].value, figure(np.concatenate(list(found.values())))
        told = f"{shown(whole)}; worst {worst} {lowest:.2f}"
        bars.append(Bar(f"energy → {what}", "Spearman ≥ 0.8, every style", told, f"{whole.samples} times 5 levels",
                        lowest >= LEAST_RANK))  # fmt: skip
    bars += [
        bar_of("valence → mode", "≥ 95 %", said, "scores", met=said.value >= LEAST_MODE),
        bar_of("valence → third that is heard", "≥ 95 %", heard, "scores", met=heard.value >= LEAST_MODE),
        bar_of("key, mode, tempo asked = given", "all", min(key, mode, tempo), "scores",
               met=min(key, mode, tempo).value == 1),
        bar_of("styles told apart", f"above chance ({100 / len(STYLES):.0f} %)", apart, "scores",
               met=apart.low > chance.high),
    ]  # fmt: skip
    rows = [
        [
            style,
            *(shown(columns[what][style], low=LEAST_RANK) for what in columns),
            f"{taken[style][style]} of {taken[style].total()}",
            ", ".join(f"{other} {count}" for other, count in taken[style].most_common(3) if other != style),
        ]
        for style in STYLES
    ]
    lines = [
        f"**Energy.** Rank correlation (Spearman) of five energies ({ENERGIES[0]} to {ENERGIES[-1]}) with the notes "
        f"that begin a second and with their strength (squared velocities, faders and lengths), {5 * scale} seeds a "
        f"style, scores of {_SECONDS:.0f} s; and with the loudness of the *finished* sound within beds of a minute "
        f"that go through the five energies in a random order, {scale} a style: between beds there is nothing to "
        "measure, since each is mastered to the same loudness. Wanted ≥ 0.8 in each style.",
        "",
        *table(["style", *columns, "told apart", "taken for"], rows),
        "",
        f"**Valence.** {said.samples} scores, eight valences from 0.05 to 0.95: major or mixolydian from 0.5 on, minor "
        f"or dorian below, {percent(said)} %; by ear, whether the major or the minor third above the tonic sounds "
        f"longer, {percent(heard)} %, and {percent(near)} % next to the middle (0.45 and 0.55).",
        "",
        f"**Asked and given.** {key.samples} scores: key {percent(key)} %, mode {percent(mode)} %, tempo "
        f"{percent(tempo)} %, third by ear {percent(thirds)} %.",
        "",
        f"**Styles.** Nearest mean, one left out at a time, of {features_of(scores[0]).size} features of notes (no "
        f"instruments), moods in turn: {percent(apart)} % of {apart.samples} scores are taken for their own style; "
        f"with names shuffled {percent(chance)} %, and one in {len(STYLES)} is chance.",
    ]
    return Part(bars, lines)
