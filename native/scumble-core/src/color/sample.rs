//! The four kinds of samples, each decoded to light and encoded from light a block at a time.

use std::sync::LazyLock;

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::curve::{linear_from_srgb, linear_from_srgb_exact, srgb_from_linear, srgb_from_linear_exact};
use super::interleaved::{colors, join, split};
use super::segments::Segments;
use super::tone::Tone;
use super::transfer::{Curve, Transfer};
use super::{BLOCK, Lane};

/// A kind of sample that pictures are made of.
pub trait Sample: Copy + PartialEq + Send + Sync + 'static {
    /// Whether samples may go beyond 1.
    const IS_FLOAT: bool;
    /// The sample without light.
    const BLACK: Self;

    /// Whether the sample, as alpha, leaves nothing of the ground.
    fn is_full(self) -> bool;

    /// Decodes the colour of `BLOCK` interleaved pixels to light (0 black, 1 white): gray into the first lane alone.
    fn load(pixels: &[Self], channels: usize, transfer: Transfer<'_>, rgb: &mut [Lane; 3]);

    /// Encodes light into `BLOCK` interleaved pixels of 3 channels, or of 4 with this alpha; integers round to nearest
    /// and saturate.
    fn store(rgb: &[Lane; 3], transfer: Transfer<'_>, alpha: &[Self; BLOCK], pixels: &mut [Self], channels: usize);
}

/// Adding this to a float of 0 to 2^22 leaves its rounded value in the low bits: a conversion that vectorises.
const ROUNDER: f32 = 8_388_608.0;

#[inline(always)]
fn rounded(value: f32) -> u32 {
    (value + ROUNDER).to_bits() & 0x7f_ffff
}

/// A value from 0 to 1; NaN is 0.
#[inline(always)]
fn unit(value: f32) -> f32 {
    if value > 0.0 { value.min(1.0) } else { 0.0 }
}

/// 2^-5 and 2^-8: the halves of octaves in which the curve's knees lie.
const DECODING: (f32, f32, f64) = (0.031_25, 0.040_45, 1.0 / 12.92);
const ENCODING: (f32, f32, f64) = (0.003_906_25, 0.003_130_8, 12.92);

/// Light of samples, to 5e-7 of it.
static LIGHT: LazyLock<Segments<5>> =
    LazyLock::new(|| Segments::new(linear_from_srgb_exact, DECODING.0, DECODING.1, DECODING.2));

/// Samples of light, `top` times: so exact that codes are, with 4 coefficients to a 200th of an 8-bit code and with 6
/// to a 50th of a 16-bit one.
fn srgb_segments<const N: usize>(top: f64) -> Segments<N> {
    Segments::new(|light| srgb_from_linear_exact(light) * top, ENCODING.0, ENCODING.1, ENCODING.2 * top)
}

static SAMPLES: LazyLock<Segments<6>> = LazyLock::new(|| srgb_segments(1.0));
static CODES_U8: LazyLock<Segments<4>> = LazyLock::new(|| srgb_segments(255.0));
static CODES_U16: LazyLock<Segments<6>> = LazyLock::new(|| srgb_segments(65535.0));

impl Sample for u8 {
    const IS_FLOAT: bool = false;
    const BLACK: Self = 0;

    #[inline(always)]
    fn is_full(self) -> bool {
        self == Self::MAX
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, transfer: Transfer<'_>, rgb: &mut [Lane; 3]) {
        let mut codes = [[0; BLOCK]; 3];
        split(pixels, channels, &mut codes);
        for channel in 0..colors(channels) {
            let (codes, lane) = (&codes[channel], &mut rgb[channel]);
            if let Curve::Tone(tone) = transfer.curve(channel) {
                let light = tone.light_u8();
                for i in 0..BLOCK {
                    lane[i] = light[usize::from(codes[i])];
                }
                continue;
            }
            for i in 0..BLOCK {
                lane[i] = f32::from(codes[i]) * (1.0 / 255.0);
            }
            if let Curve::Srgb = transfer.curve(channel) {
                LIGHT.apply(lane);
            }
        }
    }

    #[inline(always)]
    fn store(rgb: &[Lane; 3], transfer: Transfer<'_>, alpha: &[Self; BLOCK], pixels: &mut [Self], channels: usize) {
        let mut codes = [[0; BLOCK]; 3];
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
            let mut lane = [0.0; BLOCK];
            for i in 0..BLOCK {
                lane[i] = unit(rgb[channel][i]);
            }
            let top = match transfer.curve(channel) {
                Curve::Srgb => {
                    CODES_U8.apply(&mut lane);
                    1.0
                }
                _ => 255.0,
            };
            for i in 0..BLOCK {
                codes[i] = rounded(lane[i] * top) as u8;
            }
        }
        join(&codes, alpha, pixels, channels);
    }
}

impl Sample for u16 {
    const IS_FLOAT: bool = false;
    const BLACK: Self = 0;

    #[inline(always)]
    fn is_full(self) -> bool {
        self == Self::MAX
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, transfer: Transfer<'_>, rgb: &mut [Lane; 3]) {
        let mut codes = [[0; BLOCK]; 3];
        split(pixels, channels, &mut codes);
        for channel in 0..colors(channels) {
            let (codes, lane) = (&codes[channel], &mut rgb[channel]);
            if let Curve::Tone(tone) = transfer.curve(channel) {
                let light = tone.light_u16();
                for i in 0..BLOCK {
                    lane[i] = light[usize::from(codes[i])];
                }
                continue;
            }
            for i in 0..BLOCK {
                lane[i] = f32::from(codes[i]) * (1.0 / 65535.0);
            }
            if let Curve::Srgb = transfer.curve(channel) {
                LIGHT.apply(lane);
            }
        }
    }

    #[inline(always)]
    fn store(rgb: &[Lane; 3], transfer: Transfer<'_>, alpha: &[Self; BLOCK], pixels: &mut [Self], channels: usize) {
        let mut codes = [[0; BLOCK]; 3];
        for (channel, codes) in codes.iter_mut().enumerate() {
            let mut lane = rgb[channel];
            let mut top = 65535.0;
            match transfer.curve(channel) {
                Curve::Srgb => {
                    for value in &mut lane {
                        *value = unit(*value);
                    }
                    CODES_U16.apply(&mut lane);
                    top = 1.0;
                }
                curve => {
                    encode(&mut lane, curve);
                    for value in &mut lane {
                        *value = unit(*value);
                    }
                }
            }
            for i in 0..BLOCK {
                codes[i] = rounded(lane[i] * top) as u16;
            }
        }
        join(&codes, alpha, pixels, channels);
    }
}

impl Sample for f16 {
    const IS_FLOAT: bool = true;
    const BLACK: Self = Self::ZERO;

    #[inline(always)]
    fn is_full(self) -> bool {
        self >= Self::ONE
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, transfer: Transfer<'_>, rgb: &mut [Lane; 3]) {
        let mut halves = [[Self::ZERO; BLOCK]; 3];
        split(pixels, channels, &mut halves);
        for channel in 0..colors(channels) {
            halves[channel].convert_to_f32_slice(&mut rgb[channel]);
            decode(&mut rgb[channel], transfer.curve(channel));
        }
    }

    #[inline(always)]
    fn store(rgb: &[Lane; 3], transfer: Transfer<'_>, alpha: &[Self; BLOCK], pixels: &mut [Self], channels: usize) {
        let mut halves = [[Self::ZERO; BLOCK]; 3];
        for (channel, halves) in halves.iter_mut().enumerate() {
            let mut lane = rgb[channel];
            encode(&mut lane, transfer.curve(channel));
            halves.convert_from_f32_slice(&lane);
        }
        join(&halves, alpha, pixels, channels);
    }
}

impl Sample for f32 {
    const IS_FLOAT: bool = true;
    const BLACK: Self = 0.0;

    #[inline(always)]
    fn is_full(self) -> bool {
        self >= 1.0
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, transfer: Transfer<'_>, rgb: &mut [Lane; 3]) {
        split(pixels, channels, rgb);
        for channel in 0..colors(channels) {
            decode(&mut rgb[channel], transfer.curve(channel));
        }
    }

    #[inline(always)]
    fn store(rgb: &[Lane; 3], transfer: Transfer<'_>, alpha: &[Self; BLOCK], pixels: &mut [Self], channels: usize) {
        let mut samples = *rgb;
        for (channel, lane) in samples.iter_mut().enumerate() {
            encode(lane, transfer.curve(channel));
        }
        join(&samples, alpha, pixels, channels);
    }
}

/// Float samples to light, those beyond white by the curve's own formula.
#[inline(always)]
fn decode(lane: &mut Lane, curve: Curve<'_>) {
    match curve {
        Curve::Srgb => apply(&LIGHT, linear_from_srgb, lane),
        Curve::Linear => (),
        Curve::Tone(tone) => {
            for value in lane {
                *value = tone.light(*value);
            }
        }
    }
}

/// Light to float samples, likewise.
#[inline(always)]
fn encode(lane: &mut Lane, curve: Curve<'_>) {
    match curve {
        Curve::Srgb => apply(&SAMPLES, srgb_from_linear, lane),
        Curve::Linear => (),
        Curve::Tone(tone) => {
            for value in lane {
                *value = tone.sample(*value);
            }
        }
    }
}

#[inline(always)]
fn apply<const N: usize>(segments: &Segments<N>, formula: impl Fn(f32) -> f32, lane: &mut Lane) {
    let mut beyond = 0_u32;
    for value in lane.iter() {
        beyond += u32::from(value.abs() > 1.0);
    }
    let before = *lane;
    segments.apply(lane);
    if beyond > 0 {
        for (value, before) in lane.iter_mut().zip(before) {
            *value = if before.abs() > 1.0 { formula(before) } else { *value };
        }
    }
}
