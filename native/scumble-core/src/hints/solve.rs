//! Makes predicted colours meet the hints: Levin, Lischinski and Weiss's system, held at the hints and pulled to the
//! prediction everywhere else.

use super::affinity::{Padded, Stencil, weighted_row};
use super::direct::{self, Factors};
use super::levels::{Levels, System, Workspace};

/// The most steps; each visits every level once.
const STEPS_AT_MOST: usize = 24;
/// The root mean square change of chroma by a step, over the free pixels, that ends the search.
const TOLERANCE: f32 = 0.005;
/// Earlier steps that a new one is made independent of.
const KEPT: usize = 2;

/// What holds the colours.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// Predicted chroma, a plane in C order.
    pub predicted: &'a [f32],
    /// Wanted chroma, where hinted.
    pub wanted: &'a [f32],
    /// Where hinted.
    pub hinted: &'a [bool],
}

/// Changes one plane of chroma: at hints it is what is wanted, elsewhere (mean of neighbours + pull · predicted) /
/// (1 + pull). `levels` hold the pull, and belong to the same affinities and hints.
fn meet(held: Held<'_>, (affinities, influence): (&Stencil, &[f32]), levels: &Levels) -> Vec<f32> {
    let Held { predicted, wanted, hinted } = held;
    let (width, height) = (affinities.width, affinities.height);
    let start = |((predicted, wanted), hinted): ((&f32, &f32), &bool)| if *hinted { *wanted } else { *predicted };
    let mut colors: Vec<f32> = predicted.iter().zip(wanted).zip(hinted).map(start).collect();
    let rest = first_residual(&colors, held, (affinities, influence));
    let mut search = Search::new(levels, rest, (width, height));
    let free = hinted.iter().filter(|hinted| !**hinted).count();
    for _ in 0..STEPS_AT_MOST {
        if search.step() <= f64::from(TOLERANCE).powi(2) * free as f64 {
            break;
        }
    }
    for (y, colors) in colors.chunks_mut(width).enumerate() {
        colors.iter_mut().zip(search.found.row(y)).for_each(|(color, change)| *color += change);
    }
    colors
}

/// Mean of neighbours + pull · predicted − (1 + pull) · colour, at free pixels; there colour is what is predicted.
fn first_residual(colors: &[f32], held: Held<'_>, (affinities, influence): (&Stencil, &[f32])) -> Padded {
    let (width, height) = (affinities.width, affinities.height);
    let plane = Padded::of(colors, width, height);
    let mut rest = Padded::zeros(width, height);
    for (y, (hinted, influence)) in held.hinted.chunks(width).zip(influence.chunks(width)).enumerate() {
        let out = rest.row_mut(y);
        weighted_row(affinities.row(y), plane.around(y), out);
        for (((out, color), hinted), influence) in out.iter_mut().zip(plane.row(y)).zip(hinted).zip(influence) {
            *out = if *hinted { 0.0 } else { (*out - color) * influence };
        }
    }
    rest
}

/// A direction, and where the system takes it.
struct Direction {
    change: Padded,
    image: Padded,
}

/// Generalised conjugate residuals (Eisenstat, Elman and Schultz 1983), each step proposed by the levels: the system
/// is not symmetric, and the residual never grows.
struct Search<'a> {
    levels: &'a Levels,
    workspace: Workspace,
    rest: Padded,
    found: Padded,
    kept: Vec<Direction>,
}

impl<'a> Search<'a> {
    fn new(levels: &'a Levels, rest: Padded, (width, height): (usize, usize)) -> Self {
        let found = Padded::zeros(width, height);
        Self { levels, workspace: levels.workspace(), found, rest, kept: Vec::with_capacity(KEPT) }
    }

    /// Takes a step; returns the sum of its squared changes.
    fn step(&mut self) -> f64 {
        let mut next = if self.kept.len() < KEPT {
            Direction { change: self.rest.clone(), image: self.rest.clone() }
        } else {
            self.kept.remove(0)
        };
        let (change, image) = self.levels.improve(&self.rest, &mut self.workspace);
        next.change.all_mut().copy_from_slice(change.all());
        next.image.all_mut().iter_mut().zip(image.all()).for_each(|(to, from)| *to = -from);
        for Direction { change, image } in &self.kept {
            let share = -dot(&next.image, image) as f32;
            add(&mut next.image, share, image);
            add(&mut next.change, share, change);
        }
        let length = dot(&next.image, &next.image).sqrt();
        if length < 1e-12 {
            return 0.0;
        }
        let scale = (1.0 / length) as f32;
        next.image.all_mut().iter_mut().for_each(|value| *value *= scale);
        next.change.all_mut().iter_mut().for_each(|value| *value *= scale);
        let size = dot(&self.rest, &next.image) as f32;
        add(&mut self.found, size, &next.change);
        add(&mut self.rest, -size, &next.image);
        let change = f64::from(size).powi(2) * dot(&next.change, &next.change);
        self.kept.push(next);
        change
    }
}

/// Sums in eight lanes by blocks: fast, exact enough, and the same on every machine.
fn dot(one: &Padded, other: &Padded) -> f64 {
    let block = |(one, other): (&[f32], &[f32])| {
        let mut lanes = [0.0_f32; 8];
        for (one, other) in one.chunks_exact(8).zip(other.chunks_exact(8)) {
            for i in 0..8 {
                lanes[i] += one[i] * other[i];
            }
        }
        let ends = one.chunks_exact(8).remainder().iter().zip(other.chunks_exact(8).remainder());
        f64::from(lanes.iter().sum::<f32>()) + ends.map(|(one, other)| f64::from(one * other)).sum::<f64>()
    };
    one.all().chunks(1024).zip(other.all().chunks(1024)).map(block).sum()
}

fn add(out: &mut Padded, factor: f32, plane: &Padded) {
    out.all_mut().iter_mut().zip(plane.all()).for_each(|(out, value)| *out += factor * value);
}

/// The system of one picture and its hints, made ready for planes of chroma.
pub enum Solver<'a> {
    /// By elimination: exact.
    Direct(Factors),
    /// By steps, within the tolerance.
    Steps(Levels, &'a [f32]),
}

impl<'a> Solver<'a> {
    /// Prepares the system; `influence` is the affinities'.
    pub fn new(affinities: &Stencil, influence: &'a [f32], pull: &[f32], hinted: &[bool]) -> Self {
        if direct::is_small(affinities.width, affinities.height) {
            return Self::Direct(Factors::new(affinities, pull, hinted));
        }
        let free: Vec<bool> = hinted.iter().map(|hinted| !hinted).collect();
        Self::Steps(Levels::new(System::new(affinities, influence, pull, &free)), influence)
    }

    /// Makes one plane meet its hints.
    pub fn solve(&self, held: Held<'_>, affinities: &Stencil, pull: &[f32]) -> Vec<f32> {
        match self {
            Self::Direct(factors) => factors.solve(held, pull, affinities),
            Self::Steps(levels, influence) => meet(held, (affinities, influence), levels),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Fields of even lightness with a little grain, made by a fixed rule from `seed`.
    fn light(width: usize, height: usize, seed: usize) -> Vec<f32> {
        let mixed = |i: usize| (i.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 7) % 1000;
        let field = |i: usize| mixed(1 + i % width / 9 + 100 * (i / width / 7)) as f32 * 0.1;
        (0..width * height).map(|i| field(i) + mixed(i + 7777) as f32 * 0.004).collect()
    }

    /// Root mean square by which free pixels miss their equations: mean + pull · predicted − (1 + pull) · colour.
    fn missed(colors: &[f32], held: Held<'_>, pull: f32, affinities: &Stencil) -> f32 {
        let plane = Padded::of(colors, affinities.width, affinities.height);
        let mut mean = vec![0.0; affinities.width];
        let mut squares = 0.0;
        for y in 0..affinities.height {
            weighted_row(affinities.row(y), plane.around(y), &mut mean);
            for (x, mean) in mean.iter().enumerate() {
                let i = y * affinities.width + x;
                if !held.hinted[i] {
                    squares += (mean + pull * held.predicted[i] - (1.0 + pull) * colors[i]).powi(2);
                }
            }
        }
        (squares / colors.len() as f32).sqrt()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn steps_and_elimination_satisfy_the_equations(
            width in 20_usize..60, height in 20_usize..60, seed in 0_usize..1000, every in 7_usize..400, pull in 3e-4_f32..0.1,
        ) {
            let pixels = width * height;
            let affinities = Stencil::affinities(&light(width, height, seed), width, height);
            let influence = affinities.influence(10, 0.01);
            let hinted: Vec<bool> = (0..pixels).map(|i| i % every == seed % every || i == 0).collect();
            let wanted: Vec<f32> = (0..pixels).map(|i| ((i * 13 + seed) % 90) as f32 - 45.0).collect();
            let predicted: Vec<f32> = (0..pixels).map(|i| (i % width) as f32 * 0.3).collect();
            let held = Held { predicted: &predicted, wanted: &wanted, hinted: &hinted };
            let pulls = vec![pull; pixels];
            let exact = Factors::new(&affinities, &pulls, &hinted).solve(held, &pulls, &affinities);
            let free: Vec<bool> = hinted.iter().map(|hinted| !hinted).collect();
            let levels = Levels::new(System::new(&affinities, &influence, &pulls, &free));
            let found = meet(held, (&affinities, &influence), &levels);
            for i in (0..pixels).filter(|i| hinted[*i]) {
                prop_assert_eq!((found[i], exact[i]), (wanted[i], wanted[i]));
            }
            // Fields without a hint hang by the pull alone: there colours may differ by more than their equations do.
            let (start, by_steps, by_elimination) = (&predicted, &found, &exact);
            let of = |colors: &[f32]| missed(colors, held, pull, &affinities);
            prop_assert!(of(by_elimination) < 1e-3, "{}", of(by_elimination));
            prop_assert!(of(by_steps) < 0.01, "{} after {}", of(by_steps), of(start));
        }
    }
}
