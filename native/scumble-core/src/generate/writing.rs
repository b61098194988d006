//! A block's numbers as pixels of the picture: taken as they are or between two sizes, rounded by chance.

use super::blocks::{Axis, Block, Tap};
use crate::backgrounds::noise::Folded;
use crate::image::Canvas;

/// The stream of hashes that decides how values between two codes are rounded.
const DITHER: i64 = 9002;

/// What a picture is made of.
pub trait Value: Copy + Send {
    /// A sample of a value that is 0 to 1 where colours are possible; `chance` is 0 to 1.
    fn from_unit(value: f32, chance: f32) -> Self;
}

impl Value for u8 {
    fn from_unit(value: f32, chance: f32) -> Self {
        (value.clamp(0.0, 1.0) * 255.0 + chance) as Self
    }
}

impl Value for f32 {
    fn from_unit(value: f32, _: f32) -> Self {
        value
    }
}

/// The picture to write.
pub struct Picture<'a, 'c, S> {
    /// Its memory, three channels.
    pub canvas: &'a Canvas<'c, S>,
    /// Where its rows lie.
    pub rows: Axis,
    /// Where its columns lie.
    pub columns: Axis,
    /// Decides how values between two codes are rounded.
    pub seed: u64,
}

impl<S: Value> Picture<'_, '_, S> {
    /// Writes the pixels of a block from what the net made of it: `values`, -1 to 1, (3, height, width) of `size`.
    ///
    /// # Safety
    /// No other thread writes these pixels now.
    pub unsafe fn write(&self, row: Block, column: Block, size: (usize, usize), cell_px: usize, values: &[f32]) {
        let (height, width) = size;
        let taps: Vec<Tap> = (column.start..column.end).map(|x| self.columns.tap(x)).collect();
        let left = column.cell * cell_px;
        let mut lines = vec![0.0_f32; 3 * width];
        for y in row.start..row.end {
            let tap = self.rows.tap(y);
            let first = tap.first - row.cell * cell_px;
            for (plane, line) in values.chunks_exact(height * width).zip(lines.chunks_exact_mut(width)) {
                match tap.weights {
                    None => line.copy_from_slice(&plane[first * width..][..width]),
                    Some(weights) => {
                        let rows = &plane[first * width..][..4 * width];
                        for (x, value) in line.iter_mut().enumerate() {
                            *value = (0..4).map(|k| weights[k] * rows[k * width + x]).sum();
                        }
                    }
                }
            }
            // SAFETY: the caller's promise.
            let span = unsafe { self.canvas.span(column.start, y, taps.len()) };
            let folded = Folded::new(self.seed, DITHER).with(y as i64);
            for ((pixel, tap), x) in span.chunks_exact_mut(3).zip(&taps).zip(column.start..) {
                let bits = folded.with(x as i64).bits();
                for (channel, (sample, line)) in pixel.iter_mut().zip(lines.chunks_exact(width)).enumerate() {
                    let near = &line[tap.first - left..];
                    let value = tap.weights.map_or(near[0], |weights| (0..4).map(|k| weights[k] * near[k]).sum());
                    let chance = ((bits >> (21 * channel)) & 0x1F_FFFF) as f32 * (1.0 / 2_097_152.0);
                    *sample = S::from_unit(0.5 * value + 0.5, chance);
                }
            }
        }
    }
}
