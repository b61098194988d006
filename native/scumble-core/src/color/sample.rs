//! The four kinds of samples, each decoded to light and encoded from light a block at a time.

use std::sync::LazyLock;

use half::f16;

use super::Lane;
use super::curve::{Transfer, linear_from_srgb, linear_from_srgb_exact, srgb_from_linear, srgb_from_linear_exact};

/// A kind of sample that pictures are made of.
pub trait Sample: Copy + PartialEq + Send + Sync + 'static {
    /// Decodes one channel of interleaved pixels to light (0 black, 1 white).
    fn load(pixels: &[Self], channels: usize, channel: usize, transfer: Transfer, lane: &mut Lane);

    /// Whether the sample, as alpha, leaves nothing of the ground.
    fn is_full(self) -> bool;

    /// Encodes light into one channel of interleaved pixels; integers round to nearest and saturate.
    fn store(lane: &Lane, transfer: Transfer, pixels: &mut [Self], channels: usize, channel: usize);
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

fn table<const N: usize>(transfer: Transfer, value: impl Fn(usize) -> f64) -> Box<[f32; N]> {
    let mut table = Box::new([0.0; N]);
    for (i, entry) in table.iter_mut().enumerate() {
        let value = value(i);
        *entry = match transfer {
            Transfer::Srgb => linear_from_srgb_exact(value) as f32,
            Transfer::Linear => value as f32,
        };
    }
    table
}

/// One table for each transfer, made at first use.
struct Tables<const N: usize> {
    srgb: LazyLock<Box<[f32; N]>>,
    linear: LazyLock<Box<[f32; N]>>,
}

impl<const N: usize> Tables<N> {
    fn of(&self, transfer: Transfer) -> &[f32; N] {
        match transfer {
            Transfer::Srgb => &self.srgb,
            Transfer::Linear => &self.linear,
        }
    }
}

static LIGHT_U8: Tables<256> = Tables {
    srgb: LazyLock::new(|| table(Transfer::Srgb, |i| i as f64 / 255.0)),
    linear: LazyLock::new(|| table(Transfer::Linear, |i| i as f64 / 255.0)),
};
static LIGHT_U16: Tables<65536> = Tables {
    srgb: LazyLock::new(|| table(Transfer::Srgb, |i| i as f64 / 65535.0)),
    linear: LazyLock::new(|| table(Transfer::Linear, |i| i as f64 / 65535.0)),
};
static LIGHT_F16: Tables<65536> = Tables {
    srgb: LazyLock::new(|| table(Transfer::Srgb, |i| f16::from_bits(i as u16).to_f64())),
    linear: LazyLock::new(|| table(Transfer::Linear, |i| f16::from_bits(i as u16).to_f64())),
};

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

fn codes(encode: impl Fn(f64) -> f64) -> Box<[u8; CODES]> {
    let mut codes = Box::new([255; CODES]);
    for (step, code) in codes.iter_mut().enumerate() {
        let bits = DARKEST.to_bits() + ((step as u32) << STEP_BITS);
        let middle = f32::from_bits(bits + (1 << (STEP_BITS - 1)));
        *code = (encode(f64::from(middle)) * 255.0).round() as u8;
    }
    codes
}

static SRGB_CODES: LazyLock<Box<[u8; CODES]>> = LazyLock::new(|| codes(srgb_from_linear_exact));
static LINEAR_CODES: LazyLock<Box<[u8; CODES]>> = LazyLock::new(|| codes(|light| light));

impl Sample for u8 {
    #[inline(always)]
    fn is_full(self) -> bool {
        self == Self::MAX
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, channel: usize, transfer: Transfer, lane: &mut Lane) {
        let light = LIGHT_U8.of(transfer);
        map_load(pixels, channels, channel, lane, |code| light[code as usize]);
    }

    #[inline(always)]
    fn store(lane: &Lane, transfer: Transfer, pixels: &mut [Self], channels: usize, channel: usize) {
        let codes: &[u8; CODES] = match transfer {
            Transfer::Srgb => &SRGB_CODES,
            Transfer::Linear => &LINEAR_CODES,
        };
        let mut index = [0; super::BLOCK];
        for (index, light) in index.iter_mut().zip(lane) {
            *index = code_index(*light);
        }
        for (pixel, index) in pixels.chunks_exact_mut(channels).zip(index) {
            pixel[channel] = codes[index as usize % CODES];
        }
    }
}

impl Sample for u16 {
    #[inline(always)]
    fn is_full(self) -> bool {
        self == Self::MAX
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, channel: usize, transfer: Transfer, lane: &mut Lane) {
        let light = LIGHT_U16.of(transfer);
        map_load(pixels, channels, channel, lane, |code| light[code as usize]);
    }

    #[inline(always)]
    fn store(lane: &Lane, transfer: Transfer, pixels: &mut [Self], channels: usize, channel: usize) {
        let code = |value: f32| rounded(unit(value) * 65535.0) as u16;
        let lane = encoded(lane, transfer);
        map_store(&lane, pixels, channels, channel, code);
    }
}

impl Sample for f16 {
    #[inline(always)]
    fn is_full(self) -> bool {
        self >= Self::ONE
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, channel: usize, transfer: Transfer, lane: &mut Lane) {
        let light = LIGHT_F16.of(transfer);
        map_load(pixels, channels, channel, lane, |code| light[code.to_bits() as usize]);
    }

    #[inline(always)]
    fn store(lane: &Lane, transfer: Transfer, pixels: &mut [Self], channels: usize, channel: usize) {
        use half::slice::HalfFloatSliceExt;
        let mut halves = [f16::ZERO; super::BLOCK];
        halves.convert_from_f32_slice(&encoded(lane, transfer));
        for (pixel, half) in pixels.chunks_exact_mut(channels).zip(halves) {
            pixel[channel] = half;
        }
    }
}

impl Sample for f32 {
    #[inline(always)]
    fn is_full(self) -> bool {
        self >= 1.0
    }

    #[inline(always)]
    fn load(pixels: &[Self], channels: usize, channel: usize, transfer: Transfer, lane: &mut Lane) {
        map_load(pixels, channels, channel, lane, |value| value);
        if transfer == Transfer::Srgb {
            lane.iter_mut().for_each(|value| *value = linear_from_srgb(*value));
        }
    }

    #[inline(always)]
    fn store(lane: &Lane, transfer: Transfer, pixels: &mut [Self], channels: usize, channel: usize) {
        map_store(&encoded(lane, transfer), pixels, channels, channel, |value| value);
    }
}

#[inline(always)]
fn encoded(lane: &Lane, transfer: Transfer) -> Lane {
    let mut encoded = *lane;
    if transfer == Transfer::Srgb {
        encoded.iter_mut().for_each(|value| *value = srgb_from_linear(*value));
    }
    encoded
}
