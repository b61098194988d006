//! Wide blurs of whole pictures or parts: area means on a coarse grid, a Gaussian there, and a spline back.

use super::draw::{exp2, spline_weights};
use super::noise::Folded;
use crate::error::{Error, Result};
use crate::image::{Canvas, View};
use crate::pool;
use crate::progress::Ticker;

/// The stream of hashes that decides how values between two codes are rounded.
const DITHER: i64 = 9001;
/// Of the work that the means of cells are; the rest is a spline for each pixel.
const MEANS_SHARE: f64 = 0.2;
/// The side of a coarse cell in deviations of the blur: cells and spline together blur less than is wanted.
const CELL: f32 = 0.8;
/// Variances that averaging over a cell (1/12) and the spline (1/3) bring along, in squared cells.
const OWN_VARIANCE: f32 = 1.0 / 12.0 + 1.0 / 3.0;
/// The least and the largest deviation in pixels.
pub const DEVIATIONS: [f32; 2] = [0.7, 4096.0];

/// How a picture is to be softened.
#[derive(Debug, Clone, Copy)]
pub struct Softening<'a> {
    /// Deviation of the blur in pixels, within `DEVIATIONS`.
    pub sigma: f32,
    /// How much of the blurred picture each pixel takes: 0 none, 255 all; all where there is no mask.
    pub mask: Option<View<'a, u8>>,
    /// Whether opposite edges are neighbours; else the border's colours go on beyond it.
    pub seamless: bool,
    /// Decides how values between two codes are rounded.
    pub seed: u64,
}

/// Means over cells, three values each, in rows.
struct Coarse {
    values: Vec<f32>,
    columns: usize,
    rows: usize,
}

/// Blurs a picture of three channels in place, by a Gaussian to within a few hundredths of its deviation.
///
/// # Errors
/// `Argument` for other channels, a mask of another size or a deviation out of range; `Cancelled`; `Worker`.
pub fn soften(picture: &Canvas<'_, u8>, how: Softening<'_>, workers: usize, ticker: &mut Ticker<'_>) -> Result<()> {
    let layout = picture.layout();
    if layout.channels != 3 || !(DEVIATIONS[0]..=DEVIATIONS[1]).contains(&how.sigma) {
        return Err(Error::argument(format!(
            "softening takes three channels and {} to {} pixels, not {} and {}",
            DEVIATIONS[0], DEVIATIONS[1], layout.channels, how.sigma
        )));
    }
    if let Some(mask) = how.mask.map(|mask| mask.layout())
        && (mask.width, mask.height, mask.channels) != (layout.width, layout.height, 1)
    {
        return Err(Error::argument("the mask has not the picture's size"));
    }
    let coarse = ticker.part((0.0, MEANS_SHARE), |ticker| Coarse::new(picture, how.sigma, ticker))?;
    let coarse = coarse.blurred(how.sigma, layout.width, how.seamless);
    let mut lines = vec![vec![0.0_f32; coarse.columns * 3]; workers.max(1)];
    let soften_row = |line: &mut Vec<f32>, y: usize| {
        let rows = Taps::at(y, layout.height, coarse.rows, how.seamless);
        for (i, value) in line.iter_mut().enumerate() {
            *value = (0..4).map(|k| rows.weights[k] * coarse.values[rows.cells[k] * coarse.columns * 3 + i]).sum();
        }
        // SAFETY: the pool gives each row to one thread.
        let codes = unsafe { picture.span(0, y, layout.width) };
        let mask = how.mask.as_ref().map(|mask| mask.row(y));
        let folded = Folded::new(how.seed, DITHER).with(y as i64);
        for (x, codes) in codes.chunks_exact_mut(3).enumerate() {
            let share = mask.map_or(255, |mask| mask[x]);
            if share == 0 {
                continue;
            }
            let share = f32::from(share) * (1.0 / 255.0);
            let taps = Taps::at(x, layout.width, coarse.columns, how.seamless);
            let bits = folded.with(x as i64).bits();
            for (channel, code) in codes.iter_mut().enumerate() {
                let soft: f32 = (0..4).map(|k| taps.weights[k] * line[taps.cells[k] * 3 + channel]).sum();
                let own = f32::from(*code);
                let chance = ((bits >> (21 * channel)) & 0x1F_FFFF) as f32 * (1.0 / 2_097_152.0);
                *code = (own + share * (soft - own) + chance) as u8;
            }
        }
        Ok(())
    };
    ticker.part((MEANS_SHARE, 1.0), |ticker| pool::run(&mut lines, layout.height, ticker, &|| (), soften_row))?;
    ticker.tell(1.0)
}

/// The four coarse cells around a pixel, along one axis, and their weights.
struct Taps {
    cells: [usize; 4],
    weights: [f32; 4],
}

impl Taps {
    #[inline(always)]
    fn at(pixel: usize, length: usize, count: usize, wrap: bool) -> Self {
        let place = (pixel as f32 + 0.5) * count as f32 / length as f32 - 0.5;
        let first = place.floor();
        let cells = [-1, 0, 1, 2].map(|k| neighbour(first as i64 + k, count, wrap));
        Self { cells, weights: spline_weights(place - first) }
    }
}

fn neighbour(index: i64, count: usize, wrap: bool) -> usize {
    let count = count as i64;
    (if wrap { index.rem_euclid(count) } else { index.clamp(0, count - 1) }) as usize
}

impl Coarse {
    fn new(picture: &Canvas<'_, u8>, sigma: f32, ticker: &mut Ticker<'_>) -> Result<Self> {
        let layout = picture.layout();
        let side = (CELL * sigma).max(1.0);
        let count = |length: usize| ((length as f32 / side).round() as usize).clamp(1, length);
        let (columns, rows) = (count(layout.width), count(layout.height));
        let mut values = vec![0.0_f32; columns * rows * 3];
        let mut weights = vec![0.0_f32; columns * rows];
        for y in 0..layout.height {
            ticker.tick(y as f64 / layout.height as f64)?;
            let row = ((y as f32 + 0.5) * rows as f32 / layout.height as f32) as usize;
            // SAFETY: this thread alone uses the picture now.
            let codes = unsafe { picture.span(0, y, layout.width) };
            for (x, codes) in codes.chunks_exact(3).enumerate() {
                let column = ((x as f32 + 0.5) * columns as f32 / layout.width as f32) as usize;
                let cell = row.min(rows - 1) * columns + column.min(columns - 1);
                weights[cell] += 1.0;
                for (sum, code) in values[cell * 3..cell * 3 + 3].iter_mut().zip(codes) {
                    *sum += f32::from(*code);
                }
            }
        }
        for (sums, weight) in values.chunks_exact_mut(3).zip(weights) {
            sums.iter_mut().for_each(|sum| *sum /= weight.max(1.0));
        }
        Ok(Self { values, columns, rows })
    }

    /// The Gaussian that is still missing, along both axes.
    fn blurred(self, sigma: f32, width: usize, wrap: bool) -> Self {
        let cell = width as f32 / self.columns as f32;
        let variance = (sigma / cell) * (sigma / cell) - OWN_VARIANCE;
        if variance <= 0.05 {
            return self;
        }
        let reach = (3.0 * variance.sqrt()).ceil() as i64;
        let weight = |k: i64| exp2(-0.721_347_5 * (k * k) as f32 / variance);
        let total: f32 = (-reach..=reach).map(weight).sum();
        let kernel: Vec<f32> = (-reach..=reach).map(|k| weight(k) / total).collect();
        let pass = |values: &[f32], horizontal: bool| {
            let mut out = vec![0.0_f32; values.len()];
            for (index, out) in out.chunks_exact_mut(3).enumerate() {
                let (row, column) = (index / self.columns, index % self.columns);
                for (k, weight) in (-reach..=reach).zip(&kernel) {
                    let from = if horizontal {
                        row * self.columns + neighbour(column as i64 + k, self.columns, wrap)
                    } else {
                        neighbour(row as i64 + k, self.rows, wrap) * self.columns + column
                    };
                    (0..3).for_each(|i| out[i] += weight * values[from * 3 + i]);
                }
            }
            out
        };
        let values = pass(&pass(&self.values, true), false);
        Self { values, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn softened(pixels: &mut [u8], width: usize, height: usize, how: Softening<'_>) -> Result<()> {
        let canvas = Canvas::from_slice(pixels, width, height, 3)?;
        soften(&canvas, how, 2, &mut Ticker::new(&mut |_| true))
    }

    #[test]
    fn an_edge_gets_the_slope_of_a_gaussian() -> Result<()> {
        let (width, height) = (240, 40);
        for sigma in [3.5_f32, 9.5, 17.5] {
            let mut pixels: Vec<u8> =
                (0..width * height * 3).map(|i| if (i / 3) % width < 120 { 0 } else { 240 }).collect();
            softened(&mut pixels, width, height, Softening { sigma, mask: None, seamless: false, seed: 1 })?;
            let column =
                |x: usize| (0..height).map(|y| f32::from(pixels[(y * width + x) * 3])).sum::<f32>() / height as f32;
            // One deviation to either side of the edge lie 15.9 % and 84.1 %.
            let reach = sigma as usize; // the middles of these pixels lie half a pixel farther out
            assert!((column(119 - reach) / 240.0 - 0.159).abs() < 0.04, "{sigma}: {}", column(119 - reach));
            assert!((column(120 + reach) / 240.0 - 0.841).abs() < 0.04, "{sigma}: {}", column(120 + reach));
        }
        Ok(())
    }

    #[test]
    fn outside_the_mask_nothing_changes_and_flat_stays_flat() -> Result<()> {
        let mut pixels = vec![77_u8; 50 * 30 * 3];
        pixels[..300].fill(200);
        let before = pixels.clone();
        let mask = vec![0_u8; 50 * 30];
        let view = View::from_slice(&mask, 50, 30, 1)?;
        softened(&mut pixels, 50, 30, Softening { sigma: 5.0, mask: Some(view), seamless: false, seed: 1 })?;
        assert_eq!(pixels, before);
        pixels.fill(77);
        softened(&mut pixels, 50, 30, Softening { sigma: 5.0, mask: None, seamless: true, seed: 1 })?;
        assert!(pixels.iter().all(|code| (77..=78).contains(code)));
        Ok(())
    }
}
