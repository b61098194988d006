//! Edge-aware upsampling of chroma: the fast guided filter (He & Sun 2015), guided by full-resolution lightness.

use crate::color::{CHROMA_LIMIT, Chroma, Lane, fast_path, finite};
use crate::error::{Error, Result};
use crate::means::box_means;
use crate::resample::{Filter, Tap, taps};
use crate::stretch::Columns;

/// Values that tell a line for a and one for b: slope of a, slope of b, offset of a, offset of b.
pub(crate) const LINE: usize = 4;

/// Per low-resolution pixel, the line `chroma = slope · L + offset` for a and for b, smoothed.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficients {
    width: usize,
    height: usize,
    /// Row by row, each as `LINE` planes.
    lines: Vec<f32>,
}

/// How the filter is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Half the side of the window, in low-resolution pixels; 0 fits every pixel by itself.
    pub radius: usize,
    /// Variance of L (in squared L units) below which a window counts as flat; 0.001 at least is used.
    pub eps: f32,
}

impl Coefficients {
    /// Fits chroma planes `a`, `b` to the lightness `guide`, all `width` × `height`, in C order.
    ///
    /// # Errors
    /// `Argument` when the planes differ in size, or `eps` is negative or no number.
    pub fn fit(a: &[f32], b: &[f32], guide: &[f32], width: usize, height: usize, fit: Fit) -> Result<Self> {
        if width * height == 0 || [a.len(), b.len(), guide.len()] != [width * height; 3] {
            return Err(Error::argument("chroma and guide differ in size"));
        }
        if fit.eps.is_nan() || fit.eps < 0.0 {
            return Err(Error::argument(format!("eps is {}; it must be 0 or more", fit.eps)));
        }
        let known = |value: f32| if value.is_finite() { value } else { 0.0 };
        let mut fitted = vec![0.0; LINE * width * height];
        let products = |y: usize, out: &mut [f32]| {
            let row = |plane: &'_ [f32], known: fn(f32) -> f32| -> Vec<f32> {
                plane[y * width..][..width].iter().map(|v| known(*v)).collect()
            };
            let (guide, a, b) = (row(guide, known), row(a, finite), row(b, finite));
            let [of_guide, of_square, of_a, of_b, of_a_guide, of_b_guide] = planes_mut(out, width);
            for x in 0..width {
                (of_guide[x], of_square[x]) = (guide[x], guide[x] * guide[x]);
                (of_a[x], of_b[x]) = (a[x], b[x]);
                (of_a_guide[x], of_b_guide[x]) = (a[x] * guide[x], b[x] * guide[x]);
            }
        };
        box_means::<6>((width, height), fit.radius, products, |y, means| {
            let [guide, square, a, b, a_guide, b_guide] = planes(means, width);
            let [slope_a, slope_b, offset_a, offset_b] = planes_mut(&mut fitted[LINE * width * y..], width);
            for x in 0..width {
                let variance = (square[x] - guide[x] * guide[x]).max(0.0) + fit.eps.max(1e-3);
                slope_a[x] = (a_guide[x] - guide[x] * a[x]) / variance;
                slope_b[x] = (b_guide[x] - guide[x] * b[x]) / variance;
                offset_a[x] = a[x] - slope_a[x] * guide[x];
                offset_b[x] = b[x] - slope_b[x] * guide[x];
                (slope_a[x], offset_a[x]) = bounded((slope_a[x], offset_a[x]));
                (slope_b[x], offset_b[x]) = bounded((slope_b[x], offset_b[x]));
            }
        });
        let mut lines = Vec::with_capacity(fitted.len());
        let row = |y: usize, out: &mut [f32]| out.copy_from_slice(&fitted[LINE * width * y..][..LINE * width]);
        box_means::<LINE>((width, height), fit.radius, row, |_, means| lines.extend_from_slice(means));
        Ok(Self { width, height, lines })
    }

    /// Prepares stretching over a picture of `width` × `height`.
    ///
    /// # Errors
    /// `Argument` for an empty picture.
    pub fn stretched(&self, width: usize, height: usize) -> Result<Stretched<'_>> {
        if width * height == 0 {
            return Err(Error::argument("a picture needs at least one pixel"));
        }
        Ok(Stretched {
            coefficients: self,
            columns: Columns::new(&taps(0, width, width, self.width, Filter::Bilinear)),
            rows: taps(0, height, height, self.height, Filter::Bilinear),
        })
    }
}

/// Coefficients stretched bilinearly over a picture.
#[derive(Debug)]
pub struct Stretched<'a> {
    coefficients: &'a Coefficients,
    columns: Columns,
    rows: Vec<Tap>,
}

impl Stretched<'_> {
    /// Mixes the two low-resolution rows around picture row `y` into `line`, and returns the row's chroma.
    pub fn row<'s>(&'s self, y: usize, line: &'s mut Vec<f32>) -> GuidedRow<'s> {
        let Coefficients { width, lines, .. } = self.coefficients;
        let (tap, size) = (self.rows[y], LINE * width);
        line.resize(Columns::room(*width), 0.0);
        mix_rows(&lines[tap.index * size..][..size], &lines[tap.next * size..][..size], tap.share, line);
        GuidedRow { line, width: *width, columns: &self.columns }
    }
}

/// Chroma of one picture row: the line at each pixel applied to the pixel's own lightness.
#[derive(Debug)]
pub struct GuidedRow<'a> {
    line: &'a [f32],
    width: usize,
    columns: &'a Columns,
}

impl Chroma for GuidedRow<'_> {
    const IS_FINITE: bool = true;

    #[inline(always)]
    fn fill(&self, x: usize, _count: usize, lightness: &Lane, a: &mut Lane, b: &mut Lane) {
        self.columns.chroma(x, (self.line, self.width), lightness, [a, b]);
    }
}

fast_path! {
    /// Mixes two rows: the upper one, and its share of the lower.
    fn mix_rows<>(upper: &[f32], lower: &[f32], share: f32, out: &mut [f32]) = mix_rows_body;
}

#[inline(always)]
fn mix_rows_body(upper: &[f32], lower: &[f32], share: f32, out: &mut [f32]) {
    for ((out, upper), lower) in out.iter_mut().zip(upper).zip(lower) {
        *out = upper + share * (lower - upper);
    }
}

/// A line that gives possible chroma at all lightness, and none for one that does not: so do mixtures of such.
fn bounded((slope, offset): (f32, f32)) -> (f32, f32) {
    if slope.abs() * 100.0 + offset.abs() < CHROMA_LIMIT { (slope, offset) } else { (0.0, 0.0) }
}

fn planes<const N: usize>(row: &[f32], width: usize) -> [&[f32]; N] {
    std::array::from_fn(|n| &row[n * width..][..width])
}

fn planes_mut<const N: usize>(row: &mut [f32], width: usize) -> [&mut [f32]; N] {
    let mut planes = row.chunks_mut(width);
    std::array::from_fn(|_| planes.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::BLOCK;

    #[test]
    fn chroma_that_is_a_line_of_lightness_is_found_again() -> Result<()> {
        let guide: Vec<f32> = (0..64).map(|i| ((i * 29) % 97) as f32).collect();
        let a: Vec<f32> = guide.iter().map(|l| 0.5 * l - 20.0).collect();
        let b: Vec<f32> = guide.iter().map(|l| 10.0 - 0.25 * l).collect();
        let found = Coefficients::fit(&a, &b, &guide, 8, 8, Fit { radius: 2, eps: 0.0 })?;
        for row in found.lines.chunks(LINE * 8) {
            for (plane, want) in row.chunks(8).zip([0.5, -0.25, -20.0, 10.0]) {
                assert!(plane.iter().all(|got| (got - want).abs() < 0.01), "{plane:?}, not {want}");
            }
        }
        Ok(())
    }

    #[test]
    fn chroma_beyond_all_colours_counts_as_none() -> Result<()> {
        let guide: Vec<f32> = (0..64).map(|i| (i % 8) as f32).collect();
        let mut a = vec![20.0; 64];
        a[..8].copy_from_slice(&[f32::MAX, -1e30, f32::NAN, f32::INFINITY, 3e5, 20.0, 20.0, 20.0]);
        let found = Coefficients::fit(&a, &a, &guide, 8, 8, Fit { radius: 1, eps: 1.0 })?;
        let rows = found.stretched(40, 64)?;
        let (mut line, mut lanes) = (Vec::new(), [[f32::NAN; BLOCK]; 2]);
        for (y, most) in [(0, CHROMA_LIMIT), (63, 20.1)] {
            let [a, b] = &mut lanes;
            rows.row(y, &mut line).fill(0, 40, &[100.0; BLOCK], a, b);
            assert!(lanes.iter().all(|lane| lane[..40].iter().all(|chroma| chroma.abs() <= most)), "row {y}");
        }
        Ok(())
    }

    #[test]
    fn a_negative_eps_is_refused() {
        let plane = [0.0; 4];
        let fit = Fit { radius: 1, eps: -1.0 };
        assert!(matches!(Coefficients::fit(&plane, &plane, &plane, 2, 2, fit), Err(Error::Argument { .. })));
    }
}
