//! The four kinds of samples, each decoded to light and encoded from light a block at a time.

use std::sync::LazyLock;

use half::f16;

use super::Lane;
use super::curve::{linear_from_srgb, linear_from_srgb_exact, srgb_from_linear, srgb_from_linear_exact};
use super::tone::Tone;
use super::transfer::{Curve, Transfer};

/// A kind of sample that pictures are made of.
pub trait Sample: Copy + PartialEq + Send + Sync + 'static {
    /// Whether samples may go beyond 1.
    const IS_FLOAT: bool;

    /// Decodes one channel of interleaved pixels to light (0 black, 1 white).
    fn load(pixels: &[Self], channels: usize, channel: usize, transfer: Transfer<'_>, lane: &mut Lane);

    /// Whether the sample, as alpha, leaves nothing of the ground.
    fn is_full(self) -> bool;

    /// Encodes light into one channel of interleaved pixels; integers round to nearest and saturate.
    fn store(lane: &Lane, transfer: Transfer<'_>, pixels: &mut [Self], channels: usize, channel: usize);
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

#[inline(always)]
fn map_load<S: Copy>(pixels: &[S], channels: usize, channel: usize, lane: &mut Lane, light: impl Fn(S) -> f32) {
    for (pixel, value) in pixels.chunks_exact(channels).zip(lane) {
        *value = light(pixel[channel]);
    }
}

#[inline(always)]
fn map_store<S: Copy>(lane: &Lane, pixels: &mut [S], channels: usize, channel: usize, code: impl Fn(f32) -> S) {
    for (pixel, value) in pixels.chunks_exact_mut(channels).zip(lane) {
        pixel[channel] = code(*value);
    }
}

fn srgb_table<const N: usize>(value: impl Fn(usize) -> f64) -> Box<[f32; N]> {
    let mut table = Box::new([0.0; N]);
    table.iter_mut().enumerate().for_each(|(i, entry)| *entry = linear_from_srgb_exact(value(i)) as f32);
    table
}

static SRGB_U8: LazyLock<Box<[f32; 256]>> = LazyLock::new(|| srgb_table(|i| i as f64 / 255.0));
static SRGB_U16: LazyLock<Box<[f32; 65536]>> = LazyLock::new(|| srgb_table(|i| i as f64 / 65535.0));
static SRGB_F16: LazyLock<Box<[f32; 65536]>> = LazyLock::new(|| srgb_table(|i| f16::from_bits(i as u16).to_f64()));

/// 8-bit codes by the leading bits of light as a float: 1024 steps in each of the 15 octaves below white, so that an
/// entry is never more than a 15th of a code away. Darker light is code 0.
const STEP_BITS: u32 = 13;
const DARKEST: f32 = 1.0 / 32768.0;
const CODES: usize = 16384;

#[inline(always)]
fn code_index(light: f32) -> u32 {
    let light = if light > DARKEST { light.min(1.0) } else { DARKEST };
    (light.to_bits() >> STEP_BITS) - (DARKEST.to_bits() >> STEP_BITS)
}

static SRGB_CODES: LazyLock<Box<[u8; CODES]>> = LazyLock::new(|| {
    let mut codes = Box::new([255; CODES]);
    for (step, code) in codes.iter_mut().enumerate() {
        let bits = DARKEST.to_bits() + ((step as u32) << STEP_BITS);
        let middle = f32::from_bits(bits + (1 << (STEP_BITS - 1)));
        *code = (srgb_from_linear_exact(f64::from(middle)) * 255.0).round() as u8;
    }
    codes
});

impl Sample for u8 {
    const IS_FLOAT: bool = false;

    #[inline(always)]
    fn is_full(self) -> bool {
        self == Self::MAX
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, channel: usize, transfer: Transfer<'_>, lane: &mut Lane) {
        match transfer.curve(channel) {
            Curve::Srgb => {
                let light: &[f32; 256] = &SRGB_U8;
                map_load(pixels, channels, channel, lane, |code| light[code as usize]);
            }
            Curve::Linear => map_load(pixels, channels, channel, lane, |code| f32::from(code) * (1.0 / 255.0)),
            Curve::Tone(tone) => {
                let light = tone.light_u8();
                map_load(pixels, channels, channel, lane, |code| light[code as usize]);
            }
        }
    }

    #[inline(always)]
    fn store(lane: &Lane, transfer: Transfer<'_>, pixels: &mut [Self], channels: usize, channel: usize) {
        match transfer.curve(channel) {
            Curve::Srgb => {
                let codes: &[u8; CODES] = &SRGB_CODES;
                store_codes(&lane.map(code_index), pixels, channels, channel, |index| codes[index as usize % CODES]);
            }
            Curve::Linear => {
                map_store(lane, pixels, channels, channel, |light| rounded(unit(light) * 255.0) as u8);
            }
            Curve::Tone(tone) => {
                let codes = tone.codes();
                store_codes(&lane.map(Tone::code_index), pixels, channels, channel, |index| codes[index as usize]);
            }
        }
    }
}

/// Looks codes up once all their places are known, which are found by vector code.
#[inline(always)]
fn store_codes(
    places: &[u32; super::BLOCK],
    pixels: &mut [u8],
    channels: usize,
    channel: usize,
    code: impl Fn(u32) -> u8,
) {
    for (pixel, place) in pixels.chunks_exact_mut(channels).zip(places) {
        pixel[channel] = code(*place);
    }
}

impl Sample for u16 {
    const IS_FLOAT: bool = false;

    #[inline(always)]
    fn is_full(self) -> bool {
        self == Self::MAX
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, channel: usize, transfer: Transfer<'_>, lane: &mut Lane) {
        match transfer.curve(channel) {
            Curve::Srgb => {
                let light: &[f32; 65536] = &SRGB_U16;
                map_load(pixels, channels, channel, lane, |code| light[code as usize]);
            }
            Curve::Linear => map_load(pixels, channels, channel, lane, |code| f32::from(code) * (1.0 / 65535.0)),
            Curve::Tone(tone) => {
                let light = tone.light_u16();
                map_load(pixels, channels, channel, lane, |code| light[code as usize]);
            }
        }
    }

    #[inline(always)]
    fn store(lane: &Lane, transfer: Transfer<'_>, pixels: &mut [Self], channels: usize, channel: usize) {
        let code = |value: f32| rounded(unit(value) * 65535.0) as u16;
        let lane = encoded(lane, transfer.curve(channel));
        map_store(&lane, pixels, channels, channel, code);
    }
}

impl Sample for f16 {
    const IS_FLOAT: bool = true;

    #[inline(always)]
    fn is_full(self) -> bool {
        self >= Self::ONE
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, channel: usize, transfer: Transfer<'_>, lane: &mut Lane) {
        if let Curve::Srgb = transfer.curve(channel) {
            let light: &[f32; 65536] = &SRGB_F16;
            map_load(pixels, channels, channel, lane, |code| light[code.to_bits() as usize]);
            return;
        }
        use half::slice::HalfFloatSliceExt;
        let mut halves = [Self::ZERO; super::BLOCK];
        for (pixel, half) in pixels.chunks_exact(channels).zip(&mut halves) {
            *half = pixel[channel];
        }
        halves.convert_to_f32_slice(lane);
        decode(lane, transfer.curve(channel));
    }

    #[inline(always)]
    fn store(lane: &Lane, transfer: Transfer<'_>, pixels: &mut [Self], channels: usize, channel: usize) {
        use half::slice::HalfFloatSliceExt;
        let mut halves = [f16::ZERO; super::BLOCK];
        halves.convert_from_f32_slice(&encoded(lane, transfer.curve(channel)));
        for (pixel, half) in pixels.chunks_exact_mut(channels).zip(halves) {
            pixel[channel] = half;
        }
    }
}

impl Sample for f32 {
    const IS_FLOAT: bool = true;

    #[inline(always)]
    fn is_full(self) -> bool {
        self >= 1.0
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, channel: usize, transfer: Transfer<'_>, lane: &mut Lane) {
        map_load(pixels, channels, channel, lane, |value| value);
        decode(lane, transfer.curve(channel));
    }

    #[inline(always)]
    fn store(lane: &Lane, transfer: Transfer<'_>, pixels: &mut [Self], channels: usize, channel: usize) {
        map_store(&encoded(lane, transfer.curve(channel)), pixels, channels, channel, |value| value);
    }
}

#[inline(always)]
fn decode(lane: &mut Lane, curve: Curve<'_>) {
    match curve {
        Curve::Srgb => lane.iter_mut().for_each(|value| *value = linear_from_srgb(*value)),
        Curve::Linear => (),
        Curve::Tone(tone) => lane.iter_mut().for_each(|value| *value = tone.light(*value)),
    }
}

#[inline(always)]
fn encoded(lane: &Lane, curve: Curve<'_>) -> Lane {
    let mut encoded = *lane;
    match curve {
        Curve::Srgb => encoded.iter_mut().for_each(|value| *value = srgb_from_linear(*value)),
        Curve::Linear => (),
        Curve::Tone(tone) => encoded.iter_mut().for_each(|value| *value = tone.sample(*value)),
    }
    encoded
}
