r"""Judges a run: nats against the n-gram, copying, and its music beside held-out music and that of the rules.

python -m scumble_export.composer.evaluate RUN DATA.npz scores.json --beds 26
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr

from scumble.music import STYLES, Wishes, findings_from_score
from scumble.music.notation import Measure
from scumble_export.composer import measures as m
from scumble_export.composer.copying import Line, melody_of, rate_of, taught_stretches
from scumble_export.composer.corpus import Piece, load_pieces
from scumble_export.composer.export import net_from_run, to_onnx
from scumble_export.composer.judging import WRITTEN, compared, held_out, net_surprises, ngram_from, ngram_surprises
from scumble_export.composer.net import Composer
from scumble_export.composer.playing import Bed, GraphNet, bed, beds, net_maker

LEAST_FEWER_PERCENT = 15.0
_ORDERS = (3, 4)
_ENERGIES = (0.1, 0.3, 0.5, 0.7, 0.9)
_RESAMPLES = 1000


def nats_report(net: Composer, pieces: Sequence[Piece], device: torch.device, most_words: int | None) -> dict[str, Any]:
    """Returns nats a word on held-out pieces by corpus and on all that people wrote, beside n-grams of both orders."""
    looks = held_out(pieces, net.size.context, most_words)
    own = {name: net_surprises(net, some, device) for name, some in looks.items()}
    report: dict[str, Any] = {}
    for order in _ORDERS:
        model = ngram_from(pieces, order)
        peer = {name: ngram_surprises(model, some) for name, some in looks.items()}
        rows = {name: compared(own[name], peer[name]) for name in looks if looks[name]}
        written = [name for name in looks if name in WRITTEN]
        together = [[one for name in written for one in found[name]] for found in (own, peer)]
        rows["written"] = compared(together[0], together[1])
        report[f"order_{order}"] = rows
    return report


def copying_report(made: dict[str, list[Bed]], pieces: Sequence[Piece]) -> dict[str, Any]:
    """Returns how often stretches of 4 and 8 bars are taught ones: of beds, of held-out pieces, of the rules' beds."""
    melodies = {name: [lines_of(one) for one in own] for name, own in made.items()}
    held = [piece for piece in pieces if piece.held_out]
    melodies["held-out, written"] = [melody_of(piece) for piece in held if piece.corpus in WRITTEN]
    melodies["held-out, engine"] = [melody_of(piece) for piece in held if piece.corpus == "engine"]
    report: dict[str, Any] = {}
    for count in (4, 8):
        taught = taught_stretches(pieces, count)
        rates = {name: rate_of(some, taught, count) for name, some in melodies.items()}
        report[f"bars_{count}"] = {name: one._asdict() | {"rate": one.rate} for name, one in rates.items()}
    return report


def lines_of(one: Bed) -> list[Line]:
    """Returns a bed's melody by bar."""
    return [tuple((cell.value, cell.until) for cell in bar.melody) for heard in one.heard for bar in heard.measures]


def whole(bar: Measure) -> bool:
    """True for a bar whose voices all end where it does."""
    voices: list[tuple[Any, ...]] = [bar.chords, bar.bass, bar.melody, bar.drums]
    return all(voice[-1].until == bar.steps for voice in voices if voice)


def music_report(made: dict[str, list[Bed]], pieces: Sequence[Piece]) -> dict[str, dict[str, Any]]:
    """Returns means with 95 % intervals over pieces, for beds and for held-out music that people wrote."""
    held = [piece for piece in pieces if piece.held_out and piece.corpus in WRITTEN and "melody" in piece.parts]
    halves = held[::2], held[1::2]
    known = np.mean([m.pitch_classes(melody_of(piece)) for piece in halves[0]], axis=0) if halves[0] else np.zeros(12)
    groups: dict[str, list[list[Line]]] = {name: [lines_of(one) for one in own] for name, own in made.items()}
    groups["held-out"] = [melody_of(piece) for piece in halves[1]]
    report = {}
    for name, melodies in groups.items():
        singing = [bars for bars in melodies if m.pitch_classes(bars).any()]
        if not singing:
            continue
        shared = [m.pitch_classes(bars) for bars in singing]
        rows = {
            "groove_consistency": [m.groove_consistency(bars) for bars in singing],
            "scale_consistency": [m.scale_consistency(bars) for bars in singing],
            "pitch_class_overlap": [m.overlap(one, known) for one in shared],
            "tones_a_bar": [m.onsets_a_bar(bars) for bars in singing],
        }
        if name in made:
            own = made[name]
            rows["in_key"] = [findings_from_score(one.score).in_key for one in own]
            rows["clashes"] = [findings_from_score(one.score).clashes for one in own]
            rows["complete_bars"] = [
                float(np.mean([whole(bar) for heard in one.heard for bar in heard.measures]))
                for one in own
                if one.heard
            ]
        found: dict[str, Any] = {key: _interval(values) for key, values in rows.items()}
        report[name] = found | {"pieces": len(singing)}
        report[name]["pitch_class_overlap_of_means"] = m.overlap(np.mean(shared, axis=0), known)
    return report


def control_report(maker: Callable[[], GraphNet], seconds: float, seeds: int) -> dict[str, dict[str, Any]]:
    """Returns how beds follow wishes, within each style and seed: energy by the count of notes, mode by the tones.

    Of energy it is Spearman's rank correlation over five energies with notes a second, of all parts and of the
    melody; of the mode the share of the melody in the scale of the mode that was asked for, and in the other one's.
    """
    report: dict[str, dict[str, Any]] = {}
    for share in (None, "melody", "full"):
        ranks: dict[str, list[float]] = {"notes": [], "melody": []}
        shares: dict[str, list[float]] = {"asked": [], "other": []}
        for style in STYLES:
            for seed in range(seeds):
                made = [bed(maker, share, Wishes(seconds, style, energy=energy), seed) for energy in _ENERGIES]
                notes = [sum(len(track.notes) for track in one.score.tracks) for one in made]
                tones = [m.onsets_a_bar(lines_of(one)) for one in made]
                for name, counts in (("notes", notes), ("melody", tones)):
                    ranks[name].append(float(spearmanr(_ENERGIES, counts).statistic) if len(set(counts)) > 1 else 0.0)
                for mode, other in (("major", "minor"), ("minor", "major")):
                    lines = lines_of(bed(maker, share, Wishes(seconds, style, mode=mode), seed))  # type: ignore[arg-type]  # one of them
                    if m.pitch_classes(lines).any():
                        shares["asked"].append(m.in_scale(lines, mode))
                        shares["other"].append(m.in_scale(lines, other))
        report[share or "rules"] = {
            "energy_notes_spearman": _interval(ranks["notes"]),
            "energy_melody_spearman": _interval(ranks["melody"]),
            "melody_in_asked_mode": _interval(shares["asked"]),
            "melody_in_other_mode": _interval(shares["other"]),
        }
    return report


def _interval(values: Sequence[float], seed: int = 0) -> dict[str, float]:
    numbers = np.asarray(values, float)
    drawn = numbers[np.random.default_rng(seed).integers(len(numbers), size=(_RESAMPLES, len(numbers)))].mean(1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {"mean": float(numbers.mean()), "low": float(low), "high": float(high)}


def summary(report: dict[str, Any]) -> dict[str, float]:
    """Returns the figures that go into the bundle's manifest."""
    found = {}
    for order in _ORDERS:
        written = report["nats"][f"order_{order}"]["written"]
        found[f"written_fewer_nats_percent_order_{order}"] = written["fewer_percent"]
        found["written_nats_a_word"] = written["net_nats"]
    for count in (4, 8):
        rates = report["copying"][f"bars_{count}"]
        found[f"copied_{count}_bars_share"] = max(rates[name]["rate"] for name in rates if name in ("melody", "full"))
        found[f"held_out_{count}_bars_share"] = rates["held-out, written"]["rate"]
    full = report["control"]["full"]
    found["full_energy_notes_spearman"] = full["energy_notes_spearman"]["mean"]
    found["full_melody_in_asked_mode_share"] = full["melody_in_asked_mode"]["mean"]
    found["strict_in_key_share"] = report["music"]["full, strict"]["in_key"]["mean"]
    found["strict_complete_bars_share"] = report["music"]["full, strict"]["complete_bars"]["mean"]
    return found


def main() -> None:
    """Judges, writes the report, and says its summary."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path, help="run folder of a training, or its composer.pt")
    options.add_argument("data", type=Path, help="what corpus.py wrote")
    options.add_argument("scores", type=Path, help="report to write")
    options.add_argument("--beds", type=int, default=26, help="beds of each kind")
    options.add_argument("--seconds", type=float, default=40.0, help="length of a bed")
    options.add_argument("--control", type=int, default=2, help="seeds of each style by which control is judged")
    options.add_argument("--device", default="cpu")
    options.add_argument("--most-words", type=int, help="so many held-out words a corpus at most, for a quick look")
    args = options.parse_args()
    net, _ = net_from_run(args.run)
    pieces = load_pieces(args.data)
    device = torch.device(args.device)
    nats = nats_report(net.to(device), pieces, device, args.most_words)
    with tempfile.TemporaryDirectory() as scratch:
        to_onnx(net.cpu(), Path(scratch) / "model.onnx")
        maker = net_maker((Path(scratch) / "model.onnx").read_bytes(), net.size.context)
    begun = time.monotonic()
    made = {
        "melody": list(beds(maker, "melody", args.beds, 1, seconds=args.seconds)),
        "full": list(beds(maker, "full", args.beds, 2, seconds=args.seconds)),
        "full, strict": list(beds(maker, "full", args.beds, 3, seconds=args.seconds, strict=True)),
    }
    taken = (time.monotonic() - begun) / (3 * args.beds)
    made["rules"] = list(beds(maker, None, args.beds, 4, seconds=args.seconds))
    report = {
        "nats": nats,
        "copying": copying_report(made, pieces),
        "music": music_report(made, pieces),
        "control": control_report(maker, args.seconds / 2, args.control),
        "seconds_a_bed": taken,
    }
    report["summary"] = summary(report)
    args.scores.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report["summary"], indent=1))


if __name__ == "__main__":
    main()
