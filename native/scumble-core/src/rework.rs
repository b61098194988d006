//! Any image-to-image graph over the tiles of a picture: samples in, samples out, no full frame of numbers between.

use half::f16;

use crate::color::{Sample, linear_from_srgb, srgb_from_linear};
use crate::error::{Error, Result};
use crate::image::{Canvas, View};
use crate::plan::{Rect, Tile};
use crate::progress::Ticker;
use crate::resample::{Filter, reflected, taps};
use crate::tiles::{Axes, Feed, Kept, Tiled, run_tiles};

/// How much larger than its input an output may be, along each axis.
pub const LARGEST_SCALE: usize = 16;

/// A sample as the number that stands for it.
pub trait Code: Sample {
    /// The number of white.
    const WHITE: f32;

    /// The sample's number.
    fn number(self) -> f32;

    /// The sample of a number; codes round to nearest and saturate, and what is not a number is 0.
    fn from_number(number: f32) -> Self;
}

impl Code for u8 {
    const WHITE: f32 = 255.0;

    fn number(self) -> f32 {
        f32::from(self)
    }

    fn from_number(number: f32) -> Self {
        (number + 0.5) as Self // `as` saturates, and takes NaN for 0
    }
}

impl Code for u16 {
    const WHITE: f32 = 65535.0;

    fn number(self) -> f32 {
        f32::from(self)
    }

    fn from_number(number: f32) -> Self {
        (number + 0.5) as Self
    }
}

impl Code for f16 {
    const WHITE: f32 = 1.0;

    fn number(self) -> f32 {
        self.to_f32()
    }

    fn from_number(number: f32) -> Self {
        let finite = if number.is_nan() { 0.0 } else { number };
        Self::from_f32(finite.clamp(-Self::MAX.to_f32(), Self::MAX.to_f32()))
    }
}

impl Code for f32 {
    const WHITE: f32 = 1.0;

    fn number(self) -> f32 {
        self
    }

    fn from_number(number: f32) -> Self {
        if number.is_nan() { 0.0 } else { number }
    }
}

/// What the graph takes and gives.
#[derive(Debug, Clone, Copy)]
pub struct Ports<'a> {
    /// The one input that is the picture.
    pub input: &'a str,
    /// Its channels, 1 or 3, and those of the output.
    pub channels: (usize, usize),
    /// Output pixels to one of the input, along each axis.
    pub scale: usize,
    /// Order of the axes of both.
    pub axes: Axes,
    /// The numbers that stand for black and white.
    pub range: (f32, f32),
}

/// A picture, and where the reworked one goes.
#[derive(Debug, Clone, Copy)]
pub struct Reworking<'a, S> {
    /// The picture: 1 to 4 channels.
    pub src: View<'a, S>,
    /// As large as the source times the scale, with alpha exactly if the source has it.
    pub dst: &'a Canvas<'a, S>,
    /// Whether the samples are light. A graph is given codes always, since such nets learn on sRGB's: light is encoded
    /// for it; codes of another space stay as they are, so that no colour is clipped.
    pub is_light: bool,
    /// The one colour that goes in and comes out, for a graph of one channel and a picture of three; else all.
    pub colour: Option<usize>,
}

impl<S: Code> Reworking<'_, S> {
    fn check(&self, ports: &Ports<'_>) -> Result<()> {
        let (src, dst) = (self.src.layout(), self.dst.layout());
        if !(1..=LARGEST_SCALE).contains(&ports.scale) {
            return Err(Error::argument(format!("scale is {}; it must be 1 to {LARGEST_SCALE}", ports.scale)));
        }
        if (src.width * ports.scale, src.height * ports.scale) != (dst.width, dst.height) {
            return Err(Error::argument("the destination is not the source's size times the scale"));
        }
        if ![1, 3].contains(&ports.channels.0) || ![1, 3].contains(&ports.channels.1) {
            return Err(Error::argument(format!("a graph takes and gives 1 or 3 channels, not {:?}", ports.channels)));
        }
        let colours = match self.colour {
            Some(colour) if ports.channels != (1, 1) || colour >= src.color_channels() => {
                return Err(Error::argument("one colour of a picture is for a graph of one channel"));
            }
            Some(_) => src.color_channels(),
            None if ports.channels.0 == 1 && src.color_channels() == 3 => {
                return Err(Error::argument("a graph of one channel takes a gray picture, or one colour of another"));
            }
            None => ports.channels.1,
        };
        if dst.has_alpha() != src.has_alpha() || dst.color_channels() != colours {
            return Err(Error::argument(format!(
                "a destination of {} channels for a source of {} and an output of {}",
                dst.channels, src.channels, ports.channels.1
            )));
        }
        let (black, white) = ports.range;
        if !(black.is_finite() && white.is_finite() && black != white) {
            return Err(Error::argument(format!("the range is {black} to {white}")));
        }
        Ok(())
    }

    /// Writes the graph's numbers of the read rectangle, mirrored beyond the picture.
    fn fill(&self, ports: &Ports<'_>, read: Rect, out: &mut [f32]) {
        let layout = self.src.layout();
        let (black, white) = ports.range;
        let gain = (white - black) / S::WHITE;
        let columns: Vec<usize> = (read.x..read.x + read.width).map(|x| reflected(x, layout.width)).collect();
        for row in 0..read.height {
            let samples = self.src.row(reflected(read.y + row, layout.height));
            for channel in 0..ports.channels.0 {
                let from = self.colour.unwrap_or(if layout.color_channels() == 1 { 0 } else { channel });
                let numbers = columns.iter().map(|x| samples[x * layout.channels + from].number());
                let place = Place::new(ports.axes, channel, ports.channels.0, (read.width, read.height), row);
                if self.is_light {
                    let encoded = numbers.map(|number| srgb_from_linear(number * (1.0 / S::WHITE)));
                    place.write(out, encoded.map(|code| black + code * (white - black)));
                } else {
                    place.write(out, numbers.map(|number| black + number * gain));
                }
            }
        }
    }

    /// Writes the pixels of a tile's core from the graph's output on it.
    ///
    /// # Safety
    /// No other thread writes the pixels of this core now.
    unsafe fn finish(&self, ports: &Ports<'_>, tile: &Tile, values: &[f32]) {
        let Tile { core, read } = tile;
        let scale = ports.scale;
        let (width, height) = (read.width * scale, read.height * scale);
        let (black, white) = ports.range;
        let (gain, layout) = (S::WHITE / (white - black), self.dst.layout());
        let (left, count) = ((core.x - read.x) * scale, core.width * scale);
        for y in core.y * scale..(core.y + core.height) * scale {
            // SAFETY: the caller's promise.
            let span = unsafe { self.dst.span(core.x * scale, y, count) };
            for channel in 0..ports.channels.1 {
                let place = Place::new(ports.axes, channel, ports.channels.1, (width, height), y - read.y * scale);
                let to = self.colour.unwrap_or(channel);
                let numbers = place.read(values, left, count).map(|value| (value - black) * gain);
                for (pixel, number) in span.chunks_exact_mut(layout.channels).zip(numbers) {
                    let light = || linear_from_srgb(number * (1.0 / S::WHITE)) * S::WHITE;
                    pixel[to] = S::from_number(if self.is_light { light() } else { number });
                }
            }
            if layout.has_alpha() {
                self.write_alpha(core, y, scale, span);
            }
        }
    }

    /// Carries the alpha of one row over, along straight lines where the picture grows.
    fn write_alpha(&self, core: &Rect, y: usize, scale: usize, span: &mut [S]) {
        let (src, dst) = (self.src.layout(), self.dst.layout());
        let row = taps(y, 1, dst.height, src.height, Filter::Bilinear)[0];
        let (upper, lower) = (self.src.row(row.index), self.src.row(row.next));
        let alpha = |line: &[S], x: usize| line[x * src.channels + src.channels - 1];
        let pixels = span.chunks_exact_mut(dst.channels);
        if scale == 1 {
            pixels.zip(core.x..).for_each(|(pixel, x)| pixel[dst.channels - 1] = alpha(upper, x));
            return;
        }
        let columns = taps(core.x * scale, core.width * scale, dst.width, src.width, Filter::Bilinear);
        for (pixel, column) in pixels.zip(columns) {
            let mix = |line: &[S]| {
                let (near, far) = (alpha(line, column.index).number(), alpha(line, column.next).number());
                near + column.share * (far - near)
            };
            let (high, low) = (mix(upper), mix(lower));
            pixel[dst.channels - 1] = S::from_number(high + row.share * (low - high));
        }
    }
}

/// Where one row of one channel lies in a tensor.
struct Place {
    first: usize,
    step: usize,
    width: usize,
}

impl Place {
    fn new(axes: Axes, channel: usize, channels: usize, (width, height): (usize, usize), row: usize) -> Self {
        match axes {
            Axes::Nchw => Self { first: (channel * height + row) * width, step: 1, width },
            Axes::Nhwc => Self { first: row * width * channels + channel, step: channels, width },
        }
    }

    fn write(&self, tensor: &mut [f32], numbers: impl Iterator<Item = f32>) {
        let places = tensor[self.first..].iter_mut().step_by(self.step).take(self.width);
        places.zip(numbers).for_each(|(place, number)| *place = number);
    }

    fn read<'t>(&self, tensor: &'t [f32], left: usize, count: usize) -> impl Iterator<Item = f32> + use<'t> {
        tensor[self.first + left * self.step..].iter().step_by(self.step).take(count).copied()
    }
}

/// Reworks a picture tile by tile, with no array of its size but the destination.
///
/// # Errors
/// `Argument` when sizes, channels or range do not fit; `ModelSignature` when the graph does not; `Model`,
/// `OutOfMemory`, `Cancelled`.
pub fn rework_tiled<S: Code>(
    run: Tiled<'_>,
    job: Reworking<'_, S>,
    ports: Ports<'_>,
    ticker: &mut Ticker<'_>,
) -> Result<()> {
    job.check(&ports)?;
    let layout = job.src.layout();
    if (layout.width, layout.height) != (run.plan.width, run.plan.height) {
        return Err(Error::argument("the picture and the plan differ in size"));
    }
    let input = vec![(ports.input, ports.channels.0)];
    let feed = Feed::Tile(input, Box::new(|read, out: &mut [&mut [f32]]| job.fill(&ports, read, out[0])));
    let kept = Kept { output: run.output, channels: ports.channels.1, scale: ports.scale, axes: ports.axes };
    // SAFETY: cores of a plan do not overlap, and each tile has one thread.
    let finish = |tile: &Tile, values: &[f32]| unsafe { job.finish(&ports, tile, values) };
    run_tiles(run, &[feed], kept, &finish, ticker)
}
