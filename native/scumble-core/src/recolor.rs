//! Recolours whole pictures in strips of rows over worker threads, never holding a full frame of floats.

use crate::color::{Chroma, PlaneRows, Row, Sample, Transfer, Weight, recolor_row};
use crate::error::{Error, Result};
use crate::guided::{GuidedRow, Stretched};
use crate::image::{Canvas, View};
use crate::pool;
use crate::progress::Ticker;

/// Rows that a worker takes at a time.
pub(crate) const STRIP_ROWS: usize = 16;

/// A picture, where its recoloured copy goes, and how much of the new chroma it takes.
#[derive(Debug, Clone, Copy)]
pub struct Recoloring<'a, S> {
    /// The picture: 1 to 4 channels.
    pub src: View<'a, S>,
    /// Its copy: 3 channels, and alpha exactly if the source has it.
    pub dst: &'a Canvas<'a, S>,
    /// What the samples mean.
    pub transfer: Transfer<'a>,
    /// 0 keeps the source's chroma, 1 takes the new one.
    pub strength: f32,
    /// 0 keeps a pixel bit for bit, 255 takes the strength in full.
    pub mask: Option<View<'a, u8>>,
    /// Whether the new chroma is a change of the source's own, which stays beneath it.
    pub adds: bool,
}

impl<S: Sample> Recoloring<'_, S> {
    /// Checks sizes, channels and range.
    ///
    /// # Errors
    /// `Argument` naming what does not fit.
    pub fn check(&self) -> Result<()> {
        let (src, dst) = (self.src.layout(), self.dst.layout());
        if (src.width, src.height) != (dst.width, dst.height) {
            return Err(Error::argument(format!(
                "the source is {}x{} and the destination {}x{}",
                src.width, src.height, dst.width, dst.height
            )));
        }
        let wanted = 3 + usize::from(src.has_alpha());
        if dst.channels != wanted {
            return Err(Error::argument(format!(
                "a source of {} channels needs a destination of {wanted}, not {}",
                src.channels, dst.channels
            )));
        }
        if !(0.0..=1.0).contains(&self.strength) {
            return Err(Error::argument(format!("strength is {}; it must be from 0 to 1", self.strength)));
        }
        match self.mask.map(|mask| mask.layout()) {
            Some(mask) if (mask.width, mask.height, mask.channels) != (src.width, src.height, 1) => {
                Err(Error::argument(format!(
                    "the mask is {}x{}, not {}x{}",
                    mask.width, mask.height, src.width, src.height
                )))
            }
            _ => Ok(()),
        }
    }

    /// Recolours `width` pixels of row `y` from column `x`; `chroma` counts its columns from `x`.
    ///
    /// # Safety
    /// No other thread may touch these pixels of the destination now.
    pub unsafe fn span<C: Chroma>(&self, x: usize, y: usize, width: usize, chroma: &C) {
        let channels = self.src.layout().channels;
        let samples = &self.src.row(y)[x * channels..(x + width) * channels];
        let mask = self.mask.as_ref().map(|mask| &mask.row(y)[x..x + width]);
        let weight = Weight { strength: self.strength, mask, adds: self.adds };
        // SAFETY: the caller's promise.
        let dst = unsafe { self.dst.span(x, y, width) };
        recolor_row(Row { samples, channels, transfer: self.transfer }, dst, weight, chroma);
    }
}

/// Chroma for each row of a picture.
pub trait ChromaRows: Sync {
    /// The chroma of one row.
    type Row<'r>: Chroma
    where
        Self: 'r;
    /// Working memory of one thread.
    type Scratch: Default + Send;

    /// The chroma of row `y`.
    fn chroma_row<'r>(&'r self, y: usize, scratch: &'r mut Self::Scratch) -> Self::Row<'r>;
}

/// Planes of Lab a and b at the picture's own size, in C order.
#[derive(Debug, Clone, Copy)]
pub struct Planes<'a> {
    /// Lab a.
    pub a: &'a [f32],
    /// Lab b.
    pub b: &'a [f32],
    /// Values a row.
    pub width: usize,
}

impl ChromaRows for Planes<'_> {
    type Row<'r>
        = PlaneRows<'r>
    where
        Self: 'r;
    type Scratch = ();

    fn chroma_row<'r>(&'r self, y: usize, (): &'r mut ()) -> PlaneRows<'r> {
        let range = y * self.width..(y + 1) * self.width;
        PlaneRows { a: &self.a[range.clone()], b: &self.b[range] }
    }
}

impl ChromaRows for Stretched<'_> {
    type Row<'r>
        = GuidedRow<'r>
    where
        Self: 'r;
    type Scratch = Vec<f32>;

    fn chroma_row<'r>(&'r self, y: usize, scratch: &'r mut Self::Scratch) -> GuidedRow<'r> {
        self.row(y, scratch)
    }
}

/// Recolours the whole picture on `workers` threads.
///
/// # Errors
/// `Argument` when sizes, channels or strength do not fit; `Cancelled`; `Worker`.
pub fn recolor<S: Sample>(
    job: Recoloring<'_, S>,
    chroma: &impl ChromaRows,
    workers: usize,
    ticker: &mut Ticker<'_>,
) -> Result<()> {
    job.check()?;
    let layout = job.src.layout();
    let mut scratches: Vec<_> = (0..workers.max(1)).map(|_| Default::default()).collect();
    pool::run(&mut scratches, layout.height.div_ceil(STRIP_ROWS), ticker, &|| (), |scratch, strip| {
        for y in strip * STRIP_ROWS..((strip + 1) * STRIP_ROWS).min(layout.height) {
            let row = chroma.chroma_row(y, scratch);
            // SAFETY: the pool gives each strip, and so each row, to one thread.
            unsafe { job.span(0, y, layout.width, &row) };
        }
        Ok(())
    })
}
