//! Fills tile inputs from pictures and planes, mirrored beyond the border, and puts tile outputs back together.

use crate::color::{Row, Sample, Transfer, lightness_row};
use crate::image::{Canvas, View};
use crate::plan::{Rect, Tile};
use crate::resample::{Filter, reflected, taps};
use crate::session::Array;

/// Writes L (0 to 100) of the read rectangle.
pub fn fill_lightness<S: Sample>(src: View<'_, S>, transfer: Transfer<'_>, read: Rect, out: &mut [f32]) {
    let layout = src.layout();
    let channels = layout.channels;
    let inside = read.x + read.width <= layout.width;
    let mut mirrored = Vec::new();
    for (y, out) in out.chunks_mut(read.width).enumerate() {
        let row = src.row(reflected(read.y + y, layout.height));
        let samples = if inside {
            &row[read.x * channels..(read.x + read.width) * channels]
        } else {
            mirrored.clear();
            for x in read.x..read.x + read.width {
                let pixel = reflected(x, layout.width) * channels;
                mirrored.extend_from_slice(&row[pixel..pixel + channels]);
            }
            &mirrored
        };
        lightness_row(Row { samples, channels, transfer }, out);
    }
}

/// Planes of one size in C order: (channels, height, width).
#[derive(Debug, Clone, Copy)]
pub struct Planes<'a> {
    /// The values.
    pub data: &'a [f32],
    /// Values a row.
    pub width: usize,
    /// Rows a plane.
    pub height: usize,
}

impl Planes<'_> {
    /// Copies the read rectangle of every plane.
    pub fn fill(&self, read: Rect, out: &mut [f32]) {
        let planes = self.data.chunks(self.width * self.height);
        for (plane, out) in planes.zip(out.chunks_mut(read.width * read.height)) {
            for (y, out) in out.chunks_mut(read.width).enumerate() {
                let row = &plane[reflected(read.y + y, self.height) * self.width..][..self.width];
                let inside = self.width.saturating_sub(read.x).min(read.width);
                out[..inside].copy_from_slice(&row[read.x.min(self.width)..][..inside]);
                for (i, value) in out.iter_mut().enumerate().skip(inside) {
                    *value = row[reflected(read.x + i, self.width)];
                }
            }
        }
    }
}

/// Stretches planes of any size over a picture of `size` (width, height) and writes the read rectangle.
pub fn fill_context(context: &Array, size: (usize, usize), filter: Filter, read: Rect, out: &mut [f32]) {
    let (height, width) = (context.shape[1], context.shape[2]);
    let columns = taps(read.x, read.width, size.0, width, filter);
    let rows = taps(read.y, read.height, size.1, height, filter);
    let planes = context.data.chunks(width * height);
    for (plane, out) in planes.zip(out.chunks_mut(read.width * read.height)) {
        for (row, out) in rows.iter().zip(out.chunks_mut(read.width)) {
            let (upper, lower) = (&plane[row.index * width..][..width], &plane[row.next * width..][..width]);
            for (column, value) in columns.iter().zip(out) {
                let mix = |line: &[f32]| line[column.index] + column.share * (line[column.next] - line[column.index]);
                let (high, low) = (mix(upper), mix(lower));
                *value = high + row.share * (low - high);
            }
        }
    }
}

/// Copies a tile's core from its output, shape (channels, read height, read width), into planes of the picture.
///
/// # Safety
/// The canvas is (channels · `height`) rows of the picture's width, and no other thread writes this core now.
pub unsafe fn stitch(canvas: &Canvas<'_, f32>, height: usize, tile: &Tile, output: &[f32]) {
    let Tile { core, read } = tile;
    for (channel, plane) in output.chunks(read.width * read.height).enumerate() {
        for y in core.y..core.y + core.height {
            let from = (y - read.y) * read.width + core.x - read.x;
            // SAFETY: the caller's promise; cores of a plan do not overlap.
            let to = unsafe { canvas.span(core.x, channel * height + y, core.width) };
            to.copy_from_slice(&plane[from..from + core.width]);
        }
    }
}
