//! Edge-aware upsampling of chroma: the fast guided filter (He & Sun 2015), guided by full-resolution lightness.

use crate::color::{BLOCK, Chroma, Lane, finite};
use crate::error::{Error, Result};
use crate::resample::{Filter, Tap, taps};

/// Per low-resolution pixel, the line `chroma = slope · L + offset` for a and for b: `[slope a, slope b, offset a,
/// offset b]`, smoothed.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficients {
    width: usize,
    height: usize,
    lines: Vec<[f32; 4]>,
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
        let mean = |plane: &[f32]| box_mean(plane, width, height, fit.radius);
        let guide: Vec<f32> = guide.iter().map(|l| if l.is_finite() { *l } else { 0.0 }).collect();
        let mean_guide = mean(&guide);
        let mean_square = mean(&guide.iter().map(|l| l * l).collect::<Vec<_>>());
        let mut lines = vec![[0.0; 4]; width * height];
        for (channel, plane) in [a, b].into_iter().enumerate() {
            let plane: Vec<f32> = plane.iter().map(|c| if c.is_finite() { *c } else { 0.0 }).collect();
            let mean_plane = mean(&plane);
            let mean_product = mean(&plane.iter().zip(&guide).map(|(c, l)| c * l).collect::<Vec<_>>());
            let slope: Vec<f32> = (0..plane.len())
                .map(|i| {
                    let variance = (mean_square[i] - mean_guide[i] * mean_guide[i]).max(0.0);
                    (mean_product[i] - mean_guide[i] * mean_plane[i]) / (variance + fit.eps.max(1e-3))
                })
                .collect();
            let offset: Vec<f32> = (0..plane.len()).map(|i| mean_plane[i] - slope[i] * mean_guide[i]).collect();
            for ((line, slope), offset) in lines.iter_mut().zip(mean(&slope)).zip(mean(&offset)) {
                line[channel] = slope;
                line[channel + 2] = offset;
            }
        }
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
            columns: taps(0, width, width, self.width, Filter::Bilinear),
            rows: taps(0, height, height, self.height, Filter::Bilinear),
        })
    }
}

/// Coefficients stretched bilinearly over a picture.
#[derive(Debug)]
pub struct Stretched<'a> {
    coefficients: &'a Coefficients,
    columns: Vec<Tap>,
    rows: Vec<Tap>,
}

impl Stretched<'_> {
    /// Mixes the two low-resolution rows around picture row `y` into `line`, and returns the row's chroma.
    pub fn row<'s>(&'s self, y: usize, line: &'s mut Vec<[f32; 4]>) -> GuidedRow<'s> {
        let Coefficients { width, lines, .. } = self.coefficients;
        let tap = self.rows[y];
        let (upper, lower) = (&lines[tap.index * width..][..*width], &lines[tap.next * width..][..*width]);
        line.clear();
        line.extend(upper.iter().zip(lower).map(|(u, l)| mixed(u, l, tap.share)));
        GuidedRow { line, columns: &self.columns }
    }
}

/// Chroma of one picture row: the line at each pixel applied to the pixel's own lightness.
#[derive(Debug)]
pub struct GuidedRow<'a> {
    line: &'a [[f32; 4]],
    columns: &'a [Tap],
}

impl Chroma for GuidedRow<'_> {
    const IS_FINITE: bool = true;

    #[inline(always)]
    fn fill(&self, x: usize, count: usize, lightness: &Lane, a: &mut Lane, b: &mut Lane) {
        let mut lines = [[0.0; 4]; BLOCK];
        for (line, tap) in lines.iter_mut().zip(&self.columns[x..x + count]) {
            *line = mixed(&self.line[tap.index], &self.line[tap.next], tap.share);
        }
        for i in 0..BLOCK {
            let [slope_a, slope_b, offset_a, offset_b] = lines[i];
            a[i] = finite(slope_a * lightness[i] + offset_a);
            b[i] = finite(slope_b * lightness[i] + offset_b);
        }
    }
}

#[inline(always)]
fn mixed(low: &[f32; 4], high: &[f32; 4], share: f32) -> [f32; 4] {
    std::array::from_fn(|i| low[i] + share * (high[i] - low[i]))
}

/// The mean over a square window, cut off at the borders; sums in f64 so that sliding leaves no drift.
fn box_mean(plane: &[f32], width: usize, height: usize, radius: usize) -> Vec<f32> {
    let mut across = vec![0.0; plane.len()];
    for (row, out) in plane.chunks(width).zip(across.chunks_mut(width)) {
        slide(width, radius, |i| f64::from(row[i]), |i, mean| out[i] = mean as f32);
    }
    let mut out = vec![0.0; plane.len()];
    // Whole rows at a time: neighbours' sums do not wait for each other, and memory is read in order.
    let row = |y: usize| &across[y * width..(y + 1) * width];
    let mut sums = vec![0.0_f64; width];
    (0..radius.min(height)).for_each(|y| add_row(&mut sums, row(y)));
    for (y, out) in out.chunks_mut(width).enumerate() {
        if y + radius < height {
            add_row(&mut sums, row(y + radius));
        }
        if y > radius {
            sums.iter_mut().zip(row(y - radius - 1)).for_each(|(sum, value)| *sum -= f64::from(*value));
        }
        let count = (y + radius).min(height - 1) - y.saturating_sub(radius) + 1;
        out.iter_mut().zip(&sums).for_each(|(mean, sum)| *mean = (sum / count as f64) as f32);
    }
    out
}

fn add_row(sums: &mut [f64], row: &[f32]) {
    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
}

fn slide(size: usize, radius: usize, value: impl Fn(usize) -> f64, mut emit: impl FnMut(usize, f64)) {
    let mut sum: f64 = (0..radius.min(size)).map(&value).sum();
    for i in 0..size {
        if i + radius < size {
            sum += value(i + radius);
        }
        if i > radius {
            sum -= value(i - radius - 1);
        }
        let (first, last) = (i.saturating_sub(radius), (i + radius).min(size - 1));
        emit(i, sum / (last - first + 1) as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_mean_is_the_plain_mean() {
        let plane: Vec<f32> = (0..35).map(|i| ((i * 37) % 11) as f32).collect();
        for radius in [0, 1, 2, 9] {
            let fast = box_mean(&plane, 7, 5, radius);
            for (i, got) in fast.iter().enumerate() {
                let (x, y) = (i % 7, i / 7);
                let window = plane
                    .iter()
                    .enumerate()
                    .filter(|(j, _)| (j % 7).abs_diff(x) <= radius && (j / 7).abs_diff(y) <= radius);
                let values: Vec<f32> = window.map(|(_, v)| *v).collect();
                let want = values.iter().sum::<f32>() / values.len() as f32;
                assert!((got - want).abs() < 1e-5, "radius {radius} at {x},{y}");
            }
        }
    }

    #[test]
    fn chroma_that_is_a_line_of_lightness_is_found_again() -> Result<()> {
        let guide: Vec<f32> = (0..64).map(|i| ((i * 29) % 97) as f32).collect();
        let a: Vec<f32> = guide.iter().map(|l| 0.5 * l - 20.0).collect();
        let b: Vec<f32> = guide.iter().map(|l| 10.0 - 0.25 * l).collect();
        let found = Coefficients::fit(&a, &b, &guide, 8, 8, Fit { radius: 2, eps: 0.0 })?;
        for line in &found.lines {
            assert!(
                line.iter().zip([0.5, -0.25, -20.0, 10.0]).all(|(got, want)| (got - want).abs() < 0.01),
                "{line:?}"
            );
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
