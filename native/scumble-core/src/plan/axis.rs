//! One axis of a plan.

use super::Grain;
use crate::error::{Error, Result};

/// One tile's stretch of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First kept pixel.
    pub core: usize,
    /// Kept pixels.
    pub core_size: usize,
    /// First read pixel.
    pub read: usize,
}

/// An axis cut into spans that all read the same number of pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// In order.
    pub spans: Vec<Span>,
    /// Read pixels of each span.
    pub read_size: usize,
}

impl Axis {
    /// Cuts `size` pixels into the fewest spans that read at most `tile` pixels, of even length.
    pub fn cut(size: usize, tile: usize, grain: Grain) -> Result<Self> {
        let Grain { stride, min_size, .. } = grain;
        let padded = size.max(min_size).next_multiple_of(stride);
        let halo = grain.aligned_halo();
        let tile = tile / stride * stride;
        if padded <= tile {
            return Ok(Self { spans: vec![Span { core: 0, core_size: size, read: 0 }], read_size: padded });
        }
        let smallest = grain.smallest_tile();
        if tile < smallest {
            return Err(Error::argument(format!(
                "a tile of {tile} pixels is too small: halo {}, stride {stride} and min_size {min_size} need {smallest}",
                grain.halo
            )));
        }
        // The spans at both ends have one halo, those between have two: n spans keep n·tile − 2·halo·(n − 1) pixels.
        let count = (padded - 2 * halo).div_ceil(tile - 2 * halo).max(2);
        let even = (padded + 2 * halo * (count - 1)).div_ceil(count).next_multiple_of(stride);
        let read_size = even.max(min_size.next_multiple_of(stride)).min(tile);
        let spans = (0..count).filter_map(|i| span(i, size, padded, read_size, halo));
        Ok(Self { spans: spans.collect(), read_size })
    }
}

/// Span `i`; none where rounding up made the spans before it reach the end.
fn span(i: usize, size: usize, padded: usize, read_size: usize, halo: usize) -> Option<Span> {
    let step = read_size - 2 * halo;
    let reaches_end = |i: usize| i * step + read_size >= padded;
    if i > 0 && reaches_end(i - 1) {
        return None;
    }
    let core = if i == 0 { 0 } else { halo + i * step };
    let core_end = if reaches_end(i) { size } else { (halo + (i + 1) * step).min(size) };
    // The last span is moved back to end with the picture: a longer halo costs nothing and the shape stays the same.
    let read = (i * step).min(padded - read_size);
    (core < core_end).then_some(Span { core, core_size: core_end.saturating_sub(core), read })
}
