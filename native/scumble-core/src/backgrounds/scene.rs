//! What a background is of, and its pixels: any rectangle of it, the same bits as in the whole picture.

use super::draw::Dice;
use super::noise::Folded;
use super::tint::{Oklab, palette_from_srgb, srgb_from_oklab};
use super::{bokeh::Bokeh, gradient::Gradient, low_poly::LowPoly, paper::Paper, waves::Waves};
use crate::error::{Error, Result};
use crate::image::Canvas;
use crate::pool;
use crate::progress::Ticker;

/// Rows that a worker takes at a time.
const STRIP_ROWS: usize = 8;
/// The stream of hashes that decides how values between two codes are rounded.
const DITHER: i64 = 9000;
/// The longest side in pixels: places are held in single precision.
pub const LONGEST_SIDE: usize = 16384;
/// Colours that a palette may have.
pub const MOST_COLORS: usize = 6;

/// A kind of picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Colours that flow into each other.
    Gradient,
    /// Facets between jittered points, lit from the upper left.
    LowPoly,
    /// Discs of light out of focus.
    Bokeh,
    /// Layers with wavy edges and soft shadows.
    Waves,
    /// Paper with grain and fibres; crumpled where it is energetic.
    Paper,
}

/// Every kind with its name.
pub const KINDS: [(&str, Kind); 5] = [
    ("gradient", Kind::Gradient),
    ("low-poly", Kind::LowPoly),
    ("bokeh", Kind::Bokeh),
    ("waves", Kind::Waves),
    ("paper", Kind::Paper),
];

/// Everything that a picture depends on.
#[derive(Debug, Clone)]
pub struct Spec {
    /// What it shows.
    pub kind: Kind,
    /// Pixels a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Where chance starts.
    pub seed: u64,
    /// A second seed, and how far the picture is on the way to it, 0 to 1.
    pub blend: Option<(u64, f32)>,
    /// One to six sRGB colours, 0 to 1; the first is the ground.
    pub palette: Vec<[f32; 3]>,
    /// 0 calm to 1 energetic.
    pub energy: f32,
    /// Whether its right edge fits its left one, and its bottom its top.
    pub seamless: bool,
}

/// Where a style finds itself: the picture's size and what it may draw upon.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Pixels a row.
    pub width: f32,
    /// Rows.
    pub height: f32,
    /// The picture's mean side in pixels (the root of its area): the unit of all that has a size.
    pub side: f32,
    /// 0 calm to 1 energetic.
    pub energy: f32,
    /// Whether the picture repeats.
    pub wrap: bool,
    /// Where chance comes from.
    pub dice: Dice,
}

impl Frame {
    fn new(spec: &Spec) -> Self {
        let (width, height) = (spec.width as f32, spec.height as f32);
        Self {
            width,
            height,
            side: (width * height).sqrt(),
            energy: spec.energy,
            wrap: spec.seamless,
            dice: Dice::new(spec.seed, spec.blend),
        }
    }

    /// The middle of column `x`, as a share of the width.
    #[inline(always)]
    pub fn u(&self, x: usize) -> f32 {
        (x as f32 + 0.5) / self.width
    }

    /// The middle of row `y`, as a share of the height.
    #[inline(always)]
    pub fn v(&self, y: usize) -> f32 {
        (y as f32 + 0.5) / self.height
    }

    /// Columns and rows of a lattice with `count` cells to the mean side.
    pub fn cells(&self, count: f32) -> (usize, usize) {
        let whole = |length: f32| ((count * length / self.side).round() as usize).clamp(1, 4096);
        (whole(self.width), whole(self.height))
    }

    /// Shares of width and height, of lengths in mean sides.
    #[inline(always)]
    pub fn shares(&self, lengths: [f32; 2]) -> [f32; 2] {
        [lengths[0] * self.side / self.width, lengths[1] * self.side / self.height]
    }

    /// The squared distance of two places in mean sides; the shortest way round where the picture repeats.
    #[inline(always)]
    pub fn distance_squared(&self, from: [f32; 2], to: [f32; 2]) -> f32 {
        let around = |apart: f32| if self.wrap { apart - (apart + 0.5).floor() } else { apart };
        let x = around(from[0] - to[0]) * self.width / self.side;
        let y = around(from[1] - to[1]) * self.height / self.side;
        x * x + y * y
    }
}

/// Colours of rows; each pixel depends on its own place alone.
pub trait Style: Sync + Send {
    /// Writes the colours of row `y` from column `x` on.
    fn row(&self, y: usize, x: usize, out: &mut [Oklab]);
}

/// A picture that is decided upon, but for its pixels.
pub struct Scene {
    style: Box<dyn Style>,
    seed: u64,
    width: usize,
    height: usize,
}

impl Scene {
    /// Decides upon everything that pixels share.
    ///
    /// # Errors
    /// `Argument` for a side of 0 or beyond `LONGEST_SIDE`, for no or too many colours, or values out of range.
    pub fn new(spec: &Spec) -> Result<Self> {
        check(spec)?;
        let frame = Frame::new(spec);
        let palette = palette_from_srgb(&spec.palette);
        let style: Box<dyn Style> = match spec.kind {
            Kind::Gradient => Box::new(Gradient::new(&frame, 10, &palette)),
            Kind::LowPoly => Box::new(LowPoly::new(&frame, &palette)),
            Kind::Bokeh => Box::new(Bokeh::new(&frame, &palette)),
            Kind::Waves => Box::new(Waves::new(&frame, spec.width, &palette)),
            Kind::Paper => Box::new(Paper::new(&frame, &palette)),
        };
        Ok(Self { style, seed: frame.dice.seed(), width: spec.width, height: spec.height })
    }

    /// Draws the rectangle that starts at (`x`, `y`) and is as large as `dst`, which has three channels.
    ///
    /// Values between two codes are rounded up or down by chance, so that no bands show in 8 bits.
    ///
    /// # Errors
    /// `Argument` when it reaches beyond the picture or has other channels; `Cancelled`; `Worker`.
    pub fn draw(
        &self,
        (x, y): (usize, usize),
        dst: &Canvas<'_, u8>,
        workers: usize,
        ticker: &mut Ticker<'_>,
    ) -> Result<()> {
        let layout = dst.layout();
        let fits = |start: usize, length: usize, end: usize| start.checked_add(length).is_some_and(|last| last <= end);
        if layout.channels != 3 || !fits(x, layout.width, self.width) || !fits(y, layout.height, self.height) {
            return Err(Error::argument(format!(
                "{}x{} pixels of {} channels at {x},{y} are no part of a background of {}x{}",
                layout.width, layout.height, layout.channels, self.width, self.height
            )));
        }
        let mut lines: Vec<Vec<Oklab>> = vec![vec![[0.0; 3]; layout.width]; workers.max(1)];
        pool::run(&mut lines, layout.height.div_ceil(STRIP_ROWS), ticker, &|| (), |line, strip| {
            for row in strip * STRIP_ROWS..((strip + 1) * STRIP_ROWS).min(layout.height) {
                self.style.row(y + row, x, line);
                // SAFETY: the pool gives each strip, and so each row, to one thread.
                let codes = unsafe { dst.span(0, row, layout.width) };
                self.round((x, y + row), line, codes);
            }
            Ok(())
        })
    }

    fn round(&self, (x, y): (usize, usize), colors: &[Oklab], codes: &mut [u8]) {
        let folded = Folded::new(self.seed, DITHER).with(y as i64);
        for (i, (color, codes)) in colors.iter().zip(codes.chunks_exact_mut(3)).enumerate() {
            let bits = folded.with((x + i) as i64).bits();
            let rgb = srgb_from_oklab(*color);
            for (channel, code) in codes.iter_mut().enumerate() {
                let chance = ((bits >> (21 * channel)) & 0x1F_FFFF) as f32 * (1.0 / 2_097_152.0);
                *code = (rgb[channel] * 255.0 + chance) as u8;
            }
        }
    }
}

fn check(spec: &Spec) -> Result<()> {
    let sides = 1..=LONGEST_SIDE;
    if !sides.contains(&spec.width) || !sides.contains(&spec.height) {
        let (width, height) = (spec.width, spec.height);
        return Err(Error::argument(format!("a background of {width}x{height}; sides are 1 to {LONGEST_SIDE} pixels")));
    }
    if !(1..=MOST_COLORS).contains(&spec.palette.len()) {
        let count = spec.palette.len();
        return Err(Error::argument(format!("a palette of {count} colours; 1 to {MOST_COLORS} are allowed")));
    }
    let unit = 0.0..=1.0;
    let shares = spec.palette.iter().flatten().chain([&spec.energy]).chain(spec.blend.as_ref().map(|(_, share)| share));
    match shares.into_iter().find(|value| !unit.contains(*value)) {
        Some(value) => Err(Error::argument(format!("{value} is not from 0 to 1"))),
        None => Ok(()),
    }
}
