//! Soft gradients: the palette's colours in their order, flowing like light on silk.

use super::draw::{Field, sine, sine_cosine, smoothstep};
use super::scene::{Frame, Style};
use super::tint::{Oklab, along, lighter};

/// One number for each place, bent by a field of its own, and the colours along it: only neighbours in the palette
/// ever mix, so nothing turns muddy.
#[derive(Debug)]
pub struct Gradient {
    palette: Vec<Oklab>,
    bend: [Field; 2],
    bend_by: f32,
    swell: Field,
    swell_by: f32,
    ripple: f32,
    turns: [f32; 3],
    range: [f32; 2],
    sheen: f32,
    frame: Frame,
}

/// Cells of the fields to the mean side, at every energy: the same seed keeps its shapes when that is changed.
const CELLS: f32 = 2.1;
/// Turns of the ripples from one end of the palette to the other.
const RIPPLES: f32 = 2.5;
/// Places along each side at which the range of a flow is measured.
const PROBES: usize = 40;
/// The share of them left beyond each end, where the outermost colours lie pure.
const BEYOND: f32 = 0.05;

impl Gradient {
    /// Draws the fields; `stream` keeps them apart from those of other styles.
    pub fn new(frame: &Frame, stream: i64, palette: &[Oklab]) -> Self {
        let energy = frame.energy;
        let draw = |channel: i64| frame.dice.uniform(stream + 1, 0, 0, channel);
        let field = |channel: i64, count: f32| Field::new(frame.dice, stream, channel, frame.cells(count), frame.wrap);
        let turns = if frame.wrap {
            // Whole waves across both sides, so that the flow comes back to where it was.
            let [across, down] = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]][((draw(0) * 4.0) as usize).min(3)];
            [across, down, draw(1)]
        } else {
            let (sine, cosine) = sine_cosine(draw(0));
            [cosine, sine, 0.0]
        };
        let mut flow = Self {
            palette: palette.to_vec(),
            bend: [field(0, CELLS), field(1, CELLS)],
            bend_by: 0.4 + energy,
            swell: field(2, CELLS),
            swell_by: 0.4 + 0.9 * energy,
            ripple: 0.18 * energy,
            turns,
            range: [0.0, 1.0],
            sheen: 0.008 + 0.035 * energy,
            frame: *frame,
        };
        let place = |i: usize| (i as f32 + 0.5) / PROBES as f32;
        let mut probes: Vec<f32> =
            (0..PROBES * PROBES).map(|i| flow.flow(place(i % PROBES), place(i / PROBES)).0).collect();
        probes.sort_by(f32::total_cmp);
        let quantile = |share: f32| probes[((share * probes.len() as f32) as usize).min(probes.len() - 1)];
        let (low, high) = (quantile(BEYOND), quantile(1.0 - BEYOND));
        flow.range = [low, 1.0 / (high - low).max(1e-6)];
        flow
    }

    /// The flow at a place, before it is brought to the palette's length, and what light makes of its bends.
    fn flow(&self, u: f32, v: f32) -> (f32, f32) {
        let bend = [0, 1].map(|axis| self.bend_by * (self.bend[axis].at(u, v) - 0.5));
        let [du, dv] = self.frame.shares(bend);
        let (u, v) = (u + du, v + dv);
        let swell = self.swell.at(u, v) - 0.5;
        let way = if self.frame.wrap {
            0.5 * sine(self.turns[0] * u + self.turns[1] * v + self.turns[2])
        } else {
            let [x, y] = [(u - 0.5) * self.frame.width, (v - 0.5) * self.frame.height];
            (self.turns[0] * x + self.turns[1] * y) / self.frame.side
        };
        (way + self.swell_by * swell, sine(1.4 * (bend[0] - bend[1]) + 2.0 * swell))
    }

    /// The colour at a place, shares of width and height; without sheen where `plain`.
    pub fn color(&self, u: f32, v: f32, plain: bool) -> Oklab {
        let (flow, light) = self.flow(u, v);
        let way = (flow - self.range[0]) * self.range[1];
        // Ripples turn the way back here and there, as folds do.
        let color = along(&self.palette, way + self.ripple * sine(RIPPLES * way), false);
        if plain { color } else { lighter(color, self.sheen * light * smoothstep(0.0, 0.15, color[0])) }
    }
}

impl Style for Gradient {
    fn row(&self, y: usize, x: usize, out: &mut [Oklab]) {
        let v = self.frame.v(y);
        for (i, color) in out.iter_mut().enumerate() {
            *color = self.color(self.frame.u(x + i), v, false);
        }
    }
}
