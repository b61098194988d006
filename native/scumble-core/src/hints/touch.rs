//! The last touch at full size: what is left between a picture's chroma and what is wanted of it is taken back around
//! the wanted pixels, along the lightness, and those themselves get their colours.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::grid::{Cell, Column, Extent, Grid, GridRow, Hint, Splat, read};
use super::spread::{SCALES, Scale, spread};
use super::wanted::{HintPixel, Wanted};
use crate::color::{BLOCK, Chroma, Lane, Row, Sample, Transfer, finite, lightness_row};
use crate::error::{Error, Result};
use crate::image::View;
use crate::pool;
use crate::progress::Ticker;
use crate::recolor::{ChromaRows, Recoloring, STRIP_ROWS, recolor};

/// The narrow terms of the kernel: what stretching blurs is blurred nearby.
const NARROW: &[Scale] = SCALES.split_at(3).0;
/// Weight at which half of the correction is left; a hint alone weighs 0.3 to 1 at its own pixel.
const HALF: f32 = 0.02;
/// Weight below which nothing is left of the correction.
const NOTHING: f32 = 3e-4;
const TINY: f32 = 1e-6;

/// Pixels of the working size where nothing says another.
const WORKING_PIXELS: f64 = 256.0 * 256.0;

/// A working size, as (width, height), for touching a picture that was predicted at its own `size`.
pub fn working_size(size: (usize, usize)) -> (usize, usize) {
    let scale = (WORKING_PIXELS / (size.0 * size.1).max(1) as f64).sqrt();
    let side = |side: usize| ((side as f64 * scale).round() as usize).max(1);
    (side(size.0), side(size.1))
}

/// Recolours a whole picture and touches it where something is wanted; cells of the touch are four pixels of the
/// `working` size (width, height) wide.
///
/// # Errors
/// As for `recolor`; `Argument` when the working size is empty.
pub fn touched<S: Sample, C: ChromaRows>(
    job: Recoloring<'_, S>,
    chroma: &C,
    (wanted, working): (&Wanted<'_>, (usize, usize)),
    workers: usize,
    ticker: &mut Ticker<'_>,
) -> Result<()> {
    if wanted.is_empty() {
        return recolor(job, chroma, workers, ticker);
    }
    job.check()?;
    let missing = Missing::new(job.src, job.transfer, working)?;
    let touch = ticker.part((0.0, 0.3), |ticker| missing.measured(chroma, wanted, workers, ticker))?;
    ticker.part((0.3, 1.0), |ticker| recolor(job, &touch.over(chroma, wanted), workers, ticker))?;
    ticker.tell(1.0)
}

/// Gathers, from any thread and in any order, what chroma lacks at wanted pixels.
#[derive(Debug)]
pub struct Missing<'a, S> {
    src: View<'a, S>,
    transfer: Transfer<'a>,
    extent: Extent,
    splat: Mutex<Splat>,
}

impl<'a, S: Sample> Missing<'a, S> {
    /// Nothing is missing yet of a picture; cells are four pixels of the `working` size (width, height) wide.
    ///
    /// # Errors
    /// `Argument` when the working size is empty.
    pub fn new(src: View<'a, S>, transfer: Transfer<'a>, working: (usize, usize)) -> Result<Self> {
        if working.0 * working.1 == 0 {
            return Err(Error::argument("the working size needs at least one pixel"));
        }
        let extent = Extent::stretched(working, (src.layout().width, src.layout().height));
        Ok(Self { src, transfer, extent, splat: Mutex::new(Splat::new(extent)) })
    }

    /// Measures what `row`, the chroma of some columns of a row, lacks at wanted pixels of them; appends it to `found`.
    pub fn measure(&self, wanted: &[HintPixel], columns: Range<usize>, row: &impl Chroma, found: &mut Vec<Hint>) {
        let channels = self.src.layout().channels;
        let [mut lightness, mut a, mut b]: [Lane; 3] = [[0.0; BLOCK]; 3];
        let mut left = wanted;
        while let Some(HintPixel { x, y, .. }) = left.first().copied() {
            let end = columns.end.min(x + BLOCK);
            let samples = &self.src.row(y)[x * channels..end * channels];
            lightness_row(Row { samples, channels, transfer: self.transfer }, &mut lightness[..end - x]);
            row.fill(x - columns.start, end - x, &lightness, &mut a, &mut b);
            let (block, rest) = left.split_at(left.partition_point(|pixel| pixel.x < end));
            found.extend(block.iter().map(|pixel| {
                let i = pixel.x - x;
                let ab = [pixel.ab[0] - finite(a[i]), pixel.ab[1] - finite(b[i])];
                Hint { x: pixel.x, y, lightness: lightness[i], ab }
            }));
            left = rest;
        }
    }

    /// Adds what was measured.
    pub fn add(&self, found: &[Hint]) {
        let mut splat = self.splat.lock().unwrap_or_else(PoisonError::into_inner);
        found.iter().for_each(|hint| splat.add(hint));
    }

    /// Spreads what was added.
    pub fn touch(self) -> Touch {
        let Self { src, extent, splat, .. } = self;
        let sums = splat.into_inner().unwrap_or_else(PoisonError::into_inner).saturated();
        let grid = Grid::from_sums(&spread(&sums, NARROW));
        let column = |i| grid.column(i / extent.columns, i % extent.columns).iter().any(|cell| cell[2] > NOTHING);
        let active = (0..extent.rows * extent.columns).map(column).collect();
        Touch { width: src.layout().width, extent, grid, active }
    }

    /// Measures whole rows of chroma on `workers` threads.
    ///
    /// # Errors
    /// `Cancelled`; `Worker`.
    pub fn measured<C: ChromaRows>(
        self,
        chroma: &C,
        wanted: &Wanted<'_>,
        workers: usize,
        ticker: &mut Ticker<'_>,
    ) -> Result<Touch> {
        let layout = self.src.layout();
        let mut scratches: Vec<(C::Scratch, Vec<HintPixel>, Vec<Hint>)> =
            (0..workers.max(1)).map(|_| Default::default()).collect();
        let strips = layout.height.div_ceil(STRIP_ROWS);
        pool::run(&mut scratches, strips, ticker, &|| (), |(scratch, pixels, found), strip| {
            for y in strip * STRIP_ROWS..((strip + 1) * STRIP_ROWS).min(layout.height) {
                wanted.row(y, 0..layout.width, pixels);
                if !pixels.is_empty() {
                    self.measure(pixels, 0..layout.width, &chroma.chroma_row(y, scratch), found);
                }
            }
            self.add(found);
            found.clear();
            Ok(())
        })?;
        Ok(self.touch())
    }
}

/// What is added around wanted pixels: a small grid.
#[derive(Debug, Clone)]
pub struct Touch {
    width: usize,
    extent: Extent,
    grid: Grid,
    /// Which columns of cells, row by row, change anything.
    active: Vec<bool>,
}

impl Touch {
    /// Adds the touch to the chroma that it was measured on, and sets the wanted pixels.
    pub fn over<'a, C: ChromaRows>(&'a self, chroma: &'a C, wanted: &'a Wanted<'a>) -> Touched<'a, C> {
        Touched { chroma, wanted, touch: self, columns: self.extent.columns_of(0..self.width) }
    }
}

/// Chroma with a touch over it.
pub struct Touched<'a, C> {
    chroma: &'a C,
    wanted: &'a Wanted<'a>,
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
    wanted: &'a [HintPixel],
}

impl<C: ChromaRows> ChromaRows for Touched<'_, C> {
    type Row<'r>
        = TouchedRow<'r, C::Row<'r>>
    where
        Self: 'r;
    type Scratch = (C::Scratch, GridRow, Vec<HintPixel>);

    fn chroma_row<'r>(&'r self, y: usize, (scratch, cells, wanted): &'r mut Self::Scratch) -> Self::Row<'r> {
        let Touch { width, extent, grid, active } = self.touch;
        let active = Grid::rows_around(extent, y).map(|row| &active[row * extent.columns..][..extent.columns]);
        cells.clear();
        if active.iter().any(|row| row.contains(&true)) {
            grid.mix_row(extent, y, cells);
        }
        self.wanted.row(y, 0..*width, wanted);
        TouchedRow { row: self.chroma.chroma_row(y, scratch), columns: &self.columns, cells, active, wanted }
    }
}

impl<R> TouchedRow<'_, R> {
    /// Whether the row differs in these columns, given as a range that is not empty, from the chroma below it.
    pub fn changes(&self, columns: Range<usize>) -> bool {
        self.fades(columns.clone()) || !self.wanted(columns).is_empty()
    }

    fn fades(&self, columns: Range<usize>) -> bool {
        let [first, last] = [columns.start, columns.end - 1].map(|x| self.columns[x].left());
        !self.cells.is_empty() && self.active.iter().any(|row| row[first..=last + 1].contains(&true))
    }

    fn wanted(&self, columns: Range<usize>) -> &[HintPixel] {
        let [first, end] = [columns.start, columns.end].map(|x| self.wanted.partition_point(|pixel| pixel.x < x));
        &self.wanted[first..end]
    }
}

impl<R: Chroma> Chroma for TouchedRow<'_, R> {
    #[inline(always)]
    fn fill(&self, x: usize, count: usize, lightness: &Lane, a: &mut Lane, b: &mut Lane) {
        self.row.fill(x, count, lightness, a, b);
        if self.fades(x..x + count) {
            for (i, column) in self.columns[x..x + count].iter().enumerate() {
                let [sum_a, sum_b, weight, _] = read(self.cells, *column, lightness[i]);
                let left = weight * weight / (weight * weight + HALF * HALF) / (weight + TINY);
                a[i] += sum_a * left;
                b[i] += sum_b * left;
            }
        }
        for pixel in self.wanted(x..x + count) {
            [a[pixel.x - x], b[pixel.x - x]] = pixel.ab;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recolor::Planes;
    use proptest::prelude::*;

    /// The chroma of planes touched by what is wanted, cells being four pixels of `working` wide.
    fn touched_planes(
        src: View<'_, u8>,
        planes: &Planes<'_>,
        gray: &[u8],
        working: (usize, usize),
        wanted: &Wanted<'_>,
    ) -> Result<Vec<[f32; 2]>> {
        let mut listener = |_| true;
        let missing = Missing::new(src, Transfer::Srgb, working)?;
        let touch = missing.measured(planes, wanted, 2, &mut Ticker::new(&mut listener))?;
        let touched = touch.over(planes, wanted);
        let mut scratch = Default::default();
        let [mut light, mut a, mut b]: [Lane; 3] = [[0.0; BLOCK]; 3];
        let mut out = Vec::new();
        for (y, samples) in gray.chunks(planes.width).enumerate() {
            lightness_row(Row { samples, channels: 1, transfer: Transfer::Srgb }, &mut light[..planes.width]);
            touched.chroma_row(y, &mut scratch).fill(0, planes.width, &light, &mut a, &mut b);
            out.extend((0..planes.width).map(|x| [a[x], b[x]]));
        }
        Ok(out)
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
                Wanted::new((width, height), pixels, None)
                    .and_then(|wanted| touched_planes(src, &planes, &gray, (w, h), &wanted))
                    .map_err(|error| TestCaseError::fail(error.to_string()))
            };
            prop_assert!(touch(&|_| [9.0, -4.0])?.iter().all(|ab| *ab == [9.0, -4.0]));
            let found = touch(&|i| [i as f32, 30.0])?;
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
}
