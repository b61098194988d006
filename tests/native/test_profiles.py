"""Pictures with ICC profiles: colours against scikit-image by the standards' own matrices, and against littlecms."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms
from skimage import color as reference
from tests.media.profile_builder import (
    ADOBE_RGB,
    DISPLAY_P3,
    SPACES,
    Space,
    gray_profile,
    profile_of_tags,
    srgb_light,
    table_profile,
    tabulated_gray_profile,
)

from scumble import _native
from scumble.errors import ParamError
from scumble.media import icc

Array = NDArray[Any]
RNG = np.random.default_rng(11)
TYPES = ["uint8", "uint16", "float16", "float32"]
RELATIVE = ImageCms.Intent.RELATIVE_COLORIMETRIC
CODE = {"uint8": 1 / 255, "uint16": 1 / 65535, "float16": 2**-11, "float32": 2**-23}


def picture(height: int, width: int, channels: int, dtype: str) -> Array:
    unit = RNG.random((height, width, channels))
    top = {"uint8": 255, "uint16": 65535}.get(dtype)
    return (unit * top).round().astype(dtype) if top else unit.astype(dtype)


def unit(image: Array) -> Array:
    top = {"uint8": 255.0, "uint16": 65535.0}.get(image.dtype.name, 1.0)
    return np.asarray(image.astype(np.float64) / top)


def recolored(src: Array, ab: Array, *, adds_nothing: bool = False, **settings: Any) -> Array:
    dst = np.zeros((*src.shape[:2], 3 + (src.shape[2] % 2 == 0)), src.dtype)
    if adds_nothing:
        zero = np.zeros((1, 1), np.float32)
        _native.recolor_guided(src, dst, np.zeros((2, 1, 1), np.float32), zero, adds=True, **settings)
    else:
        _native.recolor(src, dst, ab, **settings)
    return dst


def opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def srgb_by_littlecms(codes: Array, profile: bytes) -> Array:
    """8-bit sRGB of 8-bit codes by Pillow's littlecms, relative colorimetric."""
    transform = ImageCms.buildTransform(opened(profile), ImageCms.createProfile("sRGB"), "RGB", "RGB", RELATIVE)
    done = transform.apply(Pillow.fromarray(codes))
    return np.asarray(done)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", SPACES)
def test_lightness_is_that_of_the_colours_in_their_space(name: str, dtype: str) -> None:
    space = SPACES[name]
    src = picture(37, 131, 4, dtype)
    want = space.lab(unit(src)[..., :3])[..., 0]
    got = _native.lightness(src, transfer=_native.ColorSpace(space.profile))
    assert np.abs(got - want).max() < 0.02
    ignored = _native.lightness(src)
    assert np.abs(ignored - want).max() > 0.5, "the control: the profile matters"


@pytest.mark.parametrize("name", SPACES)
def test_lab_both_ways(name: str) -> None:
    space = SPACES[name]
    transfer = _native.ColorSpace(space.profile)
    rgb = RNG.random((4000, 3)).astype(np.float32)
    lab = _native.lab_from_rgb(rgb, transfer=transfer)
    assert np.abs(lab - space.lab(rgb)).max() < 0.06, "profiles hold 16 bits behind the point"
    assert np.abs(_native.rgb_from_lab(lab, transfer=transfer) - rgb).max() < 2e-3, "powers are steep at black"
    grays = np.repeat(RNG.random((500, 1)).astype(np.float32), 3, axis=1)
    assert np.abs(_native.lab_from_rgb(grays, transfer=transfer)[:, 1:]).max() < 2e-4


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", SPACES)
def test_recolouring_gives_the_wanted_colours_in_the_space(name: str, dtype: str) -> None:
    space = SPACES[name]
    transfer = _native.ColorSpace(space.profile)
    gray = np.repeat(
        picture(40, 70, 1, dtype) // np.array(2, dtype) if dtype[0] == "u" else picture(40, 70, 1, dtype), 3, 2
    )
    ab = RNG.uniform(-16, 16, (2, 40, 70)).astype(np.float32)
    src = np.dstack([gray, picture(40, 70, 1, dtype)])
    out = recolored(src, ab, transfer=transfer)
    assert np.array_equal(out[..., 3], src[..., 3])
    before, after = space.lab(unit(src)[..., :3]), space.lab(unit(out)[..., :3])
    # A code is worth most lightness where the curve is steepest.
    allowed = {"uint8": 1.6, "uint16": 0.08, "float16": 0.3, "float32": 0.02}[dtype]
    bright = (before[..., 0] > 35) & (before[..., 0] < 75)
    assert bright.sum() > 300
    assert np.abs(after - before)[..., 0][bright].max() < allowed
    want = ab.transpose(1, 2, 0)[bright]
    assert np.abs(after[..., 1:][bright] - want).max() < 0.1 + 3 * allowed
    shifted = space.lab(unit(recolored(src, ab))[..., :3])[..., 1:][bright]
    assert np.abs(shifted - want).max() > 1.5, "the control: numbers of sRGB in another space are other colours"


@pytest.mark.parametrize("name", SPACES)
def test_colours_outside_srgb_are_kept(name: str) -> None:
    """Strength 0 and mask 0 leave every bit; half of the strength leaves saturated colours outside sRGB."""
    space = SPACES[name]
    transfer = _native.ColorSpace(space.profile)
    src = np.zeros((1, 3, 3), np.float32)
    src[0, [0, 1, 2], [0, 1, 2]] = 0.9
    own = _native.lab_from_rgb(src[0], transfer=transfer)
    assert (np.abs(_native.lab_from_rgb(_native.rgb_from_lab(own))[:, 1:] - own[:, 1:]).max(1) > 1).any()
    ab = np.ascontiguousarray(own[:, 1:].T[:, None])
    assert np.abs(recolored(src, ab, transfer=transfer) - src).max() < 2e-3
    for dtype in TYPES:
        noise = picture(20, 30, 3, dtype)
        zero = np.zeros((2, 20, 30), np.float32)
        assert np.array_equal(recolored(noise, zero, strength=0.0, transfer=transfer), noise)
        mask = RNG.choice(np.array([0, 255], np.uint8), (20, 30))
        assert np.array_equal(recolored(noise, zero, mask=mask, transfer=transfer)[mask == 0], noise[mask == 0])


@pytest.mark.parametrize("name", SPACES)
def test_littlecms_agrees_on_what_is_seen(name: str) -> None:
    """What the picture looks like, before and after, by Pillow's littlecms: only chroma differs."""
    space = SPACES[name]
    src = np.repeat(RNG.integers(90, 150, (30, 50, 1), np.uint8), 3, axis=2)
    ab = RNG.uniform(-20, 20, (2, 30, 50)).astype(np.float32)
    out = recolored(src, ab, transfer=_native.ColorSpace(space.profile))
    seen, shown = (reference.rgb2lab(srgb_by_littlecms(p, space.profile)) for p in (src, out))
    assert np.abs(seen[..., 0] - shown[..., 0]).max() < 1.8
    assert np.abs(shown[..., 1:] - ab.transpose(1, 2, 0)).max() < 4.5
    assert np.abs(shown[..., 1:] - ab.transpose(1, 2, 0)).mean() < 1.0


def test_own_colours_come_back_within_one_code_in_every_space() -> None:
    codes = np.arange(0, 256, 5, dtype=np.uint8)
    cube = np.stack(np.meshgrid(codes, codes, codes, indexing="ij"), -1).reshape(1, -1, 3)
    for space in SPACES.values():
        transfer = _native.ColorSpace(space.profile)
        for src in (cube, cube.astype(np.uint16) * 257):
            lab = _native.lab_from_rgb(unit(src)[0].astype(np.float32), transfer=transfer)
            out = recolored(src, np.ascontiguousarray(lab[:, 1:].T[:, None]), transfer=transfer)
            error = np.abs(out.astype(int) - src)
            dark = src.max(2) < src.dtype.type(64 * (257 if src.dtype == np.uint16 else 1))
            assert error[~dark].max() <= (1 if src.dtype == np.uint8 else 130)
            assert error[dark].max() <= (2 if src.dtype == np.uint8 else 260), "where light has few bits"


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("channels", [1, 2])
def test_gray_profiles_tell_the_lightness_and_colours_go_with_their_twin(channels: int, dtype: str) -> None:
    src = picture(20, 33, channels, dtype)

    def bent(v: Array) -> Array:
        return np.asarray(0.2 * v + 0.8 * v**2.4)

    curves: list[tuple[bytes, Callable[[Array], Array]]] = [
        (gray_profile(1.8), lambda v: v**1.8),
        (tabulated_gray_profile(bent), bent),
    ]
    for profile, light in curves:
        transfer = _native.ColorSpace(profile)
        assert transfer.is_gray
        assert not transfer.is_srgb
        xyz = light(unit(src)[..., :1]) * np.array([0.95047, 1.0, 1.08883])
        want = reference.xyz2lab(xyz)[..., 0]
        assert np.abs(_native.lightness(src, transfer=transfer) - want).max() < 0.06
        out = recolored(src, np.zeros((2, 20, 33), np.float32), transfer=transfer)
        error = np.abs(unit(out)[..., :3] - unit(src)[..., :1])
        assert error.max() <= 3e-5 + 0.6 * CODE[dtype], "gray stays the same numbers"
        twin = transfer.color_icc
        assert twin is not None
        coloured = _native.ColorSpace(twin)
        assert not coloured.is_gray
        painted = recolored(src, RNG.uniform(-20, 20, (2, 20, 33)).astype(np.float32), transfer=transfer)
        allowed = {"uint8": 1.5, "uint16": 0.1, "float16": 0.4, "float32": 0.06}[dtype]
        seen = _native.lightness(painted, transfer=coloured)
        middle = (want > 20) & (want < 90)
        assert np.abs(seen - want)[middle].max() < allowed


@pytest.mark.parametrize("dtype", TYPES)
def test_tables_of_colours_are_used_both_ways(dtype: str) -> None:
    profile = table_profile(ADOBE_RGB)
    transfer = _native.ColorSpace(profile)
    src = np.repeat(picture(25, 40, 1, dtype), 3, axis=2)
    want = ADOBE_RGB.lab(unit(src))[..., 0]
    got = _native.lightness(src, transfer=transfer)
    middle = (want > 25) & (want < 85)
    assert np.abs(got - want)[middle].max() < 0.6, "as far as the table's steps reach"
    ab = RNG.uniform(-20, 20, (2, 25, 40)).astype(np.float32)
    out = recolored(src, ab, transfer=transfer)
    shown = ADOBE_RGB.lab(unit(out))
    assert np.abs(shown[..., 0] - want)[middle].max() < 2.5
    assert np.abs(shown[..., 1:] - ab.transpose(1, 2, 0))[middle].max() < 5
    assert np.array_equal(recolored(src, ab, strength=0.0, transfer=transfer), src)


def test_tables_of_colours_agree_with_littlecms() -> None:
    profile = table_profile(ADOBE_RGB)
    codes = RNG.integers(40, 216, (30, 30, 3), np.uint8)
    transfer = _native.ColorSpace(profile)
    want = reference.rgb2lab(srgb_by_littlecms(codes, profile))[..., 0]
    assert np.abs(_native.lightness(codes, transfer=transfer) - want).mean() < 0.35
    assert np.abs(_native.lightness(codes) - want).mean() > 1.0


def test_srgb_is_known_by_its_numbers() -> None:
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert _native.ColorSpace(bytes(made)).is_srgb
    assert _native.ColorSpace(icc.profile_from_primaries(icc.REC709, icc.SRGB_CURVE, "mine")).is_srgb
    assert _native.ColorSpace(tabulated_gray_profile(srgb_light, 1024)).is_srgb
    for other in (DISPLAY_P3, ADOBE_RGB):
        assert not _native.ColorSpace(other.profile).is_srgb
    assert not _native.ColorSpace(icc.profile_from_primaries(icc.REC709, 2.2, "gamma")).is_srgb


def test_bright_light_is_kept_where_floats_are_light() -> None:
    src = np.array([[[8.0, 8.0, 8.0], [0.5, 0.5, 0.5]]], np.float32)
    ab = np.full((2, 1, 2), 30, np.float32)
    for name, is_open in (("linear Rec. 2020", True), ("Display P3", False)):
        out = recolored(src, ab, transfer=_native.ColorSpace(SPACES[name].profile))
        assert bool(out[0, 0].max() > 8.01) is is_open
        assert out[0, 0].mean() == pytest.approx(8, rel=0.2 if is_open else 1e-3)
        assert out[0, 1, 0] > 0.5 > out[0, 1, 2]
    whole = np.full((1, 4, 3), 60000, np.uint16)
    out = recolored(whole, np.full((2, 1, 4), 90, np.float32), transfer="linear")
    seen = [_native.lightness(p, transfer="linear") for p in (whole, out)]
    assert np.abs(seen[0] - seen[1]).max() < 0.02, "whole numbers have a brightest one, in light too"


@pytest.mark.parametrize("transfer", ["srgb", "linear"])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_float_colours_beyond_the_space_are_kept_where_they_are_to_be(transfer: Any, dtype: str) -> None:
    """ScRGB holds colours outside sRGB as numbers below 0: no change, and little of one, leave them there."""
    src = np.array([[[-0.2, 0.6, 0.1], [0.3, 0.5, -0.15], [0.4, 0.3, 0.2], [0.9, -0.1, 0.3]]], dtype)
    own = _native.lab_from_rgb(src[0].astype(np.float32), transfer=transfer)[:, 1:].T[:, None]
    own, none = np.ascontiguousarray(own), np.zeros((2, 1, 4), np.float32)
    near = 3e-3 if dtype == "float16" else 2e-4
    assert np.abs(recolored(src, none, adds_nothing=True, transfer=transfer) - src).max() < near
    assert np.abs(recolored(src, own, strength=0.5, transfer=transfer) - src).max() < near
    mask = np.full((1, 4), 20, np.uint8)
    feathered = recolored(src, none, mask=mask, transfer=transfer).astype(np.float64)
    lab = _native.lab_from_rgb(feathered[0].astype(np.float32), transfer=transfer)
    assert np.abs(lab[:, 1:].T - own[:, 0] * (1 - 20 / 255)).max() < (0.6 if dtype == "float16" else 0.05)
    assert recolored(src, own, transfer=transfer).min() >= -1e-3, "what is coloured in full lies inside"


def broken_profiles() -> dict[str, bytes]:
    good = DISPLAY_P3.profile
    at = good.index(b"rXYZ", 132)
    cut = bytearray(good)
    cut[at : at + 4] = b"xxxx"
    black = bytearray(good)
    place = int.from_bytes(good[at + 4 : at + 8], "big")
    black[place + 8 : place + 20] = bytes(12)
    falling = profile_of_tags(b"GRAY", {b"kTRC": b"curv\0\0\0\0\0\0\0\x02\xff\xff\0\0"})
    strange = bytearray(good)
    strange[16:20] = b"????"
    return {
        "empty": b"",
        "noise": RNG.bytes(500),
        "header only": good[:128],
        "half": good[: len(good) // 2],
        "no red": bytes(cut),
        "black red": bytes(black),
        "falling": falling,
        "no curve": profile_of_tags(b"GRAY", {}),
        "no tables": profile_of_tags(b"RGB ", {}),
        "CMYK": profile_of_tags(b"CMYK", {}),
        "unknown space": bytes(strange),
        "reads only": table_profile(ADOBE_RGB, steps=5, writes=False),
    }


@pytest.mark.parametrize("name", broken_profiles())
def test_profiles_that_cannot_be_used_are_refused(name: str) -> None:
    with pytest.raises(ParamError, match="profile"):
        _native.ColorSpace(broken_profiles()[name])


def test_damaged_profiles_never_end_the_process() -> None:
    for base in (DISPLAY_P3.profile, table_profile(ADOBE_RGB, steps=5), gray_profile(2.2)):
        for seed in range(150):
            random = np.random.default_rng(seed)
            damaged = bytearray(base)
            for place in random.integers(0, min(len(base), 700), 4):
                damaged[place] = random.integers(0, 256)
            try:
                space = _native.ColorSpace(bytes(damaged))
            except ParamError:
                continue
            src = picture(2, 3, 1 if space.is_gray else 3, "uint8")
            assert recolored(src, np.full((2, 2, 3), 10, np.float32), transfer=space).shape == (2, 3, 3)


def test_other_words_and_things_are_refused() -> None:
    src = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(ParamError, match="transfer"):
        _native.lightness(src, transfer="p3")
    with pytest.raises(TypeError):
        _native.lightness(src, transfer=3)  # type: ignore[arg-type]


def test_the_way_taken_does_not_depend_on_neighbours() -> None:
    space: Space = DISPLAY_P3
    transfer = _native.ColorSpace(space.profile)
    src, ab = picture(9, 301, 3, "uint8"), RNG.uniform(-60, 60, (2, 9, 301)).astype(np.float32)
    whole = recolored(src, ab, transfer=transfer)
    for x in (0, 1, 127, 128, 300):
        alone = recolored(
            np.ascontiguousarray(src[:, x : x + 1]), np.ascontiguousarray(ab[:, :, x : x + 1]), transfer=transfer
        )
        assert np.array_equal(alone, whole[:, x : x + 1])


PLAIN = """
import sys
import numpy as np
from scumble import _native
from scumble.media import icc
inputs = dict(np.load(sys.argv[1]))
spaces = ["srgb", "linear", _native.ColorSpace(icc.profile_from_primaries(icc.DISPLAY_P3, icc.SRGB_CURVE, "P3"))]
results = {}
for name, src in inputs.items():
    if not name.startswith("src"):
        continue
    for number, space in enumerate(spaces):
        key = f"{name}-{number}"
        dst = np.zeros((*src.shape[:2], 3 + (src.shape[2] % 2 == 0)), src.dtype)
        _native.recolor(src, dst, inputs["ab"], strength=0.9, mask=inputs["mask"], transfer=space)
        results[key + "-recolored"] = dst
        _native.recolor_guided(src, led := np.zeros_like(dst), inputs["small"], inputs["guide"], transfer=space)
        results[key + "-guided"] = led
        results[key + "-lightness"] = _native.lightness(src, transfer=space)
        results[key + "-thumbnail"] = _native.lightness_thumbnail(src, 13, 9, transfer=space)
        results[key + "-converted"] = _native.converted(src, source=space, target="srgb")
        results[key + "-lab"] = _native.lab_from_rgb(inputs["rgb"], transfer=space)
        results[key + "-rgb"] = _native.rgb_from_lab(inputs["lab"], transfer=space)
np.savez(sys.argv[2], **results)
"""


def _is_near(name: str, plain: np.ndarray, fused: np.ndarray) -> bool:
    """Whether results differ by one code in few samples, or by the rounding of a few operations."""
    if np.issubdtype(plain.dtype, np.integer):
        off = np.abs(plain.astype(np.int64) - fused)
        return bool(off.max() <= 1 and (off > 0).mean() < (5e-4 if plain.dtype == np.uint8 else 5e-3))
    if plain.dtype == np.float16:
        return bool(np.allclose(plain.astype(float), fused.astype(float), 2**-10, 2**-10, equal_nan=True))
    # Chroma is 500 times a difference of roots.
    return bool(np.allclose(plain, fused, 1e-6, 2e-4 if name.endswith("-lab") else 3e-5, equal_nan=True))


def test_vector_kernels_give_the_same_bits_and_plain_ones_nearly(tmp_path: Path) -> None:
    """The choice is made once in a process, so each way runs in one of its own."""
    inputs = {f"src{n}{t}": picture(41, 300, n, t) for n in (1, 2, 3, 4) for t in TYPES}
    for name in (name for name, src in inputs.items() if not np.issubdtype(src.dtype, np.integer)):
        inputs[name][0, ::7] = -0.0
    inputs["ab"] = RNG.uniform(-90, 90, (2, 41, 300)).astype(np.float32)
    inputs["mask"] = RNG.integers(0, 256, (41, 300), np.uint8)
    inputs["small"] = RNG.uniform(-60, 60, (2, 12, 20)).astype(np.float32)
    inputs["guide"] = RNG.uniform(0, 100, (12, 20)).astype(np.float32)
    inputs["rgb"] = RNG.random((777, 3)).astype(np.float32)
    inputs["lab"] = np.column_stack([RNG.uniform(0, 100, 777), RNG.uniform(-128, 128, (777, 2))]).astype(np.float32)
    np.savez(tmp_path / "in.npz", allow_pickle=False, **inputs)
    found = {}
    for kernels in ("plain", "avx2", "any"):
        out = tmp_path / f"{kernels}.npz"
        command = [sys.executable, "-c", PLAIN, str(tmp_path / "in.npz"), str(out)]
        subprocess.run(command, check=True, env={**os.environ, "SCUMBLE_KERNELS": kernels}, timeout=300)
        found[kernels] = dict(np.load(out))
    assert len(found["plain"]) == 16 * 3 * 7
    for name, plain in found["plain"].items():
        assert np.array_equal(found["any"][name], found["avx2"][name], equal_nan=True), name
        assert np.array_equal(np.signbit(found["any"][name]), np.signbit(found["avx2"][name])), name
        assert _is_near(name, plain, found["any"][name]), name
