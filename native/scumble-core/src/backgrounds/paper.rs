//! Paper: a quiet ground with grain and fibres, lit from the upper left; crumpled where it is energetic.

use super::draw::{sine_cosine, smoothstep, spline_slopes, spline_weights};
use super::gradient::Gradient;
use super::mesh::Mesh;
use super::noise::{Folded, uniform};
use super::scene::{Frame, Style};
use super::tint::{Oklab, lighter};

const STREAM: i64 = 80;
/// Grain of the finest size, in shares of the mean side: about a pixel in a picture for a screen.
const FINEST: f32 = 1.0 / 960.0;

/// A soft gradient with a surface.
#[derive(Debug)]
pub struct Paper {
    ground: Gradient,
    seed: u64,
    grains: Vec<Grain>,
    fibres: Vec<Vec<Fibre>>,
    counts: [usize; 2],
    folds: [Mesh; 2],
    fold_depth: f32,
    frame: Frame,
}

/// One size of grain: cells over the picture, and how much it is seen.
#[derive(Debug, Clone, Copy)]
struct Grain {
    cells: [i64; 2],
    weight: f32,
    stream: i64,
}

/// A short line, slightly bent, in pixels.
#[derive(Debug, Clone, Copy)]
struct Fibre {
    center: [f32; 2],
    along: [f32; 2],
    half_length: f32,
    half_width: f32,
    bend: f32,
    shade: f32,
}

impl Paper {
    /// Draws the folds and fibres, and chooses the sizes of grain.
    pub fn new(frame: &Frame, palette: &[Oklab]) -> Self {
        let finest = (FINEST * frame.side).max(1.0);
        let grains =
            (0..).map(|i| (finest * [1.0, 2.3, 6.0, 17.0][i.min(3)], [0.011, 0.010, 0.006, 0.004][i.min(3)], i));
        // Large pictures show finer grain still, down to the pixel, or they would look blown up.
        let finer =
            (1..8).map(|i| (finest / exp(i), 0.009 / (i as f32 + 1.0), 10 + i)).take_while(|(size, ..)| *size >= 1.0);
        let strength = 0.75 + 0.5 * frame.energy;
        let grain = |(size, weight, i): (f32, f32, usize)| Grain {
            cells: [frame.width, frame.height].map(|length| ((length / size).round() as i64).max(1)),
            weight: weight * strength,
            stream: STREAM + 10 + i as i64,
        };
        let (fibres, counts) = fibres(frame);
        Self {
            ground: Gradient::new(&Frame { energy: 0.12, ..*frame }, STREAM + 1, palette),
            seed: frame.dice.seed(),
            grains: grains.take(4).map(grain).chain(finer.map(grain)).collect(),
            fibres,
            counts,
            folds: [Mesh::new(frame, STREAM + 4, 4.0, 0.9), Mesh::new(frame, STREAM + 5, 9.0, 0.9)],
            fold_depth: 0.055 * frame.energy * frame.energy,
            frame: *frame,
        }
    }

    /// How the light falls on the sheet's folds: even on a facet, fading towards its edges.
    fn fold_light(&self, x: f32, y: f32) -> f32 {
        let light = |mesh: &Mesh, soft: f32| {
            let (facet, inside) = mesh.facet_at(x, y);
            mesh.facets()[facet].lean * smoothstep(-0.3, 1.0, inside / (soft * self.frame.side))
        };
        light(&self.folds[0], 0.035) + 0.6 * light(&self.folds[1], 0.012)
    }

    fn fibre_shade(&self, x: f32, y: f32) -> f32 {
        let cell = |place: f32, length: f32, count: usize| ((place / length * count as f32) as usize).min(count - 1);
        let (column, row) = (cell(x, self.frame.width, self.counts[0]), cell(y, self.frame.height, self.counts[1]));
        self.fibres[row * self.counts[0] + column].iter().map(|fibre| fibre.shade_at(x, y)).sum()
    }
}

fn exp(i: usize) -> f32 {
    [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0][i]
}

/// Draws fibres, and lists for each cell of the picture those that may reach into it.
fn fibres(frame: &Frame) -> (Vec<Vec<Fibre>>, [usize; 2]) {
    let (nx, ny) = frame.cells(16.0);
    let mut cells = vec![Vec::new(); nx * ny];
    let size = [frame.width / nx as f32, frame.height / ny as f32];
    for y in -1..=ny as i64 {
        for x in -1..=nx as i64 {
            let place = |i: i64, n: usize| if frame.wrap { i.rem_euclid(n as i64) } else { i };
            for number in 0..2 {
                let draw =
                    |channel: i64| frame.dice.uniform(STREAM + 2, place(y, ny), place(x, nx), 8 * number + channel);
                if draw(6) > 0.55 + 0.3 * frame.energy {
                    continue;
                }
                let (sine, cosine) = sine_cosine(draw(2));
                let fibre = Fibre {
                    center: [(x as f32 + draw(0)) * size[0], (y as f32 + draw(1)) * size[1]],
                    along: [cosine, sine],
                    half_length: frame.side * (0.006 + 0.016 * draw(3)),
                    half_width: (frame.side * 0.00055).max(0.5),
                    bend: (draw(4) - 0.5) * 0.9,
                    shade: 0.016 * if draw(5) < 0.6 { 1.0 } else { -1.0 } * (0.4 + 0.6 * draw(7)),
                };
                for row in (y - 1).max(0)..=(y + 1).min(ny as i64 - 1) {
                    for column in (x - 1).max(0)..=(x + 1).min(nx as i64 - 1) {
                        cells[row as usize * nx + column as usize].push(fibre);
                    }
                }
            }
        }
    }
    (cells, [nx, ny])
}

impl Fibre {
    fn shade_at(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.center[0], y - self.center[1]);
        let along = (dx * self.along[0] + dy * self.along[1]) / self.half_length;
        if along.abs() >= 1.0 {
            return 0.0;
        }
        let across = dy * self.along[0] - dx * self.along[1] - self.bend * self.half_length * (along * along - 0.5);
        let cover = 1.0 - smoothstep(self.half_width, self.half_width + 1.0, across.abs());
        self.shade * cover * (1.0 - along * along)
    }
}

impl Grain {
    /// Adds the light that falls on this grain in a row: the slope of a spline through even draws.
    fn add(&self, seed: u64, frame: &Frame, y: usize, x: usize, out: &mut [f32]) {
        let place = |i: i64, n: i64| if frame.wrap { i.rem_euclid(n) } else { i };
        let at = |share: f32, n: i64| {
            let place = share * n as f32 - 0.5;
            (place.floor() as i64, place - place.floor())
        };
        let (row, t) = at(frame.v(y), self.cells[1]);
        let (wy, dy) = (spline_weights(t), spline_slopes(t));
        let folded = [0, 1, 2, 3].map(|j| Folded::new(seed, self.stream).with(place(row - 1 + j, self.cells[1])));
        let column = |i: i64| {
            let draws = folded.map(|folded| uniform(folded.with(place(i, self.cells[0])).bits()));
            let sum = |weights: [f32; 4]| (0..4).map(|j| weights[j] * draws[j]).sum::<f32>();
            (sum(wy), sum(dy))
        };
        let first = at(frame.u(x), self.cells[0]).0 - 1;
        let mut known = [0, 1, 2, 3].map(|i| column(first + i));
        let mut start = first;
        for (i, light) in out.iter_mut().enumerate() {
            let (cell, t) = at(frame.u(x + i), self.cells[0]);
            while start < cell - 1 {
                known = [known[1], known[2], known[3], column(start + 4)];
                start += 1;
            }
            let (wx, dx) = (spline_weights(t), spline_slopes(t));
            let slope: f32 = (0..4).map(|k| dx[k] * known[k].0 + wx[k] * known[k].1).sum();
            *light += self.weight * 4.0 * slope;
        }
    }
}

impl Style for Paper {
    fn row(&self, y: usize, x: usize, out: &mut [Oklab]) {
        let mut light = vec![0.0_f32; out.len()];
        for grain in &self.grains {
            grain.add(self.seed, &self.frame, y, x, &mut light);
        }
        let v = self.frame.v(y);
        for (i, (color, light)) in out.iter_mut().zip(light).enumerate() {
            let u = self.frame.u(x + i);
            let mut shade = light + self.fibre_shade((x + i) as f32 + 0.5, y as f32 + 0.5);
            if self.fold_depth > 0.0 {
                shade += self.fold_depth * self.fold_light((x + i) as f32 + 0.5, y as f32 + 0.5);
            }
            *color = lighter(self.ground.color(u, v, true), shade);
        }
    }
}
