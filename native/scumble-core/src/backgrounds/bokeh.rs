//! Bokeh: discs of light out of focus, in three depths, over a soft ground.

use super::draw::{Field, smoothstep};
use super::gradient::Gradient;
use super::scene::{Frame, Style};
use super::tint::{Oklab, lighter, mixed};

const STREAM: i64 = 40;

/// Lights in a lattice for each depth, over a gradient of the first colours.
#[derive(Debug)]
pub struct Bokeh {
    ground: Gradient,
    depths: Vec<Depth>,
    frame: Frame,
}

/// Lights of one depth, drawn at most one a cell; each cell lists all that reach into it.
#[derive(Debug)]
struct Depth {
    cells: Vec<Vec<Light>>,
    counts: [usize; 2],
}

/// One disc.
#[derive(Debug, Clone, Copy)]
struct Light {
    center: [f32; 2],
    radius: f32,
    softness: f32,
    opacity: f32,
    rim: f32,
    color: Oklab,
}

/// What the lights of a depth have in common; lengths in shares of the picture's mean side.
struct Manner {
    cells: f32,
    radii: [f32; 2],
    softness: [f32; 2],
    opacity: [f32; 2],
    rim: f32,
    crowd: f32,
    /// Whether most are rather opaque than faint.
    bold: bool,
}

impl Bokeh {
    /// Draws the lights, from the farthest (large, faint) to the nearest.
    pub fn new(frame: &Frame, palette: &[Oklab]) -> Self {
        let energy = frame.energy;
        let manners = [
            Manner {
                cells: 3.6,
                radii: [0.11, 0.25],
                softness: [0.2, 0.6],
                opacity: [0.10, 0.34],
                rim: 0.1,
                crowd: 0.55,
                bold: false,
            },
            Manner {
                cells: 8.0,
                radii: [0.04, 0.115],
                softness: [0.04, 0.22],
                opacity: [0.18, 0.74],
                rim: 0.6,
                crowd: 0.28 + 0.35 * energy,
                bold: false,
            },
            Manner {
                cells: 18.0,
                radii: [0.008, 0.04],
                softness: [0.06, 0.25],
                opacity: [0.5, 1.0],
                rim: 0.3,
                crowd: 0.10 + 0.43 * energy,
                bold: true,
            },
        ];
        let crowds = Field::new(frame.dice, STREAM, 0, frame.cells(2.2), frame.wrap);
        // Light shows on dark: the darkest colours are the ground, whatever their place in the palette.
        let mut ordered = palette.to_vec();
        ordered.sort_by(|one, other| one[0].total_cmp(&other[0]));
        let (ground, lights) = ordered.split_at((ordered.len() / 2).clamp(1, 2));
        let depths = manners.iter().enumerate().map(|(i, manner)| Depth::new(frame, i as i64, manner, &crowds, lights));
        Self {
            ground: Gradient::new(&Frame { energy: 0.25, ..*frame }, STREAM + 10, ground),
            depths: depths.collect(),
            frame: *frame,
        }
    }
}

impl Depth {
    fn new(frame: &Frame, number: i64, manner: &Manner, crowds: &Field, accents: &[Oklab]) -> Self {
        let (nx, ny) = frame.cells(manner.cells);
        let mut depth = Self { cells: vec![Vec::new(); nx * ny], counts: [nx, ny] };
        let around = i64::from(!frame.wrap); // lights beyond the border reach into the picture
        for y in -around..ny as i64 + around {
            for x in -around..nx as i64 + around {
                let draw = |channel: i64| frame.dice.uniform(STREAM + 1 + number, y, x, channel);
                let within = |range: [f32; 2], share: f32| range[0] + share * (range[1] - range[0]);
                let center = [(x as f32 + draw(0)) / nx as f32, (y as f32 + draw(1)) / ny as f32];
                let crowd = smoothstep(0.30, 0.68, crowds.at(center[0], center[1]));
                if draw(2) >= 2.0 * manner.crowd * (0.06 + 0.94 * crowd) {
                    continue;
                }
                let pick = ((draw(5) * accents.len() as f32) as usize).min(accents.len() - 1);
                depth.hold(
                    frame,
                    Light {
                        center,
                        radius: within(manner.radii, draw(3) * draw(3)),
                        softness: within(manner.softness, draw(4)),
                        opacity: within(
                            manner.opacity,
                            if manner.bold { draw(6).max(draw(7)) } else { draw(6) * draw(7) },
                        ) * (0.7 + 0.3 * frame.energy),
                        rim: manner.rim * draw(8),
                        color: lighter(accents[pick], 0.03 * draw(9)),
                    },
                );
            }
        }
        depth
    }

    /// Puts a light into the list of every cell that it may reach.
    fn hold(&mut self, frame: &Frame, light: Light) {
        let reach = frame.shares([light.reach(); 2]);
        let range = |axis: usize| {
            let count = self.counts[axis] as f32;
            let first = ((light.center[axis] - reach[axis]) * count).floor() as i64;
            let last = ((light.center[axis] + reach[axis]) * count).floor() as i64;
            if frame.wrap {
                first..=last.min(first + count as i64 - 1)
            } else {
                first.max(0)..=last.min(count as i64 - 1)
            }
        };
        let (columns, rows) = (range(0), range(1));
        for row in rows {
            for column in columns.clone() {
                let row = row.rem_euclid(self.counts[1] as i64) as usize;
                self.cells[row * self.counts[0] + column.rem_euclid(self.counts[0] as i64) as usize].push(light);
            }
        }
    }

    /// Lays the lights near a place over `color`.
    fn lit(&self, frame: &Frame, place: [f32; 2], color: Oklab) -> Oklab {
        let cell = |axis: usize| ((place[axis] * self.counts[axis] as f32) as usize).min(self.counts[axis] - 1);
        let lights = &self.cells[cell(1) * self.counts[0] + cell(0)];
        lights.iter().fold(color, |color, light| light.over(frame, place, color))
    }
}

impl Light {
    fn reach(&self) -> f32 {
        self.radius * (1.0 + self.softness)
    }

    fn over(&self, frame: &Frame, place: [f32; 2], color: Oklab) -> Oklab {
        let reach = self.reach();
        let apart = frame.distance_squared(place, self.center);
        if apart >= reach * reach {
            return color;
        }
        let apart = apart.sqrt() / self.radius;
        let soft = self.softness.max(1.0 / (self.radius * frame.side));
        let cover = 1.0 - smoothstep(1.0 - soft, 1.0 + soft.min(self.softness), apart);
        let rim = self.rim * smoothstep(0.62, 1.0 - 0.5 * soft, apart);
        let share = (self.opacity * cover * (1.0 - 0.3 * self.rim + rim)).clamp(0.0, 1.0);
        let glow = lighter(self.color, 0.05 * rim);
        // Light adds: a disc of a darker colour than what lies below tints it without darkening it.
        mixed(color, [glow[0].max(color[0]), glow[1], glow[2]], share)
    }
}

impl Style for Bokeh {
    fn row(&self, y: usize, x: usize, out: &mut [Oklab]) {
        let v = self.frame.v(y);
        for (i, color) in out.iter_mut().enumerate() {
            let place = [self.frame.u(x + i), v];
            let ground = self.ground.color(place[0], place[1], true);
            *color = self.depths.iter().fold(ground, |color, depth| depth.lit(&self.frame, place, color));
        }
    }
}
