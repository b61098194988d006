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
    /// Read pixels.
    pub read_size: usize,
}

/// An axis cut into spans whose read pixels differ by one stride at most: two sizes, the longer one first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// In order.
    pub spans: Vec<Span>,
}

impl Axis {
    /// Cuts `size` pixels into the fewest spans that read at most `tile` pixels, of even length.
    pub fn cut(size: usize, tile: usize, grain: Grain) -> Result<Self> {
        let Grain { stride, min_size, .. } = grain;
        let padded = size.max(min_size).next_multiple_of(stride);
        let halo = grain.aligned_halo();
        let tile = tile / stride * stride;
        if padded <= tile {
            return Ok(Self { spans: vec![Span { core: 0, core_size: size, read: 0, read_size: padded }] });
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
        let all = padded + 2 * halo * (count - 1); // what they read together, in whole strides
        let least = min_size.next_multiple_of(stride);
        let (shorter, longer) = match all / count / stride * stride {
            even if even < least => (least, 0),
            even => (even, (all - even * count) / stride),
        };
        let mut spans = Vec::with_capacity(count);
        let (mut read, mut kept) = (0, 0);
        while kept < size {
            let read_size = shorter + if spans.len() < longer { stride } else { 0 };
            let reaches_end = read + read_size >= padded;
            let end = if reaches_end { size } else { (read + read_size - halo).min(size) };
            // Spans of the least size that go beyond the end are moved back: a longer halo, of which nothing is kept.
            spans.push(Span { core: kept, core_size: end - kept, read: read.min(padded - read_size), read_size });
            read += read_size - 2 * halo;
            kept = end;
        }
        Ok(Self { spans })
    }

    /// Read pixels of the longest span.
    pub fn longest(&self) -> usize {
        self.spans.first().map_or(0, |span| span.read_size)
    }

    /// Read pixels of all spans.
    pub fn all(&self) -> usize {
        self.spans.iter().map(|span| span.read_size).sum()
    }
}
