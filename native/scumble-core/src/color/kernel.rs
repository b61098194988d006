//! Row kernels: samples to lightness and to chroma; and what of pixels is told to the one that recolours them.

use std::sync::LazyLock;

use super::ahead::{AHEAD, fetch};
use super::bounds::unit;
use super::dispatch::fast_path;
use super::lab::{TOE, TOE_SLOPE, chroma_from_linear, dot, finite, root_from_light};
use super::power::{Power, Shape};
use super::primaries::Primaries;
use super::sample::{Sample, Scratch};
use super::transfer::Transfer;
use super::{BLOCK, Lane, Lanes};

/// Gives the wanted chroma of pixels in a row.
pub trait Chroma: Sync {
    /// Whether all that `fill` gives is `finite`.
    const IS_FINITE: bool = false;
    /// Whether `fill` looks at the lightness.
    const READS_LIGHTNESS: bool = true;

    /// Asks for what `fill` is going to read for so many pixels from column `x`, which may lie behind the end.
    #[inline(always)]
    fn read_soon(&self, _x: usize, _count: usize) {}

    /// Fills `a` and `b` for `count` pixels from column `x`; `lightness` (0 to 100) is theirs.
    fn fill(&self, x: usize, count: usize, lightness: &Lane, a: &mut Lane, b: &mut Lane);
}

/// Chroma that is known for every pixel of the row.
#[derive(Debug, Clone, Copy)]
pub struct PlaneRows<'a> {
    /// Lab a, one value a pixel.
    pub a: &'a [f32],
    /// Lab b, one value a pixel.
    pub b: &'a [f32],
}

impl Chroma for PlaneRows<'_> {
    const IS_FINITE: bool = true;
    const READS_LIGHTNESS: bool = false;

    #[inline(always)]
    fn read_soon(&self, x: usize, count: usize) {
        fetch::<false, _>(self.a.as_ptr(), x, count);
        fetch::<false, _>(self.b.as_ptr(), x, count);
    }

    #[inline(always)]
    fn fill(&self, x: usize, count: usize, _lightness: &Lane, a: &mut Lane, b: &mut Lane) {
        for (to, from) in [(a, self.a), (b, self.b)] {
            if let Some(from) = from[x..].first_chunk::<BLOCK>() {
                for i in 0..BLOCK {
                    to[i] = finite(from[i]);
                }
            } else {
                to.iter_mut().zip(&from[x..x + count]).for_each(|(to, from)| *to = finite(*from));
            }
        }
    }
}

/// How much of the new chroma a pixel takes: `strength` times its mask.
#[derive(Debug, Clone, Copy)]
pub struct Weight<'a> {
    /// 0 keeps the source's own chroma, 1 takes the new one.
    pub strength: f32,
    /// 0 keeps the pixel bit for bit, 255 takes the strength in full; one value a pixel.
    pub mask: Option<&'a [u8]>,
    /// Whether the new chroma is a change of the source's own, which stays beneath it.
    pub adds: bool,
}

impl Weight<'_> {
    /// Whether every pixel takes the new chroma alone.
    pub(crate) fn is_full(&self) -> bool {
        self.strength == 1.0 && self.mask.is_none() && !self.adds
    }

    #[inline(always)]
    pub(crate) fn fill(&self, x: usize, count: usize, lane: &mut Lane) {
        match self.mask {
            None => *lane = [self.strength; BLOCK],
            Some(mask) => {
                for (value, mask) in lane.iter_mut().zip(&mask[x..x + count]) {
                    *value = self.strength * (f32::from(*mask) * (1.0 / 255.0));
                }
            }
        }
    }
}

/// A row of interleaved pixels to read, and how to read it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a, S> {
    /// Interleaved samples.
    pub samples: &'a [S],
    /// Samples a pixel.
    pub channels: usize,
    /// What the samples mean.
    pub transfer: Transfer<'a>,
}

impl<S: Sample> Row<'_, S> {
    /// Asks for the samples of so many pixels from column `x`, which may lie behind the end.
    #[inline(always)]
    pub(super) fn read_soon(&self, x: usize, count: usize) {
        fetch::<false, _>(self.samples.as_ptr(), x * self.channels, count * self.channels);
    }

    /// Loads a block as light; gray fills all three channels. A last block of fewer pixels is filled up.
    #[inline(always)]
    pub(super) fn load(&self, x: usize, count: usize, scratch: &mut Scratch<S>, rgb: &mut [Lane; 3]) {
        let pixels = &self.samples[x * self.channels..(x + count) * self.channels];
        if count == BLOCK {
            self.load_block(pixels, scratch, rgb);
        } else {
            self.load_block(&filled_up(pixels), scratch, rgb);
        }
    }

    #[inline(always)]
    fn load_block(&self, pixels: &[S], scratch: &mut Scratch<S>, rgb: &mut [Lane; 3]) {
        // Constant channel counts let the compiler unroll the strided access.
        match self.channels {
            1 => S::load(pixels, 1, self.transfer, scratch, rgb),
            2 => S::load(pixels, 2, self.transfer, scratch, rgb),
            3 => S::load(pixels, 3, self.transfer, scratch, rgb),
            _ => S::load(pixels, 4, self.transfer, scratch, rgb),
        }
        if self.channels < 3 {
            rgb[1] = rgb[0];
            rgb[2] = rgb[0];
        }
        if let Transfer::Profile(profile) = self.transfer {
            profile.look_up(rgb, true);
        }
    }
}

/// Samples of a part of a block, at the beginning of a whole one.
#[inline(always)]
pub(super) fn filled_up<S: Sample>(samples: &[S]) -> [S; BLOCK * 4] {
    let mut whole = [S::BLACK; BLOCK * 4];
    whole[..samples.len()].copy_from_slice(samples);
    whole
}

/// Y of a block of light.
#[inline(always)]
pub(super) fn luminance(p: &Primaries, channels: usize, rgb: &[Lane; 3], y: &mut Lane) {
    if channels < 3 {
        *y = rgb[0];
    } else {
        for i in 0..BLOCK {
            y[i] = dot(p.y, rgb[0][i], rgb[1][i], rgb[2][i]);
        }
    }
}

fast_path! {
    /// L (0 to 100) of one row. Light above 1 counts as 1; negative light and NaN count as 0.
    pub fn lightness_row<S: Sample>(row: Row<'_, S>, lightness: &mut [f32]) = lightness_row_body;
}

#[inline(always)]
fn lightness_row_body<S: Sample>(row: Row<'_, S>, lightness: &mut [f32]) {
    let primaries = row.transfer.primaries();
    let mut scratch = Scratch::black();
    let Lanes(rgb) = &mut Lanes::<3>::new();
    let Lanes([y]) = &mut Lanes::<1>::new();
    for (block, out) in lightness.chunks_mut(BLOCK).enumerate() {
        let next = block * BLOCK + AHEAD;
        row.read_soon(next, BLOCK / 2);
        row.load(block * BLOCK, out.len(), &mut scratch, rgb);
        row.read_soon(next + BLOCK / 2, BLOCK / 2);
        luminance(primaries, row.channels, rgb, y);
        // A whole block is written where it belongs; its length being constant, this is one loop of vectors.
        if let Ok(out) = <&mut Lane>::try_from(&mut *out) {
            lightness_of(y, out);
        } else {
            let mut whole = [0.0; BLOCK];
            lightness_of(y, &mut whole);
            out.copy_from_slice(&whole[..out.len()]);
        }
    }
}

/// L of light, to 1e-4.
static LIGHTNESS: LazyLock<Power<7>> = LazyLock::new(|| {
    Power::new(Shape {
        exponent: 1.0 / 3.0,
        gain: 116.0,
        shift: 0.0,
        white: 1.0,
        top: 100.0,
        knee: TOE,
        slope: 116.0 * f64::from(TOE_SLOPE),
        start: 0.0,
        limit: 1.0,
    })
});

#[inline(always)]
fn lightness_of(y: &mut Lane, lightness: &mut Lane) {
    if LIGHTNESS.apply(y, lightness) {
        y.iter_mut().for_each(|light| *light = unit(*light));
        LIGHTNESS.apply(y, lightness);
    }
}

fast_path! {
    /// Lab a and b of one row, 0 for gray. Light outside `range` counts as its ends, NaN as the lower.
    pub fn chroma_row<S: Sample>(
        row: Row<'_, S>, range: (f32, f32), a: &mut [f32], b: &mut [f32],
    ) = chroma_row_body;
}

#[inline(always)]
fn chroma_row_body<S: Sample>(row: Row<'_, S>, range: (f32, f32), a: &mut [f32], b: &mut [f32]) {
    let primaries = row.transfer.primaries();
    let mut scratch = Scratch::black();
    let Lanes(rgb) = &mut Lanes::<3>::new();
    let Lanes([y, lane_a, lane_b]) = &mut Lanes::<3>::new();
    for (block, (a, b)) in a.chunks_mut(BLOCK).zip(b.chunks_mut(BLOCK)).enumerate() {
        if row.channels < 3 {
            a.fill(0.0);
            b.fill(0.0);
            continue;
        }
        row.load(block * BLOCK, a.len(), &mut scratch, rgb);
        rgb.iter_mut().flatten().for_each(|light| *light = light.max(range.0).min(range.1));
        luminance(primaries, row.channels, rgb, y);
        for i in 0..BLOCK {
            (lane_a[i], lane_b[i]) =
                chroma_from_linear(primaries, rgb[0][i], rgb[1][i], rgb[2][i], root_from_light(y[i]));
        }
        a.copy_from_slice(&lane_a[..a.len()]);
        b.copy_from_slice(&lane_b[..b.len()]);
    }
}

/// Writes a block, or the last pixels of a row, as float samples, three a pixel.
#[inline(always)]
pub(super) fn store_floats(rgb: &[Lane; 3], transfer: Transfer<'_>, scratch: &mut Scratch<f32>, samples: &mut [f32]) {
    if samples.len() == BLOCK * 3 {
        f32::store(rgb, transfer, scratch, samples, 3);
    } else {
        let mut whole = [0.0; BLOCK * 3];
        f32::store(rgb, transfer, scratch, &mut whole, 3);
        samples.copy_from_slice(&whole[..samples.len()]);
    }
}
