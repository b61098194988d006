//! The four kinds of samples, each decoded to light and encoded from light a block at a time.

use std::sync::LazyLock;

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::bounds::{Bounding, Coded, Given, unit};
use super::codes::Codes;
use super::curve::{linear_from_srgb, linear_from_srgb_exact, srgb_from_linear, srgb_from_linear_exact};
use super::interleaved::{colors, join, split};
use super::segments::{Code, Domain, Segments};
use super::tone::Tone;
use super::transfer::{Curve, Transfer};
use super::{BLOCK, Lane};

/// A kind of sample that pictures are made of.
pub trait Sample: Copy + PartialEq + Send + Sync + 'static {
    /// Whether samples may go beyond 1.
    const IS_FLOAT: bool;
    /// The sample without light.
    const BLACK: Self;
    /// What bounds light has before it is encoded.
    type Bounds: Bounding;

    /// Whether the sample, as alpha, leaves nothing of the ground.
    fn is_full(self) -> bool;

    /// Decodes the colour of `BLOCK` interleaved pixels to light (0 black, 1 white): gray into the first lane alone.
    fn load(pixels: &[Self], channels: usize, transfer: Transfer<'_>, scratch: &mut Scratch<Self>, rgb: &mut [Lane; 3]);

    /// Encodes light into `BLOCK` interleaved pixels of 3 channels, or of 4 with the scratch's alpha; integers round to
    /// nearest and saturate.
    fn store(
        rgb: &[Lane; 3],
        transfer: Transfer<'_>,
        scratch: &mut Scratch<Self>,
        pixels: &mut [Self],
        channels: usize,
    );
}

/// Working memory for one row's blocks, which so is cleared once a row.
#[derive(Debug)]
#[repr(align(64))]
pub struct Scratch<S> {
    /// Samples of each channel.
    channels: [[S; BLOCK]; 3],
    /// Alpha of the pixels to write.
    pub alpha: [S; BLOCK],
    /// Samples of a channel, or light, as floats.
    lane: Lane,
}

impl<S: Sample> Scratch<S> {
    /// Without light.
    #[inline(always)]
    pub fn black() -> Self {
        Self { channels: [[S::BLACK; BLOCK]; 3], alpha: [S::BLACK; BLOCK], lane: [0.0; BLOCK] }
    }
}

/// Light of samples up to `white`, to 5e-7 of it, or 1e-6 near white of codes.
fn light_segments(white: f32) -> Segments<5> {
    let scale = 1.0 / f64::from(white);
    // 2^-5 of white or a little more: the half of an octave in which the knee lies.
    let start = f32::from_bits((white / 32.0).to_bits().next_multiple_of(1 << 22));
    let domain = Domain { start, knee: 0.040_45 * white, slope: scale / 12.92, white };
    Segments::new(|sample| linear_from_srgb_exact(sample * scale), domain)
}

static LIGHT: LazyLock<Segments<5>> = LazyLock::new(|| light_segments(1.0));
static LIGHT_U16: LazyLock<Segments<5>> = LazyLock::new(|| light_segments(65535.0));

/// The same of 8-bit samples.
static LIGHT_U8: LazyLock<Codes> = LazyLock::new(|| Codes::new(|code| LIGHT.at(f32::from(code) * (1.0 / 255.0))));

/// Samples of light, `top` times: with 4 coefficients to a 200th of an 8-bit code, with 5 to a 20th of a 16-bit one,
/// and with 6 to 3e-7.
fn srgb_segments<const N: usize>(top: f64) -> Segments<N> {
    // 2^-8 is the half of an octave above the knee.
    let domain = Domain { start: 0.003_906_25, knee: 0.003_130_8, slope: 12.92 * top, white: 1.0 };
    Segments::new(|light| srgb_from_linear_exact(light) * top, domain)
}

static SAMPLES: LazyLock<Segments<6>> = LazyLock::new(|| srgb_segments(1.0));
static CODES_U8: LazyLock<Segments<4>> = LazyLock::new(|| srgb_segments(255.0));
static CODES_U16: LazyLock<Segments<5>> = LazyLock::new(|| srgb_segments(65535.0));

impl Sample for u8 {
    const IS_FLOAT: bool = false;
    const BLACK: Self = 0;
    type Bounds = Coded;

    #[inline(always)]
    fn is_full(self) -> bool {
        self == Self::MAX
    }

    #[inline(always)]
    fn load(
        pixels: &[Self],
        channels: usize,
        transfer: Transfer<'_>,
        scratch: &mut Scratch<Self>,
        rgb: &mut [Lane; 3],
    ) {
        let codes = &mut scratch.channels;
        split(pixels, channels, codes);
        for channel in 0..colors(channels) {
            let (codes, lane) = (&codes[channel], &mut rgb[channel]);
            match transfer.curve(channel) {
                Curve::Srgb => LIGHT_U8.apply(codes, lane),
                Curve::Linear => {
                    for i in 0..BLOCK {
                        lane[i] = f32::from(codes[i]) * (1.0 / 255.0);
                    }
                }
                Curve::Tone(tone) => tone.light_u8().apply(codes, lane),
            }
        }
    }

    #[inline(always)]
    fn store(
        rgb: &[Lane; 3],
        transfer: Transfer<'_>,
        scratch: &mut Scratch<Self>,
        pixels: &mut [Self],
        channels: usize,
    ) {
        let Scratch { channels: codes, alpha, .. } = scratch;
        for (channel, codes) in codes.iter_mut().enumerate() {
            if let Curve::Tone(tone) = transfer.curve(channel) {
                // Codes are looked up once all their places are known, which are found by vector code.
                let mut places = [0_u32; BLOCK];
                for i in 0..BLOCK {
                    places[i] = Tone::code_index(rgb[channel][i]);
                }
                let known = tone.codes();
                for i in 0..BLOCK {
                    codes[i] = known[places[i] as usize];
                }
                continue;
            }
            match transfer.curve(channel) {
                Curve::Srgb => CODES_U8.apply_rounded(&rgb[channel], codes),
                _ => {
                    for i in 0..BLOCK {
                        codes[i] = u8::nearest(unit(rgb[channel][i]) * 255.0);
                    }
                }
            }
        }
        join(codes, alpha, pixels, channels);
    }
}

impl Sample for u16 {
    const IS_FLOAT: bool = false;
    const BLACK: Self = 0;
    type Bounds = Coded;

    #[inline(always)]
    fn is_full(self) -> bool {
        self == Self::MAX
    }

    #[inline(always)]
    fn load(
        pixels: &[Self],
        channels: usize,
        transfer: Transfer<'_>,
        scratch: &mut Scratch<Self>,
        rgb: &mut [Lane; 3],
    ) {
        let codes = &mut scratch.channels;
        split(pixels, channels, codes);
        for channel in 0..colors(channels) {
            let (codes, lane) = (&codes[channel], &mut rgb[channel]);
            match transfer.curve(channel) {
                Curve::Srgb => _ = LIGHT_U16.apply(codes, lane),
                Curve::Linear => {
                    for i in 0..BLOCK {
                        lane[i] = f32::from(codes[i]) * (1.0 / 65535.0);
                    }
                }
                Curve::Tone(tone) => {
                    let light = tone.light_u16();
                    for i in 0..BLOCK {
                        lane[i] = light[usize::from(codes[i])];
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn store(
        rgb: &[Lane; 3],
        transfer: Transfer<'_>,
        scratch: &mut Scratch<Self>,
        pixels: &mut [Self],
        channels: usize,
    ) {
        let Scratch { channels: codes, alpha, .. } = scratch;
        for (channel, codes) in codes.iter_mut().enumerate() {
            match transfer.curve(channel) {
                Curve::Srgb => CODES_U16.apply_rounded(&rgb[channel], codes),
                Curve::Linear => {
                    for i in 0..BLOCK {
                        codes[i] = u16::nearest(unit(rgb[channel][i]) * 65535.0);
                    }
                }
                Curve::Tone(tone) => {
                    for i in 0..BLOCK {
                        codes[i] = u16::nearest(unit(tone.sample(rgb[channel][i])) * 65535.0);
                    }
                }
            }
        }
        join(codes, alpha, pixels, channels);
    }
}

impl Sample for f16 {
    const IS_FLOAT: bool = true;
    const BLACK: Self = Self::ZERO;
    type Bounds = Given;

    #[inline(always)]
    fn is_full(self) -> bool {
        self >= Self::ONE
    }

    #[inline(always)]
    fn load(
        pixels: &[Self],
        channels: usize,
        transfer: Transfer<'_>,
        scratch: &mut Scratch<Self>,
        rgb: &mut [Lane; 3],
    ) {
        let Scratch { channels: halves, lane: samples, .. } = scratch;
        split(pixels, channels, halves);
        for channel in 0..colors(channels) {
            halves[channel].convert_to_f32_slice(samples);
            decode(samples, transfer.curve(channel), &mut rgb[channel]);
        }
    }

    #[inline(always)]
    fn store(
        rgb: &[Lane; 3],
        transfer: Transfer<'_>,
        scratch: &mut Scratch<Self>,
        pixels: &mut [Self],
        channels: usize,
    ) {
        let Scratch { channels: halves, alpha, lane: samples } = scratch;
        for (channel, halves) in halves.iter_mut().enumerate() {
            encode(&rgb[channel], transfer.curve(channel), samples);
            halves.convert_from_f32_slice(samples);
        }
        join(halves, alpha, pixels, channels);
    }
}

impl Sample for f32 {
    const IS_FLOAT: bool = true;
    const BLACK: Self = 0.0;
    type Bounds = Given;

    #[inline(always)]
    fn is_full(self) -> bool {
        self >= 1.0
    }

    #[inline(always)]
    fn load(
        pixels: &[Self],
        channels: usize,
        transfer: Transfer<'_>,
        scratch: &mut Scratch<Self>,
        rgb: &mut [Lane; 3],
    ) {
        let samples = &mut scratch.channels;
        split(pixels, channels, samples);
        for channel in 0..colors(channels) {
            decode(&samples[channel], transfer.curve(channel), &mut rgb[channel]);
        }
    }

    #[inline(always)]
    fn store(
        rgb: &[Lane; 3],
        transfer: Transfer<'_>,
        scratch: &mut Scratch<Self>,
        pixels: &mut [Self],
        channels: usize,
    ) {
        let Scratch { channels: samples, alpha, .. } = scratch;
        for channel in 0..3 {
            encode(&rgb[channel], transfer.curve(channel), &mut samples[channel]);
        }
        join(samples, alpha, pixels, channels);
    }
}

/// Float samples to light.
#[inline(always)]
fn decode(samples: &Lane, curve: Curve<'_>, light: &mut Lane) {
    match curve {
        Curve::Srgb => apply(&LIGHT, linear_from_srgb, samples, light),
        Curve::Linear => *light = *samples,
        Curve::Tone(tone) => {
            for i in 0..BLOCK {
                light[i] = tone.light(samples[i]);
            }
        }
    }
}

/// Light to float samples.
#[inline(always)]
fn encode(light: &Lane, curve: Curve<'_>, samples: &mut Lane) {
    match curve {
        Curve::Srgb => apply(&SAMPLES, srgb_from_linear, light, samples),
        Curve::Linear => *samples = *light,
        Curve::Tone(tone) => {
            for i in 0..BLOCK {
                samples[i] = tone.sample(light[i]);
            }
        }
    }
}

/// A curve by its segments, and by its formula what lies beyond them.
#[inline(always)]
fn apply<const N: usize>(segments: &Segments<N>, formula: impl Fn(f32) -> f32, from: &Lane, to: &mut Lane) {
    if segments.apply(from, to) {
        for i in 0..BLOCK {
            let is_known = (0.0..=1.0).contains(&from[i]);
            to[i] = if is_known { to[i] } else { formula(from[i]) };
        }
    }
}
