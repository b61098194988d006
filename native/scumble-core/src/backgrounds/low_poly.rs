//! Low-poly: facets in the colours of a soft gradient, lit from the upper left.

use super::gradient::Gradient;
use super::mesh::Mesh;
use super::scene::{Frame, Style};
use super::tint::{Oklab, lighter};

const STREAM: i64 = 20;
/// Samples along each side of a pixel that an edge may cross.
const SAMPLES: usize = 4;
/// Half a pixel's diagonal: no edge crosses a pixel whose middle is farther inside.
const CLEAR: f32 = 0.72;

/// A sheet of facets, one colour each.
#[derive(Debug)]
pub struct LowPoly {
    mesh: Mesh,
    colors: Vec<Oklab>,
}

impl LowPoly {
    /// Draws the sheet and its colours.
    pub fn new(frame: &Frame, palette: &[Oklab]) -> Self {
        let mesh = Mesh::new(frame, STREAM, 6.5 + 7.0 * frame.energy, 0.62 + 0.3 * frame.energy);
        let field = Gradient::new(frame, STREAM + 1, palette);
        let shade = 0.018 + 0.072 * frame.energy;
        let color = |facet| {
            let [u, v] = mesh.middle(facet);
            lighter(field.color(u, v, true), shade * facet.lean)
        };
        Self { colors: mesh.facets().iter().map(color).collect(), mesh }
    }
}

impl Style for LowPoly {
    fn row(&self, y: usize, x: usize, out: &mut [Oklab]) {
        for (i, color) in out.iter_mut().enumerate() {
            let (left, top) = ((x + i) as f32, y as f32);
            let (facet, inside) = self.mesh.facet_at(left + 0.5, top + 0.5);
            if inside > CLEAR {
                *color = self.colors[facet];
                continue;
            }
            let mut sum = [0.0; 3];
            for sample in 0..SAMPLES * SAMPLES {
                let step = |i: usize| (i as f32 + 0.5) / SAMPLES as f32;
                let (facet, _) = self.mesh.facet_at(left + step(sample % SAMPLES), top + step(sample / SAMPLES));
                sum = [0, 1, 2].map(|i| sum[i] + self.colors[facet][i]);
            }
            *color = sum.map(|value| value / (SAMPLES * SAMPLES) as f32);
        }
    }
}
