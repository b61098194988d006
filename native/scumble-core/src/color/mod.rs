//! Colour: samples to lightness, and lightness with Lab chroma back to samples, a block of pixels at a time.

mod ahead;
mod bounds;
mod codes;
mod convert;
mod curve;
mod dispatch;
mod gamut;
mod interleaved;
mod kernel;
mod lab;
mod power;
mod primaries;
mod profile;
mod queue;
mod recolor;
mod sample;
mod search;
#[cfg(test)]
mod tests;
mod tone;
mod transfer;
mod triples;

pub use convert::{ByProfiles, convert_row};
pub(crate) use curve::{cbrt as cube_root, linear_from_srgb, srgb_from_linear};
#[cfg(target_arch = "x86_64")]
pub(crate) use dispatch::{Level, level};
pub(crate) use dispatch::{Once, Plain, fast_path};
pub use kernel::{Chroma, PlaneRows, Row, Weight, chroma_row, lightness_row};
pub(crate) use lab::{CHROMA_LIMIT, finite};
pub use profile::Profile;
pub use recolor::recolor_row;
pub use sample::{Sample, Scratch};
pub use transfer::Transfer;
pub use triples::{lab_from_rgb, rgb_from_lab};

/// Pixels worked on together: large enough to fill vector registers, small enough to stay in the nearest cache.
pub const BLOCK: usize = 128;

/// Adding this to a float of 0 to 2^22 leaves its rounded value in the low bits: a conversion that vectorises.
const ROUNDER: f32 = 8_388_608.0;

/// One value for each pixel of a block.
pub type Lane = [f32; BLOCK];

/// Lanes that begin where lines of the cache do: vectors that straddle two are slow to write and to read again.
#[repr(align(64))]
struct Lanes<const N: usize>([Lane; N]);

impl<const N: usize> Lanes<N> {
    /// Zeros.
    #[inline(always)]
    const fn new() -> Self {
        Self([[0.0; BLOCK]; N])
    }
}
