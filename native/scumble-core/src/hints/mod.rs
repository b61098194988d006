//! Colour hints: spread over a picture along its lightness, met exactly by a prediction, and met again at full size.
//!
//! The field of a picture at its working size is made once; every edit spreads its hints anew (`HintField::spread`)
//! and makes the net's colours meet them (`HintField::met`). `touch` does the last step, at full size, for what is
//! `wanted` there; `retouch` does it on pictures that were coloured tile by tile.

pub mod affinity;
mod direct;
pub mod grid;
mod levels;
pub mod retouch;
mod solve;
pub mod spread;
pub mod touch;
pub mod wanted;

use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::image::Canvas;
use crate::plan::Rect;
use crate::pool;
use crate::progress::Ticker;
use crate::resample::reflected;
use affinity::{Padded, Stencil};
use grid::{Column, Extent, Grid, GridRow, Hint, Sums};

/// Weight of spread hints at which the confidence is a half.
const HALF: f32 = 0.003;
/// Keeps the quotient of nothing by nothing at nothing.
const TINY: f32 = 1e-6;
/// Means over neighbours that end the spreading.
const SWEEPS: usize = 4;
/// Steps of the walker that tells how much a pixel counts for others.
const INFLUENCE_STEPS: usize = 10;
/// The least that a pixel counts.
const LEAST_INFLUENCE: f32 = 0.01;
/// Chroma beyond anything a colour can have.
const MOST_CHROMA: f32 = 1e4;
/// Rows that a thread takes at a time.
const STRIP_ROWS: usize = 16;
/// Pixels from which on a second thread pays.
const THREADED_PIXELS: usize = 64 * 64;

/// Chroma planes and hints of a picture: a and b in C order, and which pixels are hinted.
#[derive(Debug, Clone, Copy)]
pub struct Hints<'a> {
    /// Lab a, then Lab b, where hinted.
    pub ab: &'a [f32],
    /// Where the user gave a colour.
    pub hinted: &'a [bool],
}

/// A picture's lightness and how alike its pixels are.
#[derive(Debug, Clone, PartialEq)]
pub struct HintField {
    width: usize,
    height: usize,
    lightness: Vec<f32>,
    affinities: Stencil,
    influence: Vec<f32>,
}

/// Hints spread in a bilateral grid, to be read at any size.
#[derive(Debug, Clone, PartialEq)]
pub struct SpreadHints {
    working: (usize, usize),
    grid: Grid,
}

impl HintField {
    /// Prepares a picture of lightness 0 to 100, in C order; what is no number counts as 0.
    ///
    /// # Errors
    /// `Argument` when the picture is empty or its memory has another size.
    pub fn new(lightness: &[f32], width: usize, height: usize) -> Result<Self> {
        if width * height == 0 || lightness.len() != width * height {
            return Err(Error::argument("the lightness needs at least one pixel, and width × height values"));
        }
        let lightness: Vec<f32> = lightness.iter().map(|l| if l.is_finite() { *l } else { 0.0 }).collect();
        let affinities = Stencil::affinities(&lightness, width, height);
        let influence = affinities.influence(INFLUENCE_STEPS, LEAST_INFLUENCE);
        Ok(Self { width, height, lightness, affinities, influence })
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn check(&self, hints: Hints<'_>) -> Result<()> {
        let pixels = self.lightness.len();
        if hints.ab.len() != 2 * pixels || hints.hinted.len() != pixels {
            return Err(Error::argument(format!(
                "the hints and the picture differ in size: it is {}x{}",
                self.width, self.height
            )));
        }
        let wrong = |(ab, hinted): (&f32, &bool)| *hinted && (ab.is_nan() || ab.abs() > MOST_CHROMA);
        if hints.ab.iter().zip(hints.hinted.iter().chain(hints.hinted)).any(wrong) {
            return Err(Error::argument("a hint's chroma is no number"));
        }
        Ok(())
    }

    /// Gathers the hints in a grid and spreads them; `None` without hints.
    ///
    /// # Errors
    /// `Argument` when sizes differ or a hint is no number.
    pub fn grid(&self, hints: Hints<'_>) -> Result<Option<SpreadHints>> {
        self.check(hints)?;
        if !hints.hinted.contains(&true) {
            return Ok(None);
        }
        let (a, b) = hints.ab.split_at(self.lightness.len());
        let all = hints.hinted.iter().enumerate().filter(|(_, hinted)| **hinted).map(|(i, _)| Hint {
            x: i % self.width,
            y: i / self.width,
            lightness: self.lightness[i],
            ab: [a[i], b[i]],
        });
        let sums = Sums::splat(Extent::working(self.width, self.height), all);
        let grid = Grid::from_sums(&spread::spread(&sums, &spread::SCALES));
        Ok(Some(SpreadHints { working: self.size(), grid }))
    }

    /// Spreads hints over the picture. Returns a and b, then the confidence, 0 to 1; all 0 without hints.
    ///
    /// # Errors
    /// As `grid`.
    pub fn spread(&self, hints: Hints<'_>) -> Result<(Vec<f32>, Vec<f32>)> {
        let pixels = self.lightness.len();
        let mut ab = vec![0.0; 2 * pixels];
        let mut confidence = vec![0.0; pixels];
        let Some(found) = self.grid(hints)? else { return Ok((ab, confidence)) };
        let mut listener = |_| true;
        found.slice(&self.lightness, self.size(), (&mut ab, &mut confidence), 2, &mut Ticker::new(&mut listener))?;
        let planes = both(pixels, |channel| {
            let plane = channel * pixels..(channel + 1) * pixels;
            let start = ab[plane.clone()].iter().zip(&hints.ab[plane]).zip(hints.hinted);
            let start: Vec<f32> =
                start.map(|((spread, wanted), known)| if *known { *wanted } else { *spread }).collect();
            let mut plane = Padded::of(&start, self.width, self.height);
            self.affinities.sweep(&mut plane, hints.hinted, SWEEPS);
            plane.inner()
        })?;
        ab = planes.concat();
        Ok((ab, confidence))
    }

    /// Makes predicted colours meet the hints: at hints they are what is wanted, elsewhere (mean of neighbours +
    /// pull · predicted) / (1 + pull), within the stated tolerance. Without hints they are as predicted.
    ///
    /// `predicted` holds a, then b; chroma that is no number counts as none.
    ///
    /// # Errors
    /// `Argument` when sizes differ, a hint is no number, or a pull is negative or no number.
    pub fn met(&self, predicted: &[f32], hints: Hints<'_>, pull: &[f32]) -> Result<Vec<f32>> {
        self.check(hints)?;
        let pixels = self.lightness.len();
        if predicted.len() != 2 * pixels || pull.len() != pixels {
            return Err(Error::argument("the prediction, the pull and the picture differ in size"));
        }
        if !pull.iter().all(|pull| (0.0..=1e6).contains(pull)) {
            return Err(Error::argument("a pull is negative, beyond a million or no number"));
        }
        if !hints.hinted.contains(&true) {
            return Ok(predicted.to_vec());
        }
        let predicted: Vec<f32> = predicted.iter().map(|c| if c.abs() <= MOST_CHROMA { *c } else { 0.0 }).collect();
        let solver = solve::Solver::new(&self.affinities, &self.influence, pull, hints.hinted);
        let planes = both(pixels, |channel| {
            let plane = channel * pixels..(channel + 1) * pixels;
            let held =
                solve::Held { predicted: &predicted[plane.clone()], wanted: &hints.ab[plane], hinted: hints.hinted };
            solver.solve(held, &self.affinities, pull)
        })?;
        Ok(planes.concat())
    }
}

impl SpreadHints {
    /// Width and height of the working size that the hints were given at.
    pub fn working(&self) -> (usize, usize) {
        self.working
    }

    /// Reads the hints along the lightness of the same picture at any `size` (width, height), before any sweep; writes a
    /// and b, and the confidence.
    ///
    /// # Errors
    /// `Argument` when memory and size differ; `Cancelled`; `Worker`.
    pub fn slice(
        &self,
        lightness: &[f32],
        size: (usize, usize),
        (ab, confidence): (&mut [f32], &mut [f32]),
        workers: usize,
        ticker: &mut Ticker<'_>,
    ) -> Result<()> {
        let pixels = size.0 * size.1;
        if pixels == 0 || [lightness.len(), ab.len() / 2, confidence.len()] != [pixels; 3] {
            return Err(Error::argument("the lightness needs at least one pixel, and width × height values"));
        }
        let extent = Extent::stretched(self.working, size);
        let columns = extent.columns_of(0..size.0);
        let ab = Canvas::from_slice(ab, size.0, 2 * size.1, 1)?;
        let confidence = Canvas::from_slice(confidence, size.0, size.1, 1)?;
        let row = |mixed: &mut GridRow, y: usize| {
            self.grid.mix_row(&extent, y, mixed);
            // SAFETY: the pool gives each strip, and so these rows, to one thread.
            let [a, b] = [y, size.1 + y].map(|y| unsafe { ab.span(0, y, size.0) });
            // SAFETY: as above.
            let confidence = unsafe { confidence.span(0, y, size.0) };
            read_row(mixed, &columns, &lightness[y * size.0..][..size.0], [a, b, confidence]);
        };
        let workers = if pixels < THREADED_PIXELS { 1 } else { workers.max(1) };
        let mut rows = vec![GridRow::new(); workers];
        pool::run(&mut rows, size.1.div_ceil(STRIP_ROWS), ticker, &|| (), |mixed, strip| {
            (strip * STRIP_ROWS..((strip + 1) * STRIP_ROWS).min(size.1)).for_each(|y| row(mixed, y));
            Ok(())
        })
    }

    /// Reads a rectangle, mirrored beyond the picture's right and lower border, along its own lightness: `slice` cut
    /// out, to the last bit. Writes a and b, and the confidence.
    pub fn slice_tile(
        &self,
        size: (usize, usize),
        read: Rect,
        lightness: &[f32],
        (ab, confidence): (&mut [f32], &mut [f32]),
    ) {
        let extent = Extent::stretched(self.working, size);
        let columns = extent.columns_of((read.x..read.x + read.width).map(|x| reflected(x, size.0)));
        let (a, b) = ab.split_at_mut(read.width * read.height);
        let planes = a.chunks_mut(read.width).zip(b.chunks_mut(read.width)).zip(confidence.chunks_mut(read.width));
        let mut mixed = GridRow::new();
        for (y, (((a, b), confidence), lightness)) in planes.zip(lightness.chunks(read.width)).enumerate() {
            self.grid.mix_row(&extent, reflected(read.y + y, size.1), &mut mixed);
            read_row(&mixed, &columns, lightness, [a, b, confidence]);
        }
    }
}

/// Reads a, b and the confidence of a row along its lightness.
fn read_row(mixed: &GridRow, columns: &[Column], lightness: &[f32], [a, b, confidence]: [&mut [f32]; 3]) {
    let out = a.iter_mut().zip(b).zip(confidence);
    for ((((a, b), confidence), column), lightness) in out.zip(columns).zip(lightness) {
        let [sum_a, sum_b, weight, _] = grid::read(mixed, *column, *lightness);
        (*a, *b) = (sum_a / (weight + TINY), sum_b / (weight + TINY));
        *confidence = weight / (weight + HALF);
    }
}

/// Does the same for a and for b, on two threads where that pays.
fn both<T: Send>(pixels: usize, job: impl Fn(usize) -> T + Sync) -> Result<[T; 2]> {
    if pixels < THREADED_PIXELS {
        return Ok([job(0), job(1)]);
    }
    let slots = [Mutex::new(None), Mutex::new(None)];
    pool::run(&mut [(), ()], 2, &mut Ticker::new(&mut |_| true), &|| (), |(), channel| {
        let done = job(channel);
        *slots[channel].lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        Ok(())
    })?;
    match slots.map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)) {
        [Some(a), Some(b)] => Ok([a, b]),
        _ => Err(Error::Worker { reason: "it left nothing".into() }),
    }
}
