//! CIE L*a*b* (D65, 2°) from and to linear light.

use std::sync::LazyLock;

use super::Lane;
use super::curve::cbrt;
use super::dispatch::Rounding;
use super::power::{BELOW_TWO, Power, Shape};
use super::primaries::Primaries;

/// Where the cube root gives way to a straight line: its light, its root, and that line.
pub const TOE: f32 = 216.0 / 24_389.0;
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

/// The same, to 3e-7 of it.
static ROOT: LazyLock<Power<8>> = LazyLock::new(|| {
    Power::new(Shape {
        exponent: 1.0 / 3.0,
        gain: 1.0,
        shift: 0.0,
        white: 1.0,
        top: 1.0,
        knee: TOE,
        slope: f64::from(TOE_SLOPE),
        start: f64::from(TOE_OFFSET),
        limit: BELOW_TWO,
    })
});

/// `root_from_light` of a block, what is no finite number taken as 0; returns whether some are not within 0 to 2.
#[inline(always)]
pub fn roots_from_light(light: &Lane, roots: &mut Lane) -> bool {
    let is_beyond = ROOT.apply(light, roots);
    if is_beyond {
        for (root, light) in roots.iter_mut().zip(light) {
            if !ROOT.knows(*light) {
                *root = root_from_light(if light.is_finite() { *light } else { 0.0 });
            }
        }
    }
    is_beyond
}

/// The inverse of `root_from_light`.
#[inline(always)]
pub fn light_from_root<R: Rounding>(f: f32) -> f32 {
    let line = R::sum(f, 1.0 / TOE_SLOPE, -TOE_OFFSET / TOE_SLOPE);
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
    chroma_from_roots(fx, fy, fz)
}

/// a and b of the compressed X, Y and Z.
#[inline(always)]
pub fn chroma_from_roots(fx: f32, fy: f32, fz: f32) -> (f32, f32) {
    (500.0 * (fx - fy), 200.0 * (fy - fz))
}

/// Linear channels of a colour, whether or not it is one of the space.
#[inline(always)]
pub fn linear_from_parts<R: Rounding>(p: &Primaries, y: f32, fy: f32, a: f32, b: f32) -> [f32; 3] {
    let dx = light_from_root::<R>(R::sum(a, 1.0 / 500.0, fy)) - y;
    let dz = light_from_root::<R>(R::sum(b, -1.0 / 200.0, fy)) - y;
    p.back.map(|back| R::sum(back[1], dz, R::sum(back[0], dx, y)))
}

/// Beyond anything a colour can have.
pub const CHROMA_LIMIT: f32 = 1e4;

/// Chroma that is no number, or beyond the limit, counts as none.
#[inline(always)]
pub fn finite(chroma: f32) -> f32 {
    if chroma.abs() < CHROMA_LIMIT { chroma } else { 0.0 }
}
