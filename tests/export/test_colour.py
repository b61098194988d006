"""The recipe's colour: Lab against scikit-image, the 313 bins, soft encoding, rebalancing and metrics."""

from __future__ import annotations

import numpy as np
import torch
from skimage.color import rgb2lab

from scumble_export.colorize.bins import SoftEncoder, bin_centres, rebalancing_weights
from scumble_export.lab import lab_from_pixels, rgb_from_lab
from scumble_export.metrics import bootstrap_interval, colourfulness, psnr_db


def test_lab_is_scikit_images_and_returns() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    lab = lab_from_pixels(pixels)
    assert np.abs(lab.permute(0, 2, 3, 1).numpy() - rgb2lab(pixels / 255)).max() < 0.05
    back = (rgb_from_lab(lab) * 255).round().permute(0, 2, 3, 1).numpy()
    assert np.abs(back - pixels).max() <= 1


def test_there_are_313_bins_on_the_lattice_and_in_reach() -> None:
    centres = bin_centres()
    assert centres.shape == (313, 2)
    assert len({tuple(centre) for centre in centres}) == 313
    assert np.all(centres % 10 == 0)
    assert np.abs(centres).max() <= 110


def test_soft_encoding_weighs_the_nearest_most_and_sums_to_one() -> None:
    ab = torch.from_numpy(np.random.default_rng(1).uniform(-60, 60, (1, 2, 8, 8)).astype(np.float32))
    nearest, weight = SoftEncoder()(ab)
    assert torch.allclose(weight.sum(1), torch.ones(1, 8, 8), atol=1e-5)
    assert bool((weight[:, 0] >= weight[:, 1:].max(1).values).all())
    distance = np.linalg.norm(bin_centres()[nearest[0, 0].numpy()] - ab[0].permute(1, 2, 0).numpy(), axis=-1)
    every = np.linalg.norm(bin_centres()[:, None, None] - ab[0].permute(1, 2, 0).numpy(), axis=-1).min(0)
    assert np.abs(distance - every).max() < 2.0  # looked up on a grid of 2 units


def test_rare_bins_weigh_more_and_the_mean_is_one() -> None:
    prior = np.arange(313, dtype=np.float64) ** 2
    weight = rebalancing_weights(prior)
    assert abs(float((prior / prior.sum() * weight).sum()) - 1) < 1e-6
    assert weight[0] > 2 * weight[-1]


def test_psnr_and_colourfulness_have_their_known_values() -> None:
    gray = np.full((8, 8, 3), 100, np.uint8)
    assert abs(psnr_db(gray, gray + 10) - 10 * np.log10(255**2 / 100)) < 1e-9
    assert colourfulness(gray) == 0
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200
    assert abs(colourfulness(red) - 0.3 * np.hypot(200, 100)) < 1e-9


def test_the_interval_holds_the_mean_and_shrinks_with_more_pictures() -> None:
    rng = np.random.default_rng(2)
    few, many = (bootstrap_interval(rng.normal(1, 1, count)) for count in (20, 500))
    assert few[1] < few[0] < few[2]
    assert many[2] - many[1] < few[2] - few[1]
