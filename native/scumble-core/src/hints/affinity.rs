//! How alike neighbouring pixels are (Levin, Lischinski and Weiss 2004, equation 2), and means over neighbours.

use crate::color::fast_path;

/// Row and column offsets of the eight neighbours, in the order of their weights.
pub const STEPS: [(isize, isize); 8] = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)];

/// Share of a window's variance that divides squared differences.
const VARIANCE_SHARE: f32 = 0.6;
/// −ln 0.01: the divisor is at least so large that the most alike neighbour weighs 0.01.
const NEAREST_EXPONENT: f32 = 4.605_170_2;
/// The least divisor, lightness counted from 0 to 1.
const LEAST_VARIANCE: f32 = 2e-6;

/// A weight for each neighbour of each pixel: rows of eight rows, one for each of `STEPS`.
#[derive(Debug, Clone, PartialEq)]
pub struct Stencil {
    /// Pixels a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Weights by row, step and column; 0 where the neighbour lies outside.
    pub weights: Vec<f32>,
}

/// A plane with a border of one value on every side, so that each pixel has all its neighbours.
#[derive(Debug, Clone, PartialEq)]
pub struct Padded {
    width: usize,
    values: Vec<f32>,
}

impl Padded {
    /// A plane of zeros.
    pub fn zeros(width: usize, height: usize) -> Self {
        Self { width, values: vec![0.0; (width + 2) * (height + 2)] }
    }

    /// A plane of the given values in C order, with a border of zeros.
    pub fn of(values: &[f32], width: usize, height: usize) -> Self {
        let mut plane = Self::zeros(width, height);
        for (y, row) in values.chunks(width).enumerate() {
            plane.row_mut(y).copy_from_slice(row);
        }
        plane
    }

    /// The values without the border, in C order.
    pub fn inner(&self) -> Vec<f32> {
        let rows = self.values.len() / (self.width + 2) - 2;
        (0..rows).flat_map(|y| self.row(y).iter().copied()).collect()
    }

    /// Row `y` without its border.
    pub fn row(&self, y: usize) -> &[f32] {
        &self.values[(y + 1) * (self.width + 2) + 1..][..self.width]
    }

    /// Row `y` without its border.
    pub fn row_mut(&mut self, y: usize) -> &mut [f32] {
        &mut self.values[(y + 1) * (self.width + 2) + 1..][..self.width]
    }

    /// Rows `y - 1` to `y + 1` with their borders.
    pub fn around(&self, y: usize) -> [&[f32]; 3] {
        let stride = self.width + 2;
        [0, 1, 2].map(|i| &self.values[(y + i) * stride..][..stride])
    }

    /// Sets everything to zero.
    pub fn clear(&mut self) {
        self.values.fill(0.0);
    }

    /// All values, border included: for sums and multiples of whole planes.
    pub fn all(&self) -> &[f32] {
        &self.values
    }

    /// All values; the border must stay zero.
    pub fn all_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }
}

/// The eight neighbours of a row's pixels, each as a row of its own.
fn neighbour_rows(around: [&[f32]; 3], width: usize) -> [&[f32]; 8] {
    STEPS.map(|(dy, dx)| &around[(1 + dy) as usize][(1 + dx) as usize..][..width])
}

fast_path! {
    /// Writes each pixel's weighted sum of its neighbours: `weights` are one row of a stencil.
    pub fn weighted_row<>(weights: &[f32], around: [&[f32]; 3], out: &mut [f32]) = weighted_row_body;
}

#[inline(always)]
fn weighted_row_body(weights: &[f32], around: [&[f32]; 3], out: &mut [f32]) {
    let width = out.len();
    let near = neighbour_rows(around, width);
    let mut rows = weights.chunks_exact(width);
    let mut weight: [&[f32]; 8] = [&[]; 8];
    for (slot, row) in weight.iter_mut().zip(&mut rows) {
        *slot = &row[..width];
    }
    let [w0, w1, w2, w3, w4, w5, w6, w7] = weight.map(|row| &row[..width]);
    let [n0, n1, n2, n3, n4, n5, n6, n7] = near.map(|row| &row[..width]);
    for i in 0..width {
        let upper = w0[i] * n0[i] + w1[i] * n1[i] + w2[i] * n2[i];
        let lower = w5[i] * n5[i] + w6[i] * n6[i] + w7[i] * n7[i];
        out[i] = upper + (w3[i] * n3[i] + w4[i] * n4[i]) + lower;
    }
}

fast_path! {
    fn add_products<>(out: &mut [f32], one: &[f32], other: &[f32]) = add_products_body;
}

#[inline(always)]
fn add_products_body(out: &mut [f32], one: &[f32], other: &[f32]) {
    for (out, (one, other)) in out.iter_mut().zip(one.iter().zip(other)) {
        *out += one * other;
    }
}

/// e to the power −t for t of 0 or more, to about 2e-7 of itself; beyond 87 it stays at e^−87.
#[inline(always)]
fn decay(t: f32) -> f32 {
    /// 1.5 · 2^23: adding it rounds to an integer, which its low bits then hold.
    const ROUNDER: f32 = 12_582_912.0;
    let y = (if t < 87.0 { t } else { 87.0 }) * -std::f32::consts::LOG2_E;
    let shifted = y + ROUNDER;
    let whole = shifted - ROUNDER;
    let f = y - whole;
    let power = 1.0
        + f * (std::f32::consts::LN_2
            + f * (0.240_226_5 + f * (0.055_504_11 + f * (0.009_618_129 + f * (0.001_333_356 + f * 0.000_154_035)))));
    let exponent = shifted.to_bits().wrapping_sub(ROUNDER.to_bits()).wrapping_add(127) << 23;
    power * f32::from_bits(exponent)
}

/// Working rows of `affinity_row`.
struct Scratch {
    sum: Vec<f32>,
    count: Vec<f32>,
    divisor: Vec<f32>,
    nearest: Vec<f32>,
}

fast_path! {
    fn affinity_row<>(light: [&[f32]; 3], inside: [&[f32]; 3], scratch: &mut Scratch, out: &mut [f32]) = affinity_row_body;
}

#[inline(always)]
fn affinity_row_body(light: [&[f32]; 3], inside: [&[f32]; 3], scratch: &mut Scratch, out: &mut [f32]) {
    let width = scratch.sum.len();
    // Slices of one known length: loops over them become vector code.
    let (sum, count) = (&mut scratch.sum[..width], &mut scratch.count[..width]);
    let (divisor, nearest) = (&mut scratch.divisor[..width], &mut scratch.nearest[..width]);
    let here = &light[1][1..][..width];
    let (near, inside) = (neighbour_rows(light, width), neighbour_rows(inside, width));
    sum.copy_from_slice(here);
    count.fill(1.0);
    for (near, inside) in near.iter().zip(&inside) {
        let (near, inside) = (&near[..width], &inside[..width]);
        for i in 0..width {
            sum[i] += near[i];
            count[i] += inside[i];
        }
    }
    for i in 0..width {
        sum[i] /= count[i];
        let from_mean = here[i] - sum[i];
        divisor[i] = from_mean * from_mean;
        nearest[i] = f32::INFINITY;
    }
    for (near, inside) in near.iter().zip(&inside) {
        let (near, inside) = (&near[..width], &inside[..width]);
        for i in 0..width {
            let (from_mean, apart) = (near[i] - sum[i], near[i] - here[i]);
            divisor[i] += from_mean * from_mean * inside[i];
            let squared = if inside[i] > 0.0 { apart * apart } else { f32::INFINITY };
            nearest[i] = if squared < nearest[i] { squared } else { nearest[i] };
        }
    }
    for i in 0..width {
        let spread = divisor[i] / count[i] * VARIANCE_SHARE;
        let nearest = nearest[i] / NEAREST_EXPONENT;
        let divided = if nearest > spread { nearest } else { spread };
        divisor[i] = if divided > LEAST_VARIANCE { divided } else { LEAST_VARIANCE };
    }
    sum.fill(0.0);
    for ((near, inside), out) in near.iter().zip(&inside).zip(out.chunks_exact_mut(width)) {
        let (near, inside, out) = (&near[..width], &inside[..width], &mut out[..width]);
        for i in 0..width {
            let apart = near[i] - here[i];
            out[i] = decay(apart * apart / divisor[i]) * inside[i];
            sum[i] += out[i];
        }
    }
    for out in out.chunks_exact_mut(width) {
        for (out, sum) in out.iter_mut().zip(&*sum) {
            *out /= if *sum > 0.0 { *sum } else { 1.0 };
        }
    }
}

impl Stencil {
    /// Weights of sum 1 over each pixel's neighbours, the larger the more alike: exp(−(L_r − L_s)² / v_r) of `lightness`
    /// counted from 0 to 1, v_r 0.6 times the variance of the 3 × 3 window, within limits.
    ///
    /// A picture of one pixel has no neighbours and weights of 0. `lightness` is 0 to 100, in C order.
    pub fn affinities(lightness: &[f32], width: usize, height: usize) -> Self {
        let light: Vec<f32> = lightness.iter().map(|l| l / 100.0).collect();
        let light = Padded::of(&light, width, height);
        let inside = Padded::of(&vec![1.0; width * height], width, height);
        let mut weights = vec![0.0; 8 * width * height];
        let row = || vec![0.0; width];
        let mut scratch = Scratch { sum: row(), count: row(), divisor: row(), nearest: row() };
        for (y, out) in weights.chunks_mut(8 * width).enumerate() {
            affinity_row(light.around(y), inside.around(y), &mut scratch, out);
        }
        Self { width, height, weights }
    }

    /// The eight rows of weights of row `y`.
    pub fn row(&self, y: usize) -> &[f32] {
        &self.weights[8 * self.width * y..][..8 * self.width]
    }

    /// How much each pixel counts for all others: a walker's share of time there, `steps` steps after it started
    /// anywhere, 1 on average and at least `least`. A step goes to a neighbour, by its weight.
    pub fn influence(&self, steps: usize, least: f32) -> Vec<f32> {
        let width = self.width;
        let mut plane = Padded::of(&vec![1.0; width * self.height], width, self.height);
        let mut next = Padded::zeros(width, self.height);
        for _ in 0..steps {
            next.clear();
            for y in 0..self.height {
                let from = plane.row(y);
                for ((dy, dx), weights) in STEPS.iter().zip(self.row(y).chunks_exact(width)) {
                    let at = (y as isize + 1 + dy) as usize * (width + 2) + (1 + dx) as usize;
                    let to = &mut next.values[at..at + width];
                    add_products(to, from, weights);
                }
            }
            std::mem::swap(&mut plane, &mut next);
        }
        let mut influence = plane.inner();
        influence.iter_mut().for_each(|value| *value = value.max(least));
        influence
    }

    /// Replaces every pixel that is not `known` by its neighbours' weighted sum, `times` times over; all pixels of a
    /// sweep take the values of the one before.
    pub fn sweep(&self, plane: &mut Padded, known: &[bool], times: usize) {
        let mut next = plane.clone();
        for _ in 0..times {
            for (y, known) in known.chunks(self.width).enumerate() {
                let out = next.row_mut(y);
                weighted_row(self.row(y), plane.around(y), out);
                for ((out, old), known) in out.iter_mut().zip(plane.row(y)).zip(known) {
                    *out = if *known { *old } else { *out };
                }
            }
            std::mem::swap(plane, &mut next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decay_is_the_exponential() {
        for i in 0..80_000 {
            let t = i as f32 / 1000.0;
            let want = (-f64::from(t)).exp();
            assert!((f64::from(decay(t)) / want - 1.0).abs() < 1e-5, "decay({t})");
        }
        assert!(decay(f32::INFINITY) < 1e-37);
    }

    proptest! {
        #[test]
        fn weights_sum_to_one_and_stay_inside(
            (width, height, light) in (1_usize..9, 1_usize..9).prop_flat_map(|(w, h)|
                (Just(w), Just(h), proptest::collection::vec(0.0_f32..100.0, w * h))),
        ) {
            let stencil = Stencil::affinities(&light, width, height);
            let ones = Padded::of(&vec![1.0; width * height], width, height);
            let mut sums = vec![0.0; width];
            for y in 0..height {
                weighted_row(stencil.row(y), ones.around(y), &mut sums);
                let want = if width * height > 1 { 1.0 } else { 0.0 };
                prop_assert!(sums.iter().all(|sum| (sum - want).abs() < 1e-5), "{sums:?}");
            }
            prop_assert!(stencil.weights.iter().all(|w| (0.0..=1.0).contains(w)));
        }
    }
}
