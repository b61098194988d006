//! The last touch on a picture that is coloured already: its chroma is read back, changed and written.

use super::touch::{Touch, TouchedRow};
use super::wanted::Wanted;
use crate::color::{BLOCK, Chroma, Lane, Row, Sample, Weight, chroma_row};
use crate::error::Result;
use crate::pool;
use crate::progress::Ticker;
use crate::recolor::{ChromaRows, Recoloring, STRIP_ROWS};

/// Any light, as `chroma_row` wants it.
const ANY_LIGHT: (f32, f32) = (f32::NEG_INFINITY, f32::INFINITY);

/// The chroma that a finished picture was given.
struct Written<'a, S>(Recoloring<'a, S>);

/// A row of it: chroma as it was before strength and mask mixed it with the source's own.
struct WrittenRow<'a, S> {
    own: Row<'a, S>,
    written: Row<'a, S>,
    weight: Weight<'a>,
}

/// A row counted from a later column.
struct Later<'a, R> {
    row: &'a R,
    first: usize,
}

impl<S: Sample> ChromaRows for Written<'_, S> {
    type Row<'r>
        = WrittenRow<'r, S>
    where
        Self: 'r;
    type Scratch = Vec<S>;

    fn chroma_row<'r>(&'r self, y: usize, copy: &'r mut Vec<S>) -> WrittenRow<'r, S> {
        let Recoloring { src, dst, transfer, strength, mask, adds } = &self.0;
        copy.clear();
        // SAFETY: `retouch` asks for each row on one thread, and writes none while this span lives.
        copy.extend_from_slice(unsafe { dst.span(0, y, src.layout().width) });
        WrittenRow {
            own: Row { samples: src.row(y), channels: src.layout().channels, transfer: *transfer },
            written: Row { samples: copy, channels: dst.layout().channels, transfer: *transfer },
            weight: Weight { strength: *strength, mask: mask.as_ref().map(|mask| mask.row(y)), adds: *adds },
        }
    }
}

impl<S: Sample> Chroma for WrittenRow<'_, S> {
    #[inline(always)]
    fn fill(&self, x: usize, count: usize, _lightness: &Lane, a: &mut Lane, b: &mut Lane) {
        let block = |row: Row<'_, S>, a: &mut Lane, b: &mut Lane| {
            let samples = &row.samples[x * row.channels..(x + count) * row.channels];
            chroma_row(Row { samples, ..row }, ANY_LIGHT, &mut a[..count], &mut b[..count]);
        };
        block(self.written, a, b);
        if self.weight.is_full() {
            return;
        }
        let [mut own_a, mut own_b, mut weight]: [Lane; 3] = [[0.0; BLOCK]; 3];
        block(self.own, &mut own_a, &mut own_b);
        self.weight.fill(x, count, &mut weight);
        for i in 0..count {
            // Pixels of no weight are not written at all.
            let beneath = if self.weight.adds { (0.0, 0.0) } else { (own_a[i], own_b[i]) };
            a[i] = beneath.0 + (a[i] - own_a[i]) / weight[i];
            b[i] = beneath.1 + (b[i] - own_b[i]) / weight[i];
        }
    }
}

impl<R: Chroma> Chroma for Later<'_, R> {
    #[inline(always)]
    fn fill(&self, x: usize, count: usize, lightness: &Lane, a: &mut Lane, b: &mut Lane) {
        self.row.fill(self.first + x, count, lightness, a, b);
    }
}

/// Touches a picture that `job` has recoloured: blocks of pixels that nothing wanted comes near stay as they are.
///
/// # Errors
/// `Cancelled`; `Worker`.
pub fn retouch<S: Sample>(
    job: Recoloring<'_, S>,
    touch: &Touch,
    wanted: &Wanted<'_>,
    workers: usize,
    ticker: &mut Ticker<'_>,
) -> Result<()> {
    let layout = job.src.layout();
    let written = Written(job);
    let touched = touch.over(&written, wanted);
    let mut scratches: Vec<_> = (0..workers.max(1)).map(|_| Default::default()).collect();
    pool::run(&mut scratches, layout.height.div_ceil(STRIP_ROWS), ticker, &|| (), |scratch, strip| {
        for y in strip * STRIP_ROWS..((strip + 1) * STRIP_ROWS).min(layout.height) {
            let row: TouchedRow<'_, _> = touched.chroma_row(y, scratch);
            for first in (0..layout.width).step_by(BLOCK) {
                let end = layout.width.min(first + BLOCK);
                if row.changes(first..end) {
                    // SAFETY: the pool gives each strip, and so each row, to one thread.
                    unsafe { job.span(first, y, end - first, &Later { row: &row, first }) };
                }
            }
        }
        Ok(())
    })
}
