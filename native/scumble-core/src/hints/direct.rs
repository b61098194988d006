//! Small or narrow pictures solved by elimination along their longer side: exact, whatever their lightness.

use super::affinity::{STEPS, Stencil};
use super::solve::Held;

/// Multiplications up to which elimination is taken.
const MOST_WORK: usize = 1 << 25;
/// What is left of a pivot after rounding is no number to divide by.
const LEAST_PIVOT: f64 = 1e-12;

/// The factors of (1 + pull) x − mean of the neighbours, over the free pixels; at the others x is given.
pub struct Factors {
    /// Places a row of the matrix reaches to either side: one more than the shorter side.
    band: usize,
    /// Whether columns of the picture, not its rows, follow each other.
    by_column: bool,
    /// Rows of 2 · band + 1 entries, the diagonal in the middle; below it the multipliers.
    rows: Vec<f64>,
}

/// Whether a picture of this size is eliminated at little cost.
pub fn is_small(width: usize, height: usize) -> bool {
    let band = width.min(height) + 1;
    width.saturating_mul(height).saturating_mul(band * band) <= MOST_WORK
}

impl Factors {
    /// Factors the system.
    pub fn new(affinities: &Stencil, pull: &[f32], hinted: &[bool]) -> Self {
        let (width, height) = (affinities.width, affinities.height);
        let mut factors = Self { band: width.min(height) + 1, by_column: height < width, rows: Vec::new() };
        let line = 2 * factors.band + 1;
        factors.rows = vec![0.0; width * height * line];
        for (pixel, (pull, hinted)) in pull.iter().zip(hinted).enumerate() {
            let at = factors.place(pixel, affinities);
            let row = &mut factors.rows[at * line..][..line];
            row[factors.band] = 1.0;
            if *hinted {
                continue;
            }
            row[factors.band] += f64::from(*pull);
            for (near, weight) in neighbours(pixel, affinities) {
                let to = place(near, affinities, factors.by_column);
                row[factors.band + to - at] -= f64::from(weight);
            }
        }
        factors.eliminate();
        factors
    }

    fn place(&self, pixel: usize, shape: &Stencil) -> usize {
        place(pixel, shape, self.by_column)
    }

    /// Without exchanges: every row is led by its diagonal.
    fn eliminate(&mut self) {
        let (band, line) = (self.band, 2 * self.band + 1);
        let count = self.rows.len() / line;
        for i in 0..count {
            let (done, below) = self.rows.split_at_mut((i + 1) * line);
            let pivot_row = &done[i * line + band..];
            let pivot = pivot_row[0];
            for (k, row) in below.chunks_mut(line).take(band).enumerate() {
                let lead = band - 1 - k;
                if row[lead] == 0.0 {
                    continue;
                }
                let factor = if pivot > LEAST_PIVOT { row[lead] / pivot } else { 0.0 };
                row[lead] = factor;
                for (value, upper) in row[lead + 1..][..band].iter_mut().zip(&pivot_row[1..]) {
                    *value -= factor * upper;
                }
            }
        }
    }

    /// Solves for one plane of chroma.
    pub fn solve(&self, held: Held<'_>, pull: &[f32], affinities: &Stencil) -> Vec<f32> {
        let (band, line) = (self.band, 2 * self.band + 1);
        let mut x = vec![0.0; pull.len()];
        for (pixel, pull) in pull.iter().enumerate() {
            x[self.place(pixel, affinities)] = if held.hinted[pixel] {
                f64::from(held.wanted[pixel])
            } else {
                f64::from(*pull) * f64::from(held.predicted[pixel])
            };
        }
        for i in 0..x.len() {
            let first = i.saturating_sub(band);
            let row = &self.rows[i * line + band + first - i..];
            let sum: f64 = row.iter().zip(&x[first..i]).map(|(factor, x)| factor * x).sum();
            x[i] -= sum;
        }
        for i in (0..x.len()).rev() {
            let end = (i + band + 1).min(x.len());
            let row = &self.rows[i * line + band..];
            let sum: f64 = row[1..].iter().zip(&x[i + 1..end]).map(|(upper, x)| upper * x).sum();
            x[i] = if row[0] > LEAST_PIVOT { (x[i] - sum) / row[0] } else { 0.0 };
        }
        let color = |pixel: usize| match held.hinted[pixel] {
            true => held.wanted[pixel],
            false => x[self.place(pixel, affinities)] as f32,
        };
        (0..pull.len()).map(color).collect()
    }
}

fn place(pixel: usize, shape: &Stencil, by_column: bool) -> usize {
    if by_column { pixel % shape.width * shape.height + pixel / shape.width } else { pixel }
}

/// The neighbours of a pixel inside the picture, and their weights.
fn neighbours(pixel: usize, stencil: &Stencil) -> impl Iterator<Item = (usize, f32)> {
    let (width, height) = (stencil.width as isize, stencil.height as isize);
    let (x, y) = ((pixel % stencil.width) as isize, (pixel / stencil.width) as isize);
    let near = STEPS.iter().enumerate().map(move |(k, (dy, dx))| (k, y + dy, x + dx));
    let near = near.filter(move |(_, y, x)| (0..height).contains(y) && (0..width).contains(x));
    near.map(move |(k, near_y, near_x)| {
        ((near_y * width + near_x) as usize, stencil.row(y as usize)[k * stencil.width + x as usize])
    })
}
