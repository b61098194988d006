"""Builds the bundle of instruments from Debian's package fluid-soundfont-gm (MIT).

python -m scumble_export.instruments.build ../sdk/scumble/bundles/instruments
"""

from __future__ import annotations

import argparse
import io
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from scumble_export.assets import Source, sha256_of, write_asset
from scumble_export.cards import card_from_template
from scumble_export.instruments import soundfont
from scumble_export.instruments.choice import KITS, PROGRAMS, presets
from scumble_export.instruments.vorbis import stream_from_wave

PACKAGE = "fluid-soundfont-gm"
LARGEST_MB = 15
_CARD = Path(__file__).with_name("CARD.md")
_GAP = 64
_SHORT = 6000
"""Waves of fewer samples stay as they are: a stream's own head is some kilobytes, and single cycles must be exact."""


def compressed(wave: NDArray[np.int16], rate_hz: int, quality: float) -> bytes | None:
    """Returns a wave as Ogg Vorbis, or None where that would not pay."""
    if len(wave) < _SHORT:
        return None
    stream = stream_from_wave(wave, rate_hz, quality)
    return stream if len(stream) < 2 * len(wave) else None


def snr_db(wave: NDArray[np.int16], stream: bytes) -> float:
    """Returns how far above the coding's noise a coded wave is, in dB."""
    decoded = 32768 * soundfile.read(io.BytesIO(stream), dtype="float64")[0]
    return float(10 * np.log10(np.sum(wave.astype(np.float64) ** 2) / np.sum((wave - decoded) ** 2)))


def build(package: Path, bundle: Path, quality: float) -> None:
    """Writes the bundle from a package's file. Raises BundleError when it becomes too large."""
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["dpkg-deb", "-x", str(package), scratch], check=True)  # noqa: S607 - Debian's own tool
        (source,) = Path(scratch).rglob("*.sf2")
        copyright_text = (Path(scratch) / "usr/share/doc" / PACKAGE / "copyright").read_text("utf-8")
        font = soundfont.trimmed(soundfont.chosen(soundfont.read(source.read_bytes()), presets()), _GAP)
        source_hash = sha256_of(source)
    info = {"isng": "EMU8000", "INAM": "Scumble instruments", "ICOP": "MIT: see LICENCE", "ICMT": f"From {PACKAGE}"}
    coding: list[float] = []

    def coded(wave: NDArray[np.int16], rate_hz: int) -> bytes | None:
        stream = compressed(wave, rate_hz, quality)
        if stream is not None:
            coding.append(snr_db(wave, stream))
        return stream

    content = soundfont.written(font, info, coded)
    version = package.name.split("_")[1]
    facts = {
        "name": "instruments",
        "version": "0.1.0",
        "summary": f"{sum(map(len, PROGRAMS.values()))} instruments and {len(KITS)} drum kits of FluidR3 GM",
        "asset": {"file": "instruments.sf3", "format": "sf3"},
        "recipe": "python -m scumble_export.instruments.build",
        "settings": {"vorbis_quality": quality, "samples": len(font.samples)},
        "scores": {
            "coded_samples": len(coding),
            "median_snr_db": round(float(np.median(coding)), 1),
            "p5_snr_db": round(float(np.percentile(coding, 5)), 1),
        },
    }
    sources = [Source(PACKAGE, version, source_hash, "MIT", "Frank Wen and contributors; see LICENCE")]
    card = card_from_template(
        _CARD,
        facts,
        sources,
        content,
        seconds=f"{sum(len(sample.wave) / sample.rate_hz for sample in font.samples):,.0f}",
        families=", ".join(f"{len(programs)} {name}" for name, programs in PROGRAMS.items()),
        kits=len(KITS),
    )
    write_asset(
        bundle,
        content,
        facts=facts,
        licence="MIT",
        licence_text=copyright_text,
        sources=sources,
        largest_mb=LARGEST_MB,
        card=card,
    )


def main() -> None:
    """Fetches the package unless it is given, and builds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--package", type=Path, help=f"file of {PACKAGE}; fetched with apt-get when not given")
    parser.add_argument("--quality", type=float, default=0.4)
    options = parser.parse_args()
    if options.package is not None:
        build(options.package, options.bundle, options.quality)
        return
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["apt-get", "download", PACKAGE], cwd=scratch, check=True)  # noqa: S607 - the same
        (package,) = Path(scratch).glob("*.deb")
        build(package, options.bundle, options.quality)


if __name__ == "__main__":
    main()
