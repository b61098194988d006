"""SoundFonts are not trusted: what is no SoundFont, damaged or cut off is refused with words, never with a crash."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.native.font_builder import KEY, sound_font

from scumble._native import SoundFont, play_tracks
from scumble.errors import MediaError

PIANO, KIT = (0, 0), (128, 0)
FONT = sound_font()
NOTES = np.array([[0, 4000, KEY, 100], [100, 3000, 40, 1]], np.int64)


def play(font: SoundFont, preset: tuple[int, int] = PIANO) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    mix = np.zeros((6000, 2), np.float32)
    play_tracks(font, [(preset, NOTES, 0.0, 0.0, 0.0, None)], mix)
    return mix


def test_path_and_bytes_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "Schrift ü.sf2"
    path.write_bytes(FONT)
    first = play(SoundFont(str(path), [PIANO]))
    assert np.array_equal(first, play(SoundFont(FONT, [PIANO])))
    assert np.abs(first).max() > 0.01


def test_what_the_font_lacks_is_replaced_and_told() -> None:
    font = SoundFont(sound_font(program=3), [(0, 5), (0, 99), (128, 40), KIT])
    assert font.played(0, 5) == (0, 3)
    assert font.played(0, 99) == (0, 3)
    assert font.played(128, 40) == KIT
    assert font.played(0, 1) is None
    assert np.abs(play(font, (0, 99))).max() > 0.01


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no SoundFont"),
        (b"RIFF\x04\0\0\0sfbk", "missing"),
        (b"RIFF\x04\0\0\0WAVE" + bytes(100), "no SoundFont"),
        (b"OggS" + bytes(1000), "no SoundFont"),
        (FONT[:1000], "cut off"),
        (FONT[:-60], "cut off"),
        (FONT.replace(b"smpl\xdc\x25\0\0", b"smpl\xff\xff\xff\x7f"), "cut off"),
        (sound_font(kind=0x11), "compressed sample is damaged"),
        (sound_font(kind=0x8001), "ROM"),
        (sound_font(rate_hz=0), "rate"),
        (FONT.replace(b"shdr", b"shdx"), "shdr"),
    ],
    ids=["empty", "hollow", "wave", "ogg", "half", "short", "lying", "not-vorbis", "rom", "no-rate", "no-samples"],
)
def test_what_cannot_be_played_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(MediaError, match=words) as refused:
        SoundFont(content, [PIANO])
    assert refused.value.code == "media.soundfont"
    assert refused.value.hint


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        SoundFont(str(tmp_path / "none.sf2"), [PIANO])


def test_a_huge_hollow_file_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.sf2"
    with path.open("wb") as stream:
        stream.write(FONT[:200])
        stream.truncate(3 << 30)
    with pytest.raises(MediaError):
        SoundFont(str(path), [PIANO])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(FONT) - 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_damage_is_refused_or_played_but_never_fatal(damage: list[tuple[int, int]]) -> None:
    content = bytearray(FONT)
    tables = FONT.index(b"pdta")
    for place, value in damage:
        content[tables + place % (len(FONT) - tables)] = value
    with contextlib.suppress(MediaError):
        assert np.isfinite(play(SoundFont(bytes(content), [PIANO, KIT]))).all()
