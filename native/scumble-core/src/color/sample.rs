//! The four kinds of samples, each decoded to light and encoded from light a block at a time.

use std::sync::LazyLock;

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::bounds::{Bounding, Coded, Given, unit};
use super::codes::Codes;
use super::curve::{linear_from_srgb, srgb_from_linear};
use super::interleaved::{colors, join, split};
use super::power::{BELOW_TWO, Code, Power, Shape};
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

/// Light of samples up to `white`, to 5e-7 of it.
fn light_of(white: f32) -> Power<6> {
    let scale = 1.0 / f64::from(white);
    Power::new(Shape {
        exponent: 2.4,
        gain: (scale / 1.055).powf(2.4),
        shift: 0.055 * f64::from(white),
        white,
        top: 1.0,
        knee: 0.040_45 * white,
        slope: scale / 12.92,
        start: 0.0,
        limit: 1.875 * white,
    })
}

static LIGHT: LazyLock<Power<6>> = LazyLock::new(|| light_of(1.0));
static LIGHT_U16: LazyLock<Power<6>> = LazyLock::new(|| light_of(65535.0));

/// The same of 8-bit samples.
static LIGHT_U8: LazyLock<Codes> = LazyLock::new(|| Codes::new(|code| LIGHT.at(f32::from(code) * (1.0 / 255.0))));

/// Samples of light, `top` times: with 6 coefficients to a 900th of an 8-bit code, with 7 to 6e-7.
fn samples_of<const N: usize>(top: f64) -> Power<N> {
    Power::new(Shape {
        exponent: 1.0 / 2.4,
        gain: 1.055 * top,
        shift: 0.0,
        white: 1.0,
        top: top as f32,
        knee: 0.003_130_8,
        slope: 12.92 * top,
        start: 0.0,
        limit: BELOW_TWO,
    })
}

static SAMPLES: LazyLock<Power<7>> = LazyLock::new(|| samples_of(1.0));
static CODES_U8: LazyLock<Power<6>> = LazyLock::new(|| samples_of(255.0));
static CODES_U16: LazyLock<Power<7>> = LazyLock::new(|| samples_of(65535.0));

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
        if transfer.is_srgb() {
            CODES_U8.apply_rounded(rgb.as_flattened(), codes.as_flattened_mut());
            join(codes, alpha, pixels, channels);
            return;
        }
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
        if channels >= 3 && transfer.is_srgb() {
            LIGHT_U16.apply(codes.as_flattened(), rgb.as_flattened_mut());
            return;
        }
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
        if transfer.is_srgb() {
            CODES_U16.apply_rounded(rgb.as_flattened(), codes.as_flattened_mut());
            join(codes, alpha, pixels, channels);
            return;
        }
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
        if channels >= 3 && transfer.is_srgb() {
            apply(&LIGHT, linear_from_srgb, samples.as_flattened(), rgb.as_flattened_mut());
            return;
        }
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
        if transfer.is_srgb() {
            apply(&SAMPLES, srgb_from_linear, rgb.as_flattened(), samples.as_flattened_mut());
        } else {
            for channel in 0..3 {
                encode(&rgb[channel], transfer.curve(channel), &mut samples[channel]);
            }
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

/// A curve by its power, and by its formula what that does not know.
#[inline(always)]
fn apply<const N: usize>(power: &Power<N>, formula: impl Fn(f32) -> f32, from: &[f32], to: &mut [f32]) {
    if power.apply(from, to) {
        for (from, to) in from.iter().zip(to) {
            *to = if power.knows(*from) { *to } else { formula(*from) };
        }
    }
}
