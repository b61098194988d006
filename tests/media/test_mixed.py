"""Mixing a result into its source by a mask: outside bit for bit, full inside, between in between."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scumble.errors import MediaError
from scumble.media.arrays import array_from_image, image_from_array, mixed


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(["uint8", "uint16", "float32"]),
    st.tuples(st.integers(1, 9), st.integers(1, 600)),
    st.integers(0, 2**31),
)
@settings(max_examples=80, deadline=None)
def test_every_pixel_is_where_the_mask_puts_it(
    below: int, above: int, dtype: str, size: tuple[int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    full = np.iinfo(dtype).max if dtype != "float32" else 1
    source, result = ((rng.random((*size[::-1], count)) * full).astype(dtype) for count in (below, above))
    mask = rng.choice(np.array([0, 77, 255], np.uint8), size[::-1])
    out = array_from_image(mixed(*map(image_from_array, (source, result, mask))))
    colour = below > 2 or above > 2
    alpha = below in (2, 4) or above in (2, 4)
    assert out.shape == (*size[::-1], (3 if colour else 1) + alpha)

    def spread(
        pixels: NDArray[Any],
    ) -> NDArray[Any]:
        has_alpha = pixels.shape[2] in (2, 4)
        light = pixels[..., :-1] if has_alpha else pixels
        parts = [np.repeat(light, 3, 2) if colour and light.shape[2] == 1 else light]
        if alpha:
            parts.append(pixels[..., -1:] if has_alpha else np.full((*pixels.shape[:2], 1), full, dtype))
        return np.concatenate(parts, 2)

    low, high = spread(source), spread(result)
    assert np.array_equal(out[mask == 0], low[mask == 0])
    assert np.array_equal(out[mask == 255], high[mask == 255])
    want = low + (high.astype(np.float64) - low) * 77 / 255
    slack = 1e-5 if dtype == "float32" else 0.51 + full / 2**22
    assert np.abs(out[mask == 77] - want[mask == 77]).max(initial=0) <= slack


def test_what_does_not_fit_is_refused() -> None:
    small, large = (image_from_array(np.zeros((side, side), np.uint8)) for side in (2, 3))
    deep = image_from_array(np.zeros((2, 2), np.uint16))
    for source, result, mask in ((small, large, small), (small, small, large), (small, deep, small)):
        with pytest.raises(MediaError) as raised:
            mixed(source, result, mask)
        assert raised.value.code == "media.mix"
