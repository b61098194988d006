//! Waves: sheets of colour one behind the other, each with a flowing edge, a lit crest and a soft shadow.

use super::draw::{Field, exp2};
use super::scene::{Frame, Style};
use super::tint::{Oklab, along, lighter, mixed};

const STREAM: i64 = 60;

/// Sheets from the back (top) to the front (bottom); the edge of each is known for every column.
#[derive(Debug)]
pub struct Waves {
    /// Row of each sheet's edge, by column and sheet, in pixels from the top.
    edges: Vec<f32>,
    colors: Vec<Oklab>,
    sheets: usize,
    crest: f32,
    shadow: f32,
    reach: f32,
}

impl Waves {
    /// Draws the edges and chooses the colours, in the palette's order from the top down.
    pub fn new(frame: &Frame, width: usize, palette: &[Oklab]) -> Self {
        let energy = frame.energy;
        let steps = (4.0 + 6.0 * energy).round().max(2.0) * (frame.height / frame.side).clamp(0.6, 2.0);
        let count = steps.round() as usize;
        let spacing = frame.height / count as f32;
        // Where the picture repeats, the sheets of its copies above and below reach into it, and it starts anywhere on
        // its way through the palette: from the last colour to the first is the longest step, and no tile's mark.
        let (around, start) = if frame.wrap {
            (count + 3, (frame.dice.uniform(STREAM + 1, 0, 0, 0) - 0.5) * count as f32)
        } else {
            (3, 0.15)
        };
        let sheets = count + 2 * around;
        let (nx, _) = frame.cells(1.1 + 1.6 * energy);
        let rows = ((count as f32 * 0.55).round() as usize).max(1);
        let broad = Field::new(frame.dice, STREAM, 0, (nx, rows), frame.wrap);
        let fine = Field::new(frame.dice, STREAM, 1, (2 * nx + 1, 2 * rows), frame.wrap);
        let swing = spacing * (2.2 + 2.8 * energy);
        let mut edges = Vec::with_capacity(width * sheets);
        for x in 0..width {
            let u = frame.u(x);
            for sheet in 0..sheets {
                let level = (sheet as f32 - around as f32 + start) / count as f32;
                let bend = broad.at(u, level) - 0.5 + (0.18 + 0.2 * energy) * (fine.at(u, level) - 0.5);
                edges.push(level * frame.height + swing * bend);
            }
        }
        let least = 0.2 * spacing;
        for column in edges.chunks_mut(sheets) {
            for sheet in 1..sheets {
                // A smooth maximum: no sheet overtakes the one behind, and no edge gets a kink.
                let (own, floor) = (column[sheet], column[sheet - 1] + least);
                column[sheet] = 0.5 * (own + floor + ((own - floor) * (own - floor) + least * least).sqrt());
            }
        }
        let beyond = 0.2 + 0.8 * energy; // sheets from outside that swing into the picture
        let colors = (0..sheets).map(|sheet| {
            let index = sheet as f32 - around as f32;
            if frame.wrap {
                let place = index.rem_euclid(count as f32) / count as f32;
                along(palette, place, true)
            } else {
                along(palette, (index + 1.0 + beyond) / (count as f32 + 2.0 * beyond), false)
            }
        });
        Self {
            colors: colors.collect(),
            edges,
            sheets,
            crest: 0.008 + 0.05 * energy,
            shadow: 0.012 + 0.11 * energy,
            reach: 0.35 * spacing,
        }
    }

    /// The colour of a sheet where no edge is near: lit below its own edge, shaded above that of the next one.
    fn sheet_color(&self, column: &[f32], sheet: usize, y: f32) -> Oklab {
        let fall = |apart: f32, reach: f32| exp2(-(apart.max(0.0) / reach) * 1.44);
        let below = column.get(sheet).map_or(0.0, |edge| fall(y - edge, 1.6 * self.reach));
        let above = column.get(sheet + 1).map_or(0.0, |edge| fall(edge - y, self.reach));
        lighter(self.colors[sheet], self.crest * below - self.shadow * above)
    }
}

impl Style for Waves {
    fn row(&self, y: usize, x: usize, out: &mut [Oklab]) {
        let middle = y as f32 + 0.5;
        for (i, color) in out.iter_mut().enumerate() {
            let column = &self.edges[(x + i) * self.sheets..(x + i + 1) * self.sheets];
            let front = column.partition_point(|edge| *edge <= middle + 1.5).saturating_sub(1);
            let near = if x + i > 0 { (x + i - 1) * self.sheets } else { self.sheets };
            let slope = self.edges.get(near + front).map_or(0.0, |edge| edge - column[front]);
            // Exact cover of a straight edge, nearly: its distance along the normal.
            let cover = (0.5 + (middle - column[front]) / (1.0 + slope * slope).sqrt()).clamp(0.0, 1.0);
            let own = self.sheet_color(column, front, middle);
            *color = if cover >= 1.0 {
                own
            } else {
                mixed(self.sheet_color(column, front.saturating_sub(1), middle), own, cover)
            };
        }
    }
}
