//! Coarser and coarser pictures of one linear system, each cell standing for 2 × 2 of the finer level: a multigrid.

use super::affinity::{Padded, STEPS, Stencil, weighted_row};
use crate::color::fast_path;

/// Smoothing steps before and after each visit to the coarser level.
const SMOOTHINGS: usize = 2;

/// The system `diagonal · x − weighted sum of the eight neighbours = b`; where the inverse is 0, x is 0.
#[derive(Debug, Clone, PartialEq)]
pub struct System {
    stencil: Stencil,
    diagonal: Vec<f32>,
    inverse: Vec<f32>,
}

impl System {
    /// The system (1 + pull) x − mean of the neighbours = b at the free pixels, each row multiplied by its `scale`; at
    /// the others x is 0.
    pub fn new(affinities: &Stencil, scale: &[f32], pull: &[f32], free: &[bool]) -> Self {
        let (width, height) = (affinities.width, affinities.height);
        let open: Vec<f32> = free.iter().map(|free| f32::from(u8::from(*free))).collect();
        let open = Padded::of(&open, width, height);
        let mut stencil = affinities.clone();
        for (y, rows) in stencil.weights.chunks_mut(8 * width).enumerate() {
            let (around, here, scale) = (open.around(y), open.row(y), &scale[y * width..][..width]);
            for ((dy, dx), row) in STEPS.iter().zip(rows.chunks_mut(width)) {
                let near = &around[(1 + dy) as usize][(1 + dx) as usize..][..width];
                for (((weight, near), here), scale) in row.iter_mut().zip(near).zip(here).zip(scale) {
                    *weight *= near * here * scale;
                }
            }
        }
        let diagonal: Vec<f32> = pull.iter().zip(scale).map(|(pull, scale)| (1.0 + pull) * scale).collect();
        let inverse = diagonal.iter().zip(free).map(|(d, free)| if *free { 1.0 / d } else { 0.0 }).collect();
        Self { stencil, diagonal, inverse }
    }

    /// The system for the sums over blocks of 2 × 2 cells, when all cells of a block change alike.
    fn coarser(&self) -> Self {
        let Stencil { width, height, weights } = &self.stencil;
        let (w, h) = (width.div_ceil(2), height.div_ceil(2));
        let mut diagonal = vec![0.0; w * h];
        let mut coarse = vec![0.0; 8 * w * h];
        let toward = |at: usize, step: isize| ((at as isize + step).div_euclid(2) - (at / 2) as isize) as i8;
        for y in 0..*height {
            let row = &weights[8 * width * y..][..8 * width];
            for x in 0..*width {
                let at = (y / 2) * w + x / 2;
                if self.inverse[y * width + x] > 0.0 {
                    diagonal[at] += self.diagonal[y * width + x];
                }
                for (k, (dy, dx)) in STEPS.iter().enumerate() {
                    let weight = row[k * width + x];
                    match (toward(y, *dy), toward(x, *dx)) {
                        (0, 0) => diagonal[at] -= weight,
                        (dy, dx) => coarse[8 * w * (y / 2) + step_index(dy, dx) * w + x / 2] += weight,
                    }
                }
            }
        }
        // What is left of a diagonal after rounding is no number to divide by.
        let inverse = diagonal.iter().map(|d| if *d > 1e-6 { 1.0 / d } else { 0.0 }).collect();
        Self { stencil: Stencil { width: w, height: h, weights: coarse }, diagonal, inverse }
    }

    /// Writes row `y` of b − A x, or of −A x without `b`; 0 where x is held at 0.
    fn residual_row(&self, x: &Padded, b: Option<&[f32]>, y: usize, out: &mut [f32]) {
        let range = y * self.stencil.width..(y + 1) * self.stencil.width;
        weighted_row(self.stencil.row(y), x.around(y), out);
        rest_row(out, x.row(y), b, (&self.diagonal[range.clone()], &self.inverse[range]));
    }

    /// Solves each pixel of row `y` for itself, given the others.
    fn settle(&self, x: &mut Padded, b: &Padded, y: usize, sums: &mut Vec<f32>) {
        let width = self.stencil.width;
        sums.resize(width, 0.0);
        weighted_row(self.stencil.row(y), x.around(y), sums);
        settle_row(x.row_mut(y), b.row(y), sums, &self.inverse[y * width..][..width]);
    }

    /// Smooths from zero, downwards, and adds what is left of `b` to the blocks of the coarser level.
    fn descend(&self, x: &mut Padded, b: &Padded, coarse: Option<&mut Padded>, sums: &mut Vec<f32>) {
        x.clear();
        let mut coarse = coarse;
        if let Some(coarse) = coarse.as_mut() {
            coarse.clear();
        }
        cascade(self.stencil.height, SMOOTHINGS + 1, |pass, y| {
            if pass < SMOOTHINGS {
                self.settle(x, b, y, sums);
            } else if let Some(coarse) = coarse.as_mut() {
                self.residual_row(x, Some(b.row(y)), y, sums);
                for (pair, to) in sums.chunks(2).zip(coarse.row_mut(y / 2)) {
                    *to += pair.iter().sum::<f32>();
                }
            }
        });
    }

    /// Adds what the coarser level found, smooths upwards, and writes −A x where it is wanted.
    fn ascend(
        &self,
        x: &mut Padded,
        b: &Padded,
        coarse: Option<&Padded>,
        image: Option<&mut Padded>,
        sums: &mut Vec<f32>,
    ) {
        let (height, mut image) = (self.stencil.height, image);
        cascade(height, SMOOTHINGS + 2, |pass, y| {
            let y = height - 1 - y;
            match pass {
                0 => {
                    if let Some(coarse) = coarse {
                        stretch_row(coarse.row(y / 2), &self.inverse[y * self.stencil.width..], x.row_mut(y));
                    }
                }
                1..=SMOOTHINGS => self.settle(x, b, y, sums),
                _ => {
                    if let Some(image) = image.as_mut() {
                        self.residual_row(x, None, y, image.row_mut(y));
                    }
                }
            }
        });
    }
}

/// Calls for each row once per pass, each pass one row behind the one before: as good as pass after pass, for rows
/// that look at their neighbours only, and kinder to the cache.
fn cascade(height: usize, passes: usize, mut work: impl FnMut(usize, usize)) {
    for step in 0..height + passes - 1 {
        for pass in 0..passes {
            if step >= pass && step - pass < height {
                work(pass, step - pass);
            }
        }
    }
}

/// Adds each cell of a coarse row to the two pixels it stands for.
fn stretch_row(coarse: &[f32], inverse: &[f32], x: &mut [f32]) {
    for ((pair, inverse), change) in x.chunks_mut(2).zip(inverse.chunks(2)).zip(coarse) {
        for (x, inverse) in pair.iter_mut().zip(inverse) {
            *x += if *inverse > 0.0 { *change } else { 0.0 };
        }
    }
}

fn step_index(dy: i8, dx: i8) -> usize {
    STEPS.iter().position(|step| *step == (isize::from(dy), isize::from(dx))).unwrap_or(0)
}

fast_path! {
    fn rest_row<>(sums: &mut [f32], x: &[f32], b: Option<&[f32]>, factors: (&[f32], &[f32])) = rest_row_body;
}

#[inline(always)]
fn rest_row_body(sums: &mut [f32], x: &[f32], b: Option<&[f32]>, (diagonal, inverse): (&[f32], &[f32])) {
    for (sum, (x, (diagonal, inverse))) in sums.iter_mut().zip(x.iter().zip(diagonal.iter().zip(inverse))) {
        let rest = *sum - diagonal * x;
        *sum = if *inverse > 0.0 { rest } else { 0.0 };
    }
    if let Some(b) = b {
        sums.iter_mut().zip(b).for_each(|(sum, b)| *sum += b);
    }
}

fast_path! {
    fn settle_row<>(x: &mut [f32], b: &[f32], sums: &[f32], inverse: &[f32]) = settle_row_body;
}

#[inline(always)]
fn settle_row_body(x: &mut [f32], b: &[f32], sums: &[f32], inverse: &[f32]) {
    for (x, (b, (sums, inverse))) in x.iter_mut().zip(b.iter().zip(sums.iter().zip(inverse))) {
        *x = (b + sums) * inverse;
    }
}

/// Working planes of one level.
#[derive(Debug, Clone)]
struct Planes {
    x: Padded,
    b: Padded,
}

/// Working memory of one run through the levels.
#[derive(Debug, Clone)]
pub struct Workspace {
    planes: Vec<Planes>,
    image: Padded,
    sums: Vec<f32>,
}

/// A system and its coarser ones, down to a single cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels(Vec<System>);

impl Levels {
    /// Builds all levels of a system.
    pub fn new(system: System) -> Self {
        let mut levels = vec![system];
        while let Some(last) = levels.last()
            && last.diagonal.len() > 1
        {
            levels.push(last.coarser());
        }
        Self(levels)
    }

    /// Memory for `improve`; one for each thread.
    pub fn workspace(&self) -> Workspace {
        let plane = |system: &System| Padded::zeros(system.stencil.width, system.stencil.height);
        let planes: Vec<_> = self.0.iter().map(|system| Planes { x: plane(system), b: plane(system) }).collect();
        Workspace { image: planes[0].x.clone(), planes, sums: Vec::new() }
    }

    /// Solves the system for `b` roughly: smooths, takes what is left to the coarser level, adds what it finds, smooths.
    /// `b` is 0 where x is held at 0. Returns x and −A x.
    pub fn improve<'w>(&self, b: &Padded, workspace: &'w mut Workspace) -> (&'w Padded, &'w Padded) {
        let Workspace { planes, image, sums } = workspace;
        planes[0].b.all_mut().copy_from_slice(b.all());
        for (level, system) in self.0.iter().enumerate() {
            let (fine, coarse) = planes[level..].split_at_mut(1);
            let Planes { x, b } = &mut fine[0];
            system.descend(x, b, coarse.first_mut().map(|coarse| &mut coarse.b), sums);
        }
        for (level, system) in self.0.iter().enumerate().rev() {
            let (fine, coarse) = planes[level..].split_at_mut(1);
            let Planes { x, b } = &mut fine[0];
            let image = (level == 0).then_some(&mut *image);
            system.ascend(x, b, coarse.first().map(|coarse| &coarse.x), image, sums);
        }
        (&planes[0].x, image)
    }
}
