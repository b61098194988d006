//! What the user wants at full size: single pixels, and painted strokes of which the opaque pixels count.

use std::ops::Range;

use crate::color::{BLOCK, Lane, Row, Sample, Transfer, chroma_row};
use crate::error::{Error, Result};
use crate::image::View;

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

/// A picture of strokes, whatever its samples.
pub trait StrokeRows: Sync {
    /// Width and height in pixels.
    fn size(&self) -> (usize, usize);

    /// Appends the opaque pixels of some columns of row `y`, from left to right.
    fn append(&self, y: usize, columns: Range<usize>, out: &mut Vec<HintPixel>);
}

/// Strokes on transparent ground.
#[derive(Debug, Clone, Copy)]
pub struct Strokes<'a, S> {
    view: View<'a, S>,
    transfer: Transfer<'a>,
}

impl<'a, S: Sample> Strokes<'a, S> {
    /// Wraps a picture of colours, light 0 to 1, and alpha that is not multiplied into them.
    ///
    /// # Errors
    /// `Argument` when it has no alpha.
    pub fn new(view: View<'a, S>, transfer: Transfer<'a>) -> Result<Self> {
        if !view.layout().has_alpha() {
            return Err(Error::argument("the strokes have no alpha, so they cannot be told from their ground"));
        }
        Ok(Self { view, transfer })
    }
}

impl<S: Sample> StrokeRows for Strokes<'_, S> {
    fn size(&self) -> (usize, usize) {
        (self.view.layout().width, self.view.layout().height)
    }

    fn append(&self, y: usize, columns: Range<usize>, out: &mut Vec<HintPixel>) {
        let channels = self.view.layout().channels;
        let [mut a, mut b]: [Lane; 2] = [[0.0; BLOCK]; 2];
        let mut x = columns.start;
        for samples in self.view.row(y)[columns.start * channels..columns.end * channels].chunks(BLOCK * channels) {
            let count = samples.len() / channels;
            let opaque = samples.chunks_exact(channels).map(|pixel| pixel[channels - 1].is_full());
            if opaque.clone().any(|opaque| opaque) {
                let row = Row { samples, channels, transfer: self.transfer };
                chroma_row(row, (0.0, 1.0), &mut a[..count], &mut b[..count]);
                let wanted = opaque.enumerate().filter(|(_, opaque)| *opaque);
                out.extend(wanted.map(|(i, _)| HintPixel { x: x + i, y, ab: [a[i], b[i]] }));
            }
            x += count;
        }
    }
}

/// All that is wanted: of two at one pixel the later single pixel counts, and that before a stroke.
#[derive(Clone)]
pub struct Wanted<'a> {
    pixels: Vec<HintPixel>,
    strokes: Option<&'a dyn StrokeRows>,
}

impl<'a> Wanted<'a> {
    /// Gathers what is wanted of a picture of `size` (width, height).
    ///
    /// # Errors
    /// `Argument` when a pixel lies outside the picture or is no number, or the strokes have another size.
    pub fn new(size: (usize, usize), mut pixels: Vec<HintPixel>, strokes: Option<&'a dyn StrokeRows>) -> Result<Self> {
        for HintPixel { x, y, ab } in &pixels {
            if *x >= size.0 || *y >= size.1 {
                return Err(Error::argument(format!("the hint {x},{y} lies outside the picture")));
            }
            if !ab.iter().all(|c| (-super::MOST_CHROMA..=super::MOST_CHROMA).contains(c)) {
                return Err(Error::argument(format!("the chroma of the hint {x},{y} is no number")));
            }
        }
        if let Some((width, height)) = strokes.map(StrokeRows::size).filter(|found| *found != size) {
            return Err(Error::argument(format!("the strokes are {width}x{height}, not {}x{}", size.0, size.1)));
        }
        // Stable, so that the last of equals is the latest.
        pixels.sort_by_key(|pixel| (pixel.y, pixel.x));
        keep_last(&mut pixels);
        Ok(Self { pixels, strokes })
    }

    /// Whether nothing can be wanted.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty() && self.strokes.is_none()
    }

    /// Writes what is wanted in some columns of row `y`, from left to right.
    pub fn row(&self, y: usize, columns: Range<usize>, out: &mut Vec<HintPixel>) {
        out.clear();
        if let Some(strokes) = self.strokes {
            strokes.append(y, columns.clone(), out);
        }
        let place = |x: usize| self.pixels.partition_point(|pixel| (pixel.y, pixel.x) < (y, x));
        let single = &self.pixels[place(columns.start)..place(columns.end)];
        let both = !(out.is_empty() || single.is_empty());
        out.extend_from_slice(single);
        if both {
            out.sort_by_key(|pixel| pixel.x);
            keep_last(out);
        }
    }
}

/// Of neighbours at one pixel keeps the last.
fn keep_last(pixels: &mut Vec<HintPixel>) {
    pixels.dedup_by(|next, kept| {
        let same = (next.y, next.x) == (kept.y, kept.x);
        if same {
            kept.ab = next.ab;
        }
        same
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::lab_from_rgb;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn opaque_pixels_count_and_single_ones_before_them(
            width in 1_usize..300, first in 0_usize..300, count in 0_usize..300, seed in 0_usize..1000,
        ) {
            let (first, end) = (first.min(width), (first + count).min(width));
            let code = |i: usize| (i.wrapping_mul(2_654_435_761).wrapping_add(seed * 977) >> 9) as u8;
            let mut rgba: Vec<u8> = (0..4 * width).map(code).collect();
            rgba.chunks_mut(4).for_each(|pixel| if pixel[3] < 128 { pixel[3] = 255 });
            let fail = |error: Error| TestCaseError::fail(error.to_string());
            let view = View::from_slice(&rgba, width, 1, 4).map_err(fail)?;
            let strokes = Strokes::new(view, Transfer::Srgb).map_err(fail)?;
            let single = [(seed % width, 3.0), (0, 4.0), (seed % width, 5.0)];
            let pixels = single.map(|(x, a)| HintPixel { x, y: 0, ab: [a, -a] }).to_vec();
            let wanted = Wanted::new((width, 1), pixels, Some(&strokes)).map_err(fail)?;
            let mut found = Vec::new();
            wanted.row(0, first..end, &mut found);
            let mut places = (first..end).filter(|x| rgba[4 * x + 3] == 255 || [0, seed % width].contains(x));
            for HintPixel { x, ab, .. } in found {
                prop_assert_eq!(Some(x), places.next());
                if let Some((_, a)) = single.iter().rfind(|(at, _)| *at == x) {
                    prop_assert_eq!(ab, [*a, -*a]);
                    continue;
                }
                let mut lab = [[0.0; 3]];
                let color = |c: usize| f32::from(rgba[4 * x + c]) / 255.0;
                lab_from_rgb(&[[color(0), color(1), color(2)]], Transfer::Srgb, &mut lab);
                prop_assert!((ab[0] - lab[0][1]).abs() < 0.02 && (ab[1] - lab[0][2]).abs() < 0.02, "{ab:?} {lab:?}");
            }
            prop_assert_eq!(places.next(), None);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() -> Result<()> {
        let pixel = |x, y, a| vec![HintPixel { x, y, ab: [a, 0.0] }];
        assert!(Wanted::new((4, 3), pixel(3, 2, 5.0), None).is_ok());
        let samples = [1.0_f32; 24];
        let strokes = Strokes::new(View::from_slice(&samples, 3, 4, 2)?, Transfer::Linear)?;
        let refused = [
            Wanted::new((4, 3), pixel(4, 0, 5.0), None),
            Wanted::new((4, 3), pixel(0, 3, 5.0), None),
            Wanted::new((4, 3), pixel(0, 0, f32::NAN), None),
            Wanted::new((4, 3), pixel(0, 0, f32::INFINITY), None),
            Wanted::new((4, 3), Vec::new(), Some(&strokes)),
        ];
        assert!(refused.iter().all(|wanted| matches!(wanted, Err(Error::Argument { .. }))));
        assert!(Strokes::new(View::from_slice(&samples, 2, 4, 3)?, Transfer::Linear).is_err());
        Ok(())
    }
}
