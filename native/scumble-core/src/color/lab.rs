//! CIE L*a*b* (D65, 2°) from and to linear light.

use super::curve::cbrt;
use super::primaries::Primaries;

/// Where the cube root gives way to a straight line: its light, its root, and that line.
pub const TOE: f32 = 216.0 / 24_389.0;
/// The half of an octave in which it lies.
pub const TOE_START: f32 = 0.007_812_5;
pub const TOE_ROOT: f32 = 6.0 / 29.0;
pub const TOE_SLOPE: f32 = 841.0 / 108.0;
pub const TOE_OFFSET: f32 = 4.0 / 29.0;

/// The weighted sum of one row of a matrix.
#[inline(always)]
pub fn dot(row: [f32; 3], r: f32, g: f32, b: f32) -> f32 {
    row[0] * r + row[1] * g + row[2] * b
}

/// Lab's compression of X, Y or Z; a straight line for small and negative values.
#[inline(always)]
pub fn root_from_light(t: f32) -> f32 {
    let line = t * TOE_SLOPE + TOE_OFFSET;
    if t > TOE { cbrt(t) } else { line }
}

/// The inverse of `root_from_light`.
#[inline(always)]
pub fn light_from_root(f: f32) -> f32 {
    let line = (f - TOE_OFFSET) * (1.0 / TOE_SLOPE);
    if f > TOE_ROOT { f * f * f } else { line }
}

/// L (0 to 100) of the compressed luminance.
#[inline(always)]
pub fn lightness_from_root(fy: f32) -> f32 {
    116.0 * fy - 16.0
}

/// a and b of linear RGB, in place of nothing else: gray gives (0, 0).
#[inline(always)]
pub fn chroma_from_linear(p: &Primaries, r: f32, g: f32, b: f32, fy: f32) -> (f32, f32) {
    let fx = root_from_light(dot(p.x, r, g, b));
    let fz = root_from_light(dot(p.z, r, g, b));
    (500.0 * (fx - fy), 200.0 * (fy - fz))
}

/// Linear channels of a colour, whether or not it is one of the space.
#[inline(always)]
pub fn linear_from_parts(p: &Primaries, y: f32, fy: f32, a: f32, b: f32) -> [f32; 3] {
    let dx = light_from_root(fy + a * (1.0 / 500.0)) - y;
    let dz = light_from_root(fy - b * (1.0 / 200.0)) - y;
    p.back.map(|back| y + back[0] * dx + back[1] * dz)
}

/// Beyond anything a colour can have.
pub const CHROMA_LIMIT: f32 = 1e4;

/// Chroma that is no number, or beyond the limit, counts as none.
#[inline(always)]
pub fn finite(chroma: f32) -> f32 {
    if chroma.abs() < CHROMA_LIMIT { chroma } else { 0.0 }
}
