//! Pure geometry: which pixels of the endless plane a picture shows, and how it is cut into blocks of whole cells.

use crate::budget::Budget;
use crate::error::Result;

/// The longest side of a block that is chosen, in pixels of the plane. Larger ones gain nothing on a processor.
const LONGEST_BLOCK: usize = 768;
/// The most pixels of a block that is chosen: several workers should have work, and stop soon when told to.
const MOST_PIXELS: usize = 400_000;
/// What the margins of a block cost, in cells along each axis: measured on nets of seven levels.
const MARGIN_COST: f64 = 0.35;
/// Our own buffers per pixel of a block: its noise, the picture as floats, a row between two sizes.
const BUFFER_BYTES_PER_PIXEL: f64 = 24.0;

/// One axis of a picture on the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    pixels: usize,
    cell_px: usize,
    /// Pixels of the plane to one of the picture.
    ratio: f64,
}

/// The pixels `start..end` of an axis, and the first cell that must be read for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// First cell.
    pub cell: usize,
    /// First pixel.
    pub start: usize,
    /// One past the last pixel.
    pub end: usize,
}

/// Where a pixel of the picture finds its value: one pixel of the plane, or a mixture of four.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tap {
    /// The first pixel of the plane.
    pub first: usize,
    /// Weights of that and the next three; none where the pixel is taken as it is.
    pub weights: Option<[f32; 4]>,
}

impl Axis {
    /// Pixels that show the plane at a scale: 2 shows everything twice as large. With `period`, they show exactly so
    /// many cells, after which the plane repeats, whatever the scale.
    pub fn new(pixels: usize, cell_px: usize, period: Option<usize>, scale: f64) -> Self {
        let ratio = period.map_or(1.0 / scale, |cells| (cells * cell_px) as f64 / pixels as f64);
        Self { pixels, cell_px, ratio }
    }

    /// A tap depends on its pixel alone, so blocks agree with the whole picture. Between two sizes it is Catmull and
    /// Rom's spline, moved by two pixels so that none lies before the plane's first one.
    pub fn tap(&self, pixel: usize) -> Tap {
        if self.is_exact() {
            return Tap { first: pixel, weights: None };
        }
        let place = (pixel as f64 + 0.5) * self.ratio + 1.5;
        let whole = place.floor();
        Tap { first: whole as usize - 1, weights: Some(spline_weights((place - whole) as f32)) }
    }

    /// Cuts the axis into blocks of at most `most` cells, evenly; returns them and the cells that each reads, which
    /// are one more where pixels are mixtures.
    pub fn blocks(&self, most: usize) -> (Vec<Block>, usize) {
        let (size, read) = self.sizes(most);
        let first_of = |block: usize| self.pixels_before(block * size * self.cell_px);
        let blocks = (0..self.cells().div_ceil(size)).map(|block| Block {
            cell: block * size,
            start: first_of(block),
            end: first_of(block + 1),
        });
        (blocks.filter(|block| block.start < block.end).collect(), read)
    }

    /// Cells in which pixels begin.
    pub fn cells(&self) -> usize {
        self.tap(self.pixels - 1).first / self.cell_px + 1
    }

    fn is_exact(&self) -> bool {
        self.ratio == 1.0
    }

    /// Cells of a block without and with what its mixtures reach into.
    fn sizes(&self, most: usize) -> (usize, usize) {
        let cells = self.cells();
        let size = cells.div_ceil(cells.div_ceil(most));
        if self.is_exact() {
            return (size, size);
        }
        let all = (self.tap(self.pixels - 1).first + 3) / self.cell_px + 1;
        (size, all.min(size + 1))
    }

    /// How many pixels have their first tap before a place of the plane.
    fn pixels_before(&self, place: usize) -> usize {
        let (mut low, mut high) = (0, self.pixels);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.tap(middle).first < place {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// Weights of four neighbours, `t` from the second of them (Catmull and Rom 1974).
fn spline_weights(t: f32) -> [f32; 4] {
    let (s, c) = (t * t, t * t * t);
    [0.5 * (2.0 * s - c - t), 0.5 * (3.0 * c - 5.0 * s + 2.0), 0.5 * (4.0 * s - 3.0 * c + t), 0.5 * (c - s)]
}

/// A cut that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fitted {
    /// The most cells of a block, down and across.
    pub cells: (usize, usize),
    /// Sessions to run at a time.
    pub workers: usize,
    /// Bytes that were counted.
    pub bytes: u64,
}

/// Picks the cut with the least work whose blocks fit the budget, then the workers that fit with it. How many there
/// are does not change the cut.
///
/// # Errors
/// `BudgetTooSmall` when not even one worker with one cell fits; `Argument` for no workers or a bad
/// `bytes_per_pixel`.
pub fn fit(rows: Axis, columns: Axis, budget: Budget) -> Result<Fitted> {
    budget.check()?;
    let most = |axis: &Axis| (LONGEST_BLOCK / axis.cell_px).clamp(1, axis.cells());
    let mut best: Option<(f64, Fitted)> = None;
    let mut least = u64::MAX;
    for down in 1..=most(&rows) {
        for across in 1..=most(&columns) {
            let ((height, tall), (width, wide)) = (rows.sizes(down), columns.sizes(across));
            let pixels = tall * wide * rows.cell_px * columns.cell_px;
            let needed = budget.per_worker(pixels, BUFFER_BYTES_PER_PIXEL);
            least = least.min(needed);
            if budget.workers_that_fit(needed) == 0 || (pixels > MOST_PIXELS && (down, across) != (1, 1)) {
                continue;
            }
            let blocks = rows.cells().div_ceil(height) * columns.cells().div_ceil(width);
            // One block more: the others wait for the last.
            let cost = (tall as f64 + MARGIN_COST) * (wide as f64 + MARGIN_COST) * (blocks + 1) as f64;
            if best.is_none_or(|(found, _)| cost < found) {
                let workers = budget.workers_that_fit(needed).min(blocks);
                best = Some((cost, Fitted { cells: (down, across), workers, bytes: budget.counted(needed, workers) }));
            }
        }
    }
    best.map(|(_, fitted)| fitted).ok_or_else(|| budget.too_small(least))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_cover_every_pixel_once_and_read_what_it_needs(
            pixels in 1_usize..900, cell_px in 4_usize..40, most in 1_usize..9, scale in 0.3_f64..4.0,
            period in proptest::option::of(1_usize..30), is_plain in any::<bool>(),
        ) {
            let axis = Axis::new(pixels, cell_px, period, if is_plain { 1.0 } else { scale });
            let (blocks, read) = axis.blocks(most);
            let mut next = 0;
            for block in blocks {
                prop_assert_eq!(block.start, next);
                for pixel in block.start..block.end {
                    let tap = axis.tap(pixel);
                    let last = tap.first + if tap.weights.is_some() { 3 } else { 0 };
                    prop_assert!(tap.first >= block.cell * cell_px && last < (block.cell + read) * cell_px);
                    prop_assert!((tap.weights.map_or(1.0, |w| w.iter().sum::<f32>()) - 1.0).abs() < 1e-5);
                }
                next = block.end;
            }
            prop_assert_eq!(next, pixels);
        }
    }

    #[test]
    fn a_seamless_axis_shows_whole_periods() {
        let axis = Axis::new(300, 64, Some(5), 1.0);
        let step = |a: Tap, b: Tap| b.first as f64 - a.first as f64;
        let across = step(axis.tap(299), axis.tap(300)); // the pixel after the last one is the first of the next period
        assert!((across - 320.0 / 300.0).abs() < 1.0 && axis.tap(300).first - axis.tap(0).first == 320);
        assert_eq!(axis.tap(300).weights, axis.tap(0).weights);
    }

    #[test]
    fn the_cut_does_not_depend_on_the_workers_and_keeps_the_budget() -> Result<()> {
        let axis = |pixels| Axis::new(pixels, 128, None, 1.0);
        let budget = Budget { bytes_per_pixel: 300.0, weights_bytes: 3 << 20, workers: 1, bytes: 2 << 30, taken: 0 };
        let one = fit(axis(720), axis(1280), budget)?;
        let eight = fit(axis(720), axis(1280), Budget { workers: 8, ..budget })?;
        assert_eq!(one.cells, eight.cells);
        assert!(eight.workers > 1 && eight.bytes <= 2 << 30);
        let small = fit(axis(8192), axis(8192), Budget { bytes: 30 << 20, workers: 8, ..budget })?;
        assert!(small.bytes <= 30 << 20 && small.cells.0 * small.cells.1 <= 5);
        let none = fit(axis(720), axis(1280), Budget { bytes: 1 << 20, ..budget });
        assert!(matches!(none, Err(Error::BudgetTooSmall { needed_bytes, .. }) if needed_bytes > 1 << 20));
        Ok(())
    }
}
