//! Colour: samples to lightness, and lightness with Lab chroma back to samples, a block of pixels at a time.

mod curve;
mod dispatch;
mod kernel;
mod lab;
mod sample;
#[cfg(test)]
mod tests;

pub use curve::Transfer;
pub(crate) use curve::{cbrt as cube_root, linear_from_srgb, srgb_from_linear};
pub(crate) use dispatch::fast_path;
pub use kernel::{Chroma, PlaneRows, Row, Weight, chroma_row, lightness_row, recolor_row};
pub(crate) use lab::finite;
pub use lab::{lab_from_rgb, rgb_from_lab};
pub use sample::Sample;

/// Pixels worked on together: large enough to fill vector registers, small enough to stay in the nearest cache.
pub const BLOCK: usize = 128;

/// One value for each pixel of a block.
pub type Lane = [f32; BLOCK];
