//! Geometry of samples: reflection at borders, small planes stretched over a picture, pictures averaged down.

use crate::color::{Row, Sample, Transfer, fast_path, lightness_row};
use crate::error::{Error, Result};
use crate::image::View;

/// The index inside `0..size` that `index` mirrors to, the border sample itself not repeated (numpy's `reflect`).
pub fn reflected(index: usize, size: usize) -> usize {
    let period = 2 * (size - 1).max(1);
    let phase = index % period;
    if size == 1 { 0 } else { phase.min(period - phase) }
}

/// How a small plane is stretched over a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// The nearest sample: for masks.
    Nearest,
    /// Straight lines between samples, pixel centres aligned.
    Bilinear,
}

/// Where one picture coordinate falls between two samples of a small axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tap {
    /// The lower sample.
    pub index: usize,
    /// The upper sample: `index + 1`, or `index` at the end.
    pub next: usize,
    /// Weight of the upper sample, 0 to 1.
    pub share: f32,
}

/// The taps of picture coordinates `start..start + count` (mirrored beyond `size`) on an axis of `samples`.
///
/// A tap depends on its coordinate alone, so tiles agree with the full frame to the last bit.
pub fn taps(start: usize, count: usize, size: usize, samples: usize, filter: Filter) -> Vec<Tap> {
    let scale = samples as f64 / size as f64;
    let last = samples - 1;
    let tap = |x: usize| {
        let center = (reflected(x, size) as f64 + 0.5) * scale;
        match filter {
            Filter::Nearest => {
                let index = (center as usize).min(last);
                Tap { index, next: index, share: 0.0 }
            }
            Filter::Bilinear => {
                let position = (center - 0.5).clamp(0.0, last as f64);
                let index = position as usize;
                Tap { index, next: (index + 1).min(last), share: (position - index as f64) as f32 }
            }
        }
    };
    (start..start + count).map(tap).collect()
}

/// L (0 to 100) of the whole picture; `lightness` holds `width * height` values.
///
/// # Errors
/// `Argument` when `lightness` has another length.
pub fn lightness<S: Sample>(src: View<'_, S>, transfer: Transfer<'_>, lightness: &mut [f32]) -> Result<()> {
    let layout = src.layout();
    if lightness.len() != layout.width * layout.height {
        return Err(Error::argument("the lightness plane and the picture differ in size"));
    }
    for (y, out) in lightness.chunks_mut(layout.width).enumerate() {
        lightness_row(Row { samples: src.row(y), channels: layout.channels, transfer }, out);
    }
    Ok(())
}

/// L (0 to 100) averaged by area into `width` × `height` cells, a row of the picture at a time.
///
/// # Errors
/// `Argument` for an empty thumbnail.
pub fn lightness_thumbnail<S: Sample>(
    src: View<'_, S>,
    transfer: Transfer<'_>,
    width: usize,
    height: usize,
) -> Result<Vec<f32>> {
    if width == 0 || height == 0 {
        return Err(Error::argument("a thumbnail needs at least one pixel"));
    }
    let layout = src.layout();
    let columns = cells(layout.width, width);
    let rows = cells(layout.height, height);
    let mut full = vec![0.0; layout.width];
    let mut full_is = usize::MAX;
    let mut sums = vec![0.0; layout.width];
    let mut out = vec![0.0; width * height];
    for (cell, out) in rows.iter().zip(out.chunks_mut(width)) {
        sums.fill(0.0);
        for y in cell.first..=cell.last {
            // Neighbouring cells share a row on their border.
            if full_is != y {
                lightness_row(Row { samples: src.row(y), channels: layout.channels, transfer }, &mut full);
                full_is = y;
            }
            add_weighted(&mut sums, &full, cell.weight(y));
        }
        columns.iter().zip(out).for_each(|(column, value)| *value = column.average(&sums));
    }
    Ok(out)
}

fast_path! {
    /// Adds a row times its weight: down the columns first, where neighbours do not wait for each other.
    fn add_weighted<>(sums: &mut [f32], row: &[f32], weight: f32) = add_weighted_body;
}

#[inline(always)]
fn add_weighted_body(sums: &mut [f32], row: &[f32], weight: f32) {
    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
}

/// The samples that one cell of an averaged axis covers: whole ones, and parts of the first and the last.
#[derive(Debug, Clone, Copy)]
struct Cell {
    first: usize,
    last: usize,
    first_weight: f32,
    last_weight: f32,
    inner_weight: f32,
}

impl Cell {
    fn weight(&self, index: usize) -> f32 {
        if index == self.first {
            self.first_weight
        } else if index == self.last {
            self.last_weight
        } else {
            self.inner_weight
        }
    }

    fn average(&self, values: &[f32]) -> f32 {
        let ends = values[self.first] * self.first_weight;
        if self.first == self.last {
            return ends;
        }
        let inner: f32 = values[self.first + 1..self.last].iter().sum();
        ends + inner * self.inner_weight + values[self.last] * self.last_weight
    }
}

fn cells(size: usize, count: usize) -> Vec<Cell> {
    let length = size as f64 / count as f64;
    let cell = |i: usize| {
        let (start, end) = (i as f64 * length, ((i + 1) as f64 * length).min(size as f64));
        let first = (start as usize).min(size - 1);
        // An end that rounding put just past a sample's border does not touch that sample.
        let last = ((end - 1e-9).max(start) as usize).clamp(first, size - 1);
        let share = |from: f64, to: f64| ((to - from) / (end - start)) as f32;
        Cell {
            first,
            last,
            first_weight: share(start, end.min(first as f64 + 1.0)),
            last_weight: share(last as f64, end),
            inner_weight: share(0.0, 1.0),
        }
    };
    (0..count).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reflection_does_not_repeat_the_border() {
        let seen: Vec<usize> = (0..9).map(|i| reflected(i, 4)).collect();
        assert_eq!(seen, [0, 1, 2, 3, 2, 1, 0, 1, 2]);
        assert_eq!((reflected(5, 1), reflected(3, 2)), (0, 1));
    }

    proptest! {
        #[test]
        fn cells_share_out_every_sample(size in 1_usize..200, count in 1_usize..200) {
            let mut given = vec![0.0_f64; size];
            for cell in cells(size, count) {
                let total: f32 = (cell.first..=cell.last).map(|i| cell.weight(i)).sum();
                prop_assert!((total - 1.0).abs() < 1e-4, "{cell:?}");
                (cell.first..=cell.last).for_each(|i| given[i] += f64::from(cell.weight(i)));
            }
            let fair = count as f64 / size as f64;
            prop_assert!(given.iter().all(|g| (g - fair).abs() < 1e-3 * fair.max(1.0)), "{given:?}");
        }

        #[test]
        fn taps_of_a_window_are_those_of_the_whole(
            size in 1_usize..100, samples in 1_usize..40, start in 0_usize..60, count in 1_usize..60,
        ) {
            for filter in [Filter::Nearest, Filter::Bilinear] {
                let whole = taps(0, 120, size, samples, filter);
                prop_assert_eq!(&whole[start..start + count], &taps(start, count, size, samples, filter)[..]);
                prop_assert!(whole.iter().all(|t| t.next < samples && (0.0..=1.0).contains(&t.share)));
            }
        }
    }
}
