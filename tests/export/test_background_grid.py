"""The hash of the integer grid gives the values that torch and the runtime must both give."""

from __future__ import annotations

import numpy as np
import pytest

from scumble_export.background.grid import hashes, normals, splitmix64, uniforms

VECTORS = [
    # seed, stream, row, column, channel, hash, bits of the float32 normal
    (0, 0, 0, 0, 0, 0x2130748AAAC80268, 3215179544),
    (1, 0, 0, 0, 0, 0xE28195DDD9EE4956, 1065798122),
    (42, 1, -3, 5, 2, 0x0D530BFA39DE0E7A, 3224595189),
    (2**64 - 1, 16, -(2**40), 2**40, 31, 0xBB9AA159EB131395, 1058975177),
]


def test_splitmix64_begins_its_published_sequence() -> None:
    assert int(splitmix64(np.zeros(1, np.uint64))[0]) == 0xE220A8397B1DCDAF


@pytest.mark.parametrize(("seed", "stream", "row", "column", "channel", "word", "bits"), VECTORS)
def test_vectors(seed: int, stream: int, row: int, column: int, channel: int, word: int, bits: int) -> None:
    hashed = hashes(seed, stream, row, column, (channel + 1, 1, 1))[-1, 0, 0]
    assert int(hashed) == word
    assert int(normals(np.array([hashed])).view(np.uint32)[0]) == bits


def test_a_block_is_the_values_of_its_places() -> None:
    block = hashes(9, 3, -4, 7, (2, 5, 6))
    for channel, y, x in ((0, 0, 0), (1, 4, 5), (1, 2, 3)):
        assert block[channel, y, x] == hashes(9, 3, y - 4, x + 7, (channel + 1, 1, 1))[channel, 0, 0]


def test_a_period_repeats_the_plane() -> None:
    block = hashes(9, 3, -3, -5, (1, 12, 14), period=(4, 7))
    assert np.array_equal(block[:, :8], block[:, 4:])
    assert np.array_equal(block[:, :, :7], block[:, :, 7:])
    assert not np.array_equal(hashes(9, 3, -3, -5, (1, 12, 14)), block)


def test_values_are_spread_as_their_names_say() -> None:
    hashed = hashes(7, 1, -100, -100, (4, 200, 200))
    normal, uniform = normals(hashed), uniforms(hashed)
    assert normal.dtype == uniform.dtype == np.float32
    assert abs(float(normal.mean())) < 0.01
    assert float(normal.std()) == pytest.approx(1, abs=0.01)
    assert float(np.abs(normal).max()) < 3.47
    assert float(uniform.min()) > 0
    assert float(uniform.max()) < 1
    assert float(uniform.mean()) == pytest.approx(0.5, abs=0.01)
    neighbours = np.corrcoef(normal[0, :-1].ravel(), normal[0, 1:].ravel())[0, 1]
    assert abs(float(neighbours)) < 0.02
