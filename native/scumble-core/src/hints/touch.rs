//! The last touch at full size: what stretching left between a picture's chroma and its hints is taken back around
//! them, along the lightness, and the hinted pixels themselves get their colours.

use std::ops::Range;

use super::grid::{Cell, Column, Extent, Grid, GridRow, Hint, Sums, read};
use super::spread::{SCALES, Scale, spread};
use crate::color::{BLOCK, Chroma, Lane, Row, Sample, Transfer, lightness_row};
use crate::error::{Error, Result};
use crate::image::View;
use crate::recolor::ChromaRows;

/// The narrow terms of the kernel: what stretching blurs is blurred nearby.
const NARROW: &[Scale] = SCALES.split_at(3).0;
/// Weight at which half of the correction is left; a hint alone weighs 0.3 to 1 at its own pixel.
const HALF: f32 = 0.02;
/// Weight below which nothing is left of the correction.
const NOTHING: f32 = 3e-4;
const TINY: f32 = 1e-6;

/// A pixel of the full-size picture and the chroma wanted there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HintPixel {
    /// Column.
    pub x: usize,
    /// Row.
    pub y: usize,
    /// Lab a and b.
    pub ab: [f32; 2],
}

/// What is added to a picture's chroma so that it meets its hints: a small grid, and the hinted pixels.
#[derive(Debug, Clone)]
pub struct Touch {
    width: usize,
    pixels: Vec<HintPixel>,
    extent: Extent,
    grid: Grid,
    /// Which columns of cells, row by row, change anything.
    active: Vec<bool>,
}

impl Touch {
    /// Measures the chroma at the hinted pixels of a picture and gathers what is missing.
    ///
    /// Cells of the grid are four pixels of the `working` size (width, height) wide. Of two hints at one pixel the
    /// later one counts.
    ///
    /// # Errors
    /// `Argument` when a hint lies outside the picture or is no number, or the working size is empty.
    pub fn new<S: Sample, C: ChromaRows>(
        src: View<'_, S>,
        transfer: Transfer,
        chroma: &C,
        working: (usize, usize),
        mut pixels: Vec<HintPixel>,
    ) -> Result<Self> {
        let layout = src.layout();
        if working.0 * working.1 == 0 {
            return Err(Error::argument("the working size needs at least one pixel"));
        }
        for HintPixel { x, y, ab } in &pixels {
            if *x >= layout.width || *y >= layout.height {
                return Err(Error::argument(format!("the hint {x},{y} lies outside the picture")));
            }
            if !ab.iter().all(|c| (-super::MOST_CHROMA..=super::MOST_CHROMA).contains(c)) {
                return Err(Error::argument(format!("the chroma of the hint {x},{y} is no number")));
            }
        }
        // Stable, so that the last of equals is the latest.
        pixels.sort_by_key(|pixel| (pixel.y, pixel.x));
        pixels.reverse();
        pixels.dedup_by_key(|pixel| (pixel.y, pixel.x));
        pixels.reverse();
        let extent = Extent::stretched(working, (layout.width, layout.height));
        let missing = missing(src, transfer, chroma, &pixels);
        let grid = Grid::from_sums(&spread(&Sums::splat(extent, missing.into_iter()), NARROW));
        let column = |i| grid.column(i / extent.columns, i % extent.columns).iter().any(|cell| cell[2] > NOTHING);
        let active = (0..extent.rows * extent.columns).map(column).collect();
        Ok(Self { width: layout.width, pixels, extent, grid, active })
    }

    /// Adds the touch to the chroma that it was measured on.
    pub fn over<'a, C: ChromaRows>(&'a self, chroma: &'a C) -> Touched<'a, C> {
        Touched { chroma, touch: self, columns: self.extent.columns_of(0, self.width) }
    }

    fn row_of(&self, y: usize) -> &[HintPixel] {
        let [first, end] = [y, y + 1].map(|y| self.pixels.partition_point(|pixel| pixel.y < y));
        &self.pixels[first..end]
    }
}

/// What the chroma lacks at each hinted pixel, and its lightness, measured a block of pixels at a time.
fn missing<S: Sample, C: ChromaRows>(
    src: View<'_, S>,
    transfer: Transfer,
    chroma: &C,
    pixels: &[HintPixel],
) -> Vec<Hint> {
    let layout = src.layout();
    let mut scratch = C::Scratch::default();
    let mut missing = Vec::with_capacity(pixels.len());
    let [mut lightness, mut a, mut b]: [Lane; 3] = [[0.0; BLOCK]; 3];
    for line in pixels.chunk_by(|one, other| one.y == other.y) {
        let y = line[0].y;
        let row = chroma.chroma_row(y, &mut scratch);
        let mut left = line;
        while let Some(first) = left.first() {
            let (x, count) = (first.x, BLOCK.min(layout.width - first.x));
            let samples = &src.row(y)[x * layout.channels..(x + count) * layout.channels];
            lightness_row(Row { samples, channels: layout.channels, transfer }, &mut lightness[..count]);
            row.fill(x, count, &lightness, &mut a, &mut b);
            let (block, rest) = left.split_at(left.partition_point(|pixel| pixel.x < x + count));
            missing.extend(block.iter().map(|pixel| {
                let i = pixel.x - x;
                let had = [a[i], b[i]].map(|c| if c.is_finite() { c } else { 0.0 });
                let ab = [pixel.ab[0] - had[0], pixel.ab[1] - had[1]];
                Hint { x: pixel.x, y, lightness: lightness[i], ab }
            }));
            left = rest;
        }
    }
    missing
}

/// Chroma with a touch over it.
#[derive(Debug)]
pub struct Touched<'a, C> {
    chroma: &'a C,
    touch: &'a Touch,
    columns: Vec<Column>,
}

/// A row of touched chroma.
#[derive(Debug)]
pub struct TouchedRow<'a, R> {
    row: R,
    columns: &'a [Column],
    /// The grid at this row; empty where it changes nothing.
    cells: &'a [Cell],
    active: [&'a [bool]; 2],
    pixels: &'a [HintPixel],
}

impl<C: ChromaRows> ChromaRows for Touched<'_, C> {
    type Row<'r>
        = TouchedRow<'r, C::Row<'r>>
    where
        Self: 'r;
    type Scratch = (C::Scratch, GridRow);

    fn chroma_row<'r>(&'r self, y: usize, (scratch, cells): &'r mut Self::Scratch) -> Self::Row<'r> {
        let Touch { extent, grid, active, .. } = self.touch;
        let active = Grid::rows_around(extent, y).map(|row| &active[row * extent.columns..][..extent.columns]);
        cells.clear();
        if active.iter().any(|row| row.contains(&true)) {
            grid.mix_row(extent, y, cells);
        }
        let row = self.chroma.chroma_row(y, scratch);
        TouchedRow { row, columns: &self.columns, cells, active, pixels: self.touch.row_of(y) }
    }
}

impl<R> TouchedRow<'_, R> {
    fn changes(&self, columns: &[Column]) -> bool {
        let (Some(first), Some(last)) = (columns.first(), columns.last()) else { return false };
        !self.cells.is_empty() && self.active.iter().any(|row| row[first.left()..=last.left() + 1].contains(&true))
    }

    fn hinted(&self, columns: Range<usize>) -> &[HintPixel] {
        let [first, end] = [columns.start, columns.end].map(|x| self.pixels.partition_point(|pixel| pixel.x < x));
        &self.pixels[first..end]
    }
}

impl<R: Chroma> Chroma for TouchedRow<'_, R> {
    #[inline(always)]
    fn fill(&self, x: usize, count: usize, lightness: &Lane, a: &mut Lane, b: &mut Lane) {
        self.row.fill(x, count, lightness, a, b);
        let columns = &self.columns[x..x + count];
        if self.changes(columns) {
            for (i, column) in columns.iter().enumerate() {
                let [sum_a, sum_b, weight, _] = read(self.cells, *column, lightness[i]);
                let left = weight * weight / (weight * weight + HALF * HALF) / (weight + TINY);
                a[i] += sum_a * left;
                b[i] += sum_b * left;
            }
        }
        for pixel in self.hinted(x..x + count) {
            [a[pixel.x - x], b[pixel.x - x]] = pixel.ab;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recolor::Planes;
    use proptest::prelude::*;

    fn touched_planes(touch: &Touch, planes: &Planes<'_>, gray: &[u8]) -> Vec<[f32; 2]> {
        let touched = touch.over(planes);
        let mut scratch = Default::default();
        let [mut light, mut a, mut b]: [Lane; 3] = [[0.0; BLOCK]; 3];
        let mut out = Vec::new();
        for (y, samples) in gray.chunks(planes.width).enumerate() {
            lightness_row(Row { samples, channels: 1, transfer: Transfer::Srgb }, &mut light[..planes.width]);
            touched.chroma_row(y, &mut scratch).fill(0, planes.width, &light, &mut a, &mut b);
            out.extend((0..planes.width).map(|x| [a[x], b[x]]));
        }
        out
    }

    proptest! {
        #[test]
        fn hinted_pixels_are_exact_and_chroma_that_is_right_stays(
            width in 1_usize..100, height in 1_usize..60, w in 1_usize..40, h in 1_usize..40, seed in 0_usize..10_000,
        ) {
            let gray: Vec<u8> = (0..width * height).map(|i| (i / 7 * 31 + seed) as u8).collect();
            let (a, b) = (vec![9.0; gray.len()], vec![-4.0; gray.len()]);
            let planes = Planes { a: &a, b: &b, width };
            let src = View::from_slice(&gray, width, height, 1)
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            let pixel = |i: usize, ab| HintPixel { x: (seed * i) % width, y: (seed / 3 + 5 * i) % height, ab };
            let touch = |ab: &dyn Fn(usize) -> [f32; 2]| {
                let pixels = (1..9).map(|i| pixel(i, ab(i))).collect();
                Touch::new(src, Transfer::Srgb, &planes, (w, h), pixels)
                    .map_err(|error| TestCaseError::fail(error.to_string()))
            };
            let right = touch(&|_| [9.0, -4.0])?;
            prop_assert!(touched_planes(&right, &planes, &gray).iter().all(|ab| *ab == [9.0, -4.0]));
            let wrong = touch(&|i| [i as f32, 30.0])?;
            let found = touched_planes(&wrong, &planes, &gray);
            for i in 1..9 {
                let HintPixel { x, y, .. } = pixel(i, [0.0; 2]);
                // The latest at this place.
                let last = (1..9).rev().find(|j| (pixel(*j, [0.0; 2]).x, pixel(*j, [0.0; 2]).y) == (x, y));
                prop_assert_eq!(Some(found[y * width + x]), last.map(|j| [j as f32, 30.0]));
            }
            // Around them nothing goes beyond what is missing.
            prop_assert!(found.iter().all(|ab| (0.99..9.01).contains(&ab[0]) && (-4.01..30.01).contains(&ab[1])));
        }
    }

    #[test]
    fn a_hint_outside_or_without_number_is_refused() -> Result<()> {
        let (gray, flat) = ([100_u8; 12], [0.0_f32; 12]);
        let src = View::from_slice(&gray, 4, 3, 1)?;
        let planes = Planes { a: &flat, b: &flat, width: 4 };
        let touch = |x, y, a| {
            Touch::new(src, Transfer::Srgb, &planes, (4, 3), vec![HintPixel { x, y, ab: [a, 0.0] }]).map(|_| ())
        };
        assert_eq!(touch(3, 2, 5.0), Ok(()));
        for wrong in [touch(4, 0, 5.0), touch(0, 3, 5.0), touch(0, 0, f32::NAN), touch(0, 0, f32::INFINITY)] {
            assert!(matches!(wrong, Err(Error::Argument { .. })));
        }
        Ok(())
    }
}
