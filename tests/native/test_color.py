"""Colour kernels against scikit-image, and their promises: lightness kept, alpha and masked pixels untouched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import color as reference

from scumble import _native
from scumble.errors import ParamError

Array = NDArray[Any]

RNG = np.random.default_rng(5)
TYPES = ["uint8", "uint16", "float16", "float32"]
SIZES = [(1, 1), (1, 130), (37, 1), (53, 129)]


def picture(height: int, width: int, channels: int, dtype: str) -> Array:
    unit = RNG.random((height, width, channels))
    top = {"uint8": 255, "uint16": 65535}.get(dtype)
    return (unit * top).round().astype(dtype) if top else unit.astype(dtype)


def unit_rgb(image: Array) -> Array:
    top = {"uint8": 255.0, "uint16": 65535.0}.get(image.dtype.name, 1.0)
    values = image.astype(np.float64) / top
    return np.repeat(values[..., :1], 3, axis=2) if image.shape[2] < 3 else values[..., :3]


def chroma(height: int, width: int, reach: float = 60.0) -> Array:
    return RNG.uniform(-reach, reach, (2, height, width)).astype(np.float32)


def recolored(src: Array, ab: Array, **settings: Any) -> Array:
    dst = np.zeros((*src.shape[:2], 3 + (src.shape[2] % 2 == 0)), src.dtype)
    _native.recolor(src, dst, ab, **settings)
    return dst


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_lightness_agrees_with_scikit_image(dtype: str, channels: int) -> None:
    for size in SIZES:
        src = picture(*size, channels, dtype)
        want = reference.rgb2lab(unit_rgb(src))[..., 0]
        assert np.abs(_native.lightness(src) - want).max() <= 1e-3


def test_lab_agrees_with_scikit_image_both_ways() -> None:
    rgb = RNG.random((4000, 3)).astype(np.float32)
    lab = _native.lab_from_rgb(rgb)
    # scikit-image's white differs from its matrix's row sums in the fifth digit; ours gives gray no chroma at all.
    assert np.abs(lab - reference.rgb2lab(rgb.astype(np.float64))).max() < 0.02
    assert np.abs(_native.rgb_from_lab(lab) - rgb).max() < 2e-4
    gray = np.repeat(RNG.random((500, 1)).astype(np.float32), 3, axis=1)
    assert np.abs(_native.lab_from_rgb(gray)[:, 1:]).max() < 1e-4


def test_out_of_gamut_colours_keep_lightness_and_hue() -> None:
    lab = np.column_stack([RNG.uniform(2, 98, 5000), RNG.uniform(-150, 150, (5000, 2))]).astype(np.float32)
    rgb = _native.rgb_from_lab(lab)
    assert rgb.min() >= 0.0
    assert rgb.max() <= 1.0
    back = reference.rgb2lab(rgb.astype(np.float64))
    assert np.abs(back[:, 0] - lab[:, 0]).max() <= 1e-3
    share = np.hypot(back[:, 1], back[:, 2]) / np.hypot(lab[:, 1], lab[:, 2])
    assert share.max() < 1.01
    strong = np.hypot(back[:, 1], back[:, 2]) > 5
    turn = np.angle((back[:, 1] + 1j * back[:, 2]) / (lab[:, 1] + 1j * lab[:, 2]))
    assert np.abs(turn[strong]).max() < 0.01


def linear_from_lab(lab: Array) -> Array:
    """Linear channels, unlimited, in double precision (CIE 15, IEC 61966-2-1)."""
    fy = (lab[:, 0] + 16) / 116
    roots = np.column_stack([fy + lab[:, 1] / 500, fy, fy - lab[:, 2] / 200])
    light = np.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * 108 / 841)
    rows = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
    return np.asarray(light @ np.linalg.inv(rows / rows.sum(1, keepdims=True)).T)


def test_out_of_gamut_colours_keep_the_chroma_that_fits() -> None:
    lab = np.column_stack([RNG.uniform(1, 99, 40000), RNG.uniform(-150, 150, (40000, 2))])
    back = _native.lab_from_rgb(_native.rgb_from_lab(lab.astype(np.float32))).astype(np.float64)
    share = (back[:, 1:] * lab[:, 1:]).sum(1) / (lab[:, 1:] ** 2).sum(1)
    assert share.min() > 0
    more = lab * np.column_stack([np.ones(len(lab)), share + 0.003, share + 0.003])
    light = linear_from_lab(more)
    is_at_border = (light.min(1) < 0) | (light.max(1) > 1)
    fits = share > 0.997
    assert 0.05 < fits.mean() < 0.5
    # Where the border is hollow (dark blue), a few end at a nearer side of it.
    assert (is_at_border | fits).mean() > 0.999


def test_lightness_is_written_where_it_is_wanted() -> None:
    src = picture(7, 300, 3, "uint16")
    want = _native.lightness(src)
    out = np.zeros((7, 300), np.float32)
    assert _native.lightness(src, out=out) is out
    assert np.array_equal(out, want)
    for wrong in (out[:6], out.T, out[:, ::-1]):
        with pytest.raises(ParamError, match="height and width"):
            _native.lightness(src, out=wrong)


def test_floats_outside_of_zero_to_one_follow_the_curve() -> None:
    unit = np.array([-0.7, -0.02, -0.0, 0.02, 0.7, 1.0, 1.4, 3.0], np.float32)
    light = np.where(
        np.abs(unit) <= 0.04045, np.abs(unit) / 12.92, ((np.abs(unit).astype(np.float64) + 0.055) / 1.055) ** 2.4
    ) * np.sign(unit)
    for dtype, allowed in (("float32", 4e-6), ("float16", 2e-3)):
        src = np.repeat(unit, 3).reshape(1, -1, 3).astype(dtype)
        got = _native.converted(src, source="srgb", target="linear")[0]
        assert (np.abs(got - light[:, None]) <= allowed * np.maximum(np.abs(light), 1)[:, None]).all()


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_recolouring_keeps_lightness_and_alpha(dtype: str, channels: int) -> None:
    # Rounding to the sample type is worth this much L.
    allowed = {"uint8": 0.5, "uint16": 2e-2, "float16": 0.2, "float32": 1e-3}[dtype]
    for size in SIZES:
        src = picture(*size, channels, dtype)
        out = recolored(src, chroma(*size))
        assert np.abs(_native.lightness(out) - _native.lightness(src)).max() <= allowed
        if channels % 2 == 0:
            assert np.array_equal(out[..., 3], src[..., -1])


@pytest.mark.parametrize("dtype", TYPES)
def test_own_chroma_and_strength_zero_give_the_source_back(dtype: str) -> None:
    src = picture(40, 60, 3, dtype)
    assert np.array_equal(recolored(src, chroma(40, 60), strength=0.0), src)
    lab = _native.lab_from_rgb(unit_rgb(src).astype(np.float32).reshape(-1, 3))
    own = np.ascontiguousarray(lab[:, 1:].T.reshape(2, 40, 60))
    allowed = {"uint8": 1, "uint16": 8, "float16": 2e-3, "float32": 1e-4}[dtype]
    assert np.abs(recolored(src, own).astype(np.float64) - src).max() <= allowed


def test_strength_mixes_chroma() -> None:
    src = picture(20, 30, 1, "float32") * 0.4 + 0.3
    ab = chroma(20, 30, 20.0)
    half = reference.rgb2lab(recolored(src, ab, strength=0.5).astype(np.float64))
    assert np.abs(half[..., 1:] - 0.5 * ab.transpose(1, 2, 0)).max() < 0.05


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_masked_pixels_are_bit_identical(dtype: str, channels: int) -> None:
    src = picture(33, 47, channels, dtype)
    mask = RNG.choice(np.array([0, 128, 255], np.uint8), (33, 47))
    ab = chroma(33, 47)
    out = recolored(src, ab, mask=mask)
    kept = np.repeat(src[..., :1], 3, axis=2) if channels < 3 else src[..., :3]
    assert np.array_equal(out[mask == 0][:, :3], kept[mask == 0])
    full = recolored(src, ab)
    assert np.array_equal(out[mask == 255], full[mask == 255])
    assert not np.array_equal(out[mask == 128], full[mask == 128])


def test_rows_may_lie_apart_or_backwards() -> None:
    wide = picture(50, 90, 4, "uint16")
    src = wide[::-2, 10:70]
    canvas = np.full((40, 80, 4), 9, np.uint16)
    dst = canvas[3:28, 5:65]
    ab = chroma(25, 60)
    _native.recolor(src, dst, ab)
    assert np.array_equal(dst, recolored(np.ascontiguousarray(src), ab))
    canvas[3:28, 5:65] = 9
    assert (canvas == 9).all()
    mask = np.zeros((50, 120), np.uint8)[::2, ::2]
    with pytest.raises(ParamError, match="side by side"):
        _native.recolor(src, dst, ab, mask=mask)


def test_linear_light_above_one_below_zero_and_not_a_number() -> None:
    src = np.array([[[8.0], [-0.5], [np.nan], [np.inf], [0.18]]], np.float32)
    assert np.array_equal(_native.lightness(src, transfer="linear")[0, :4], np.array([100, 0, 0, 100], np.float32))
    out = recolored(src, np.full((2, 1, 5), 30, np.float32), transfer="linear")
    weights = np.array([0.212671, 0.715160, 0.072169])
    assert out[0, 0] @ weights == pytest.approx(8.0, rel=1e-5)
    assert out[0, 0, 0] > 8.0 > out[0, 0, 2]
    assert np.array_equal(out[0, 1:4], np.repeat(src[0, 1:4], 3, axis=1), equal_nan=True)
    assert out[0, 4] @ weights == pytest.approx(0.18, rel=1e-4)


def test_chroma_that_is_no_number_counts_as_none() -> None:
    src = picture(5, 7, 1, "uint8")
    out = recolored(src, np.full((2, 5, 7), np.nan, np.float32))
    assert np.array_equal(out, np.repeat(src, 3, axis=2))


@pytest.mark.parametrize(
    ("src", "dst", "ab"),
    [
        ((4, 5, 3), (4, 5, 4), (2, 4, 5)),
        ((4, 5, 4), (4, 5, 3), (2, 4, 5)),
        ((4, 5, 3), (4, 6, 3), (2, 4, 5)),
        ((4, 5, 3), (4, 5, 3), (2, 5, 4)),
        ((4, 5, 3), (4, 5, 3), (1, 4, 5)),
        ((0, 5, 3), (0, 5, 3), (2, 0, 5)),
        ((4, 5, 5), (4, 5, 5), (2, 4, 5)),
    ],
)
def test_sizes_that_do_not_fit_are_refused(src: tuple[int, ...], dst: tuple[int, ...], ab: tuple[int, ...]) -> None:
    with pytest.raises(ParamError):
        _native.recolor(np.zeros(src, np.uint8), np.zeros(dst, np.uint8), np.zeros(ab, np.float32))


def test_values_out_of_range_are_refused() -> None:
    src, ab = np.zeros((4, 5, 3), np.uint8), np.zeros((2, 4, 5), np.float32)
    dst = np.zeros_like(src)
    with pytest.raises(ParamError, match="strength"):
        _native.recolor(src, dst, ab, strength=1.5)
    with pytest.raises(ParamError, match="strength"):
        _native.recolor(src, dst, ab, strength=float("nan"))
    with pytest.raises(ParamError, match="transfer"):
        _native.lightness(src, transfer="gamma")
    with pytest.raises(ParamError, match="mask"):
        _native.recolor(src, dst, ab, mask=np.zeros((5, 4), np.uint8))
    with pytest.raises(ParamError, match="float64"):
        _native.lightness(src.astype(np.float64))
    with pytest.raises(ParamError, match="one type"):
        _native.recolor(src, dst.astype(np.uint16), ab)
    dst.flags.writeable = False
    with pytest.raises(ParamError, match="read-only"):
        _native.recolor(src, dst, ab)


def test_source_and_destination_may_not_share_memory() -> None:
    memory = bytearray(4 * 5 * 3 + 1)
    src = np.frombuffer(memory, np.uint8, 60).reshape(4, 5, 3)
    dst = np.frombuffer(memory, np.uint8, 60, 1).reshape(4, 5, 3)
    with pytest.raises(ParamError):
        _native.recolor(src, dst, np.zeros((2, 4, 5), np.float32))
    with pytest.raises(ParamError):
        _native.recolor(dst, dst, np.zeros((2, 4, 5), np.float32))
