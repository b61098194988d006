//! CIE L*a*b* (D65, 2°) from and to linear sRGB, and the way back into the gamut along constant lightness and hue.

use super::curve::cbrt;
use super::dispatch::fast_path;
use super::{BLOCK, Lane, Transfer};
use crate::color::curve::{linear_from_srgb, srgb_from_linear};

/// Rows of XYZ from linear sRGB (ITU-R BT.709 primaries), each divided by its own sum: so white is (1, 1, 1) and
/// gray has exactly no chroma.
pub const X_FROM_RGB: [f32; 3] = normalised([0.412_453, 0.357_580, 0.180_423]);
/// See `X_FROM_RGB`.
pub const Y_FROM_RGB: [f32; 3] = normalised([0.212_671, 0.715_160, 0.072_169]);
/// See `X_FROM_RGB`.
pub const Z_FROM_RGB: [f32; 3] = normalised([0.019_334, 0.119_193, 0.950_227]);

/// Linear RGB = Y + these · (X − Y, Z − Y): the inverse of the three rows above, with its rows' sum of 1 used up.
const RGB_FROM_DX_DZ: [[f32; 2]; 3] = inverse_without_y();

/// Where the cube root gives way to a straight line.
const TOE: f32 = 216.0 / 24_389.0;
const TOE_ROOT: f32 = 6.0 / 29.0;
const TOE_SLOPE: f32 = 841.0 / 108.0;
const TOE_OFFSET: f32 = 4.0 / 29.0;

/// Halvings of the chroma interval: a 16384th of the chroma is far below one 16-bit code.
const GAMUT_STEPS: usize = 14;
/// Rounding room at the gamut's border, worth less than 5e-4 of L. Without it a colour on the border that rounds to
/// the outside could lose much chroma: the border is hollow there (yellow), and the search ends at its near side.
const ROOM_ABOVE: f32 = 1e-5;
/// See `ROOM_ABOVE`; below zero it is a constant and a share of the luminance.
const ROOM_BELOW: [f32; 2] = [3e-7, 1e-5];

const fn sum_of(row: [f64; 3]) -> f64 {
    row[0] + row[1] + row[2]
}

const fn normalised(row: [f64; 3]) -> [f32; 3] {
    let sum = sum_of(row);
    [(row[0] / sum) as f32, (row[1] / sum) as f32, (row[2] / sum) as f32]
}

const fn inverse_without_y() -> [[f32; 2]; 3] {
    const fn widened(row: [f32; 3]) -> [f64; 3] {
        [row[0] as f64, row[1] as f64, row[2] as f64]
    }
    let (x, y, z) = (widened(X_FROM_RGB), widened(Y_FROM_RGB), widened(Z_FROM_RGB));
    const fn minor(p: [f64; 3], q: [f64; 3], i: usize, j: usize) -> f64 {
        p[i] * q[j] - p[j] * q[i]
    }
    let det = x[0] * minor(y, z, 1, 2) - x[1] * minor(y, z, 0, 2) + x[2] * minor(y, z, 0, 1);
    [
        [(minor(y, z, 1, 2) / det) as f32, (minor(x, y, 1, 2) / det) as f32],
        [(-minor(y, z, 0, 2) / det) as f32, (-minor(x, y, 0, 2) / det) as f32],
        [(minor(y, z, 0, 1) / det) as f32, (minor(x, y, 0, 1) / det) as f32],
    ]
}

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

#[inline(always)]
fn light_from_root(f: f32) -> f32 {
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
pub fn chroma_from_linear(r: f32, g: f32, b: f32, fy: f32) -> (f32, f32) {
    let fx = root_from_light(dot(X_FROM_RGB, r, g, b));
    let fz = root_from_light(dot(Z_FROM_RGB, r, g, b));
    (500.0 * (fx - fy), 200.0 * (fy - fz))
}

#[inline(always)]
fn linear_from_parts(y: f32, fy: f32, a: f32, b: f32) -> (f32, f32, f32) {
    let dx = light_from_root(fy + a * (1.0 / 500.0)) - y;
    let dz = light_from_root(fy - b * (1.0 / 200.0)) - y;
    let channel = |c: [f32; 2]| y + c[0] * dx + c[1] * dz;
    (channel(RGB_FROM_DX_DZ[0]), channel(RGB_FROM_DX_DZ[1]), channel(RGB_FROM_DX_DZ[2]))
}

#[inline(always)]
fn is_inside(rgb: (f32, f32, f32), y: f32, limit: f32) -> bool {
    let low = rgb.0.min(rgb.1).min(rgb.2);
    let high = rgb.0.max(rgb.1).max(rgb.2);
    (low >= -(ROOM_BELOW[0] + ROOM_BELOW[1] * y)) & (high <= limit + ROOM_ABOVE)
}

/// Linear RGB of a block of luminance `y`, its compressed form `fy`, and chroma `a`, `b`.
///
/// Colours outside 0..`limit` lose chroma, at the same luminance and hue angle, until they fit; where even gray does
/// not fit (negative or very bright luminance) gray is the result. `rgb` receives the three channels.
#[inline(always)]
pub fn linear_from_lab(y: &Lane, fy: &Lane, a: &Lane, b: &Lane, limit: f32, rgb: &mut [Lane; 3]) {
    let [red, green, blue] = rgb;
    let mut outside = 0_u32;
    for i in 0..BLOCK {
        let color = linear_from_parts(y[i], fy[i], a[i], b[i]);
        outside += u32::from(!is_inside(color, y[i], limit));
        (red[i], green[i], blue[i]) = color;
    }
    if outside > 0 {
        reduce_chroma(y, fy, a, b, limit, [red, green, blue]);
    }
    for i in 0..BLOCK {
        let (low, high) = (y[i].min(0.0), y[i].max(limit));
        red[i] = red[i].max(low).min(high);
        green[i] = green[i].max(low).min(high);
        blue[i] = blue[i].max(low).min(high);
    }
}

/// Finds by bisection the largest share of the chroma that fits, for every pixel of the block at once.
#[inline(always)]
fn reduce_chroma(y: &Lane, fy: &Lane, a: &Lane, b: &Lane, limit: f32, rgb: [&mut Lane; 3]) {
    let mut low = [0.0_f32; BLOCK];
    let mut high = [1.0_f32; BLOCK];
    for i in 0..BLOCK {
        if is_inside((rgb[0][i], rgb[1][i], rgb[2][i]), y[i], limit) {
            low[i] = 1.0;
        }
    }
    for _ in 0..GAMUT_STEPS {
        for i in 0..BLOCK {
            let middle = 0.5 * (low[i] + high[i]);
            let inside = is_inside(linear_from_parts(y[i], fy[i], middle * a[i], middle * b[i]), y[i], limit);
            low[i] = if inside { middle } else { low[i] };
            high[i] = if inside { high[i] } else { middle };
        }
    }
    for i in 0..BLOCK {
        let share = low[i];
        let color = linear_from_parts(y[i], fy[i], share * a[i], share * b[i]);
        rgb[0][i] = if share > 0.0 { color.0 } else { y[i] };
        rgb[1][i] = if share > 0.0 { color.1 } else { y[i] };
        rgb[2][i] = if share > 0.0 { color.2 } else { y[i] };
    }
}

fast_path! {
    /// Lab of `[r, g, b]` triples with the sRGB curve, 0 to 1. `L` is 0 to 100; gray has a = b = 0.
    pub fn lab_from_rgb<>(rgb: &[[f32; 3]], lab: &mut [[f32; 3]]) = lab_from_rgb_body;
}

#[inline(always)]
fn lab_from_rgb_body(rgb: &[[f32; 3]], lab: &mut [[f32; 3]]) {
    for (rgb, lab) in rgb.iter().zip(lab) {
        let [r, g, b] = rgb.map(linear_from_srgb);
        let fy = root_from_light(dot(Y_FROM_RGB, r, g, b));
        let chroma = chroma_from_linear(r, g, b, fy);
        *lab = [lightness_from_root(fy), chroma.0, chroma.1];
    }
}

fast_path! {
    /// `[r, g, b]` triples with the sRGB curve, within 0 to 1, of Lab triples: chroma is reduced where it does not
    /// fit, `L` is taken as 0 to 100.
    pub fn rgb_from_lab<>(lab: &[[f32; 3]], rgb: &mut [[f32; 3]]) = rgb_from_lab_body;
}

#[inline(always)]
fn rgb_from_lab_body(lab: &[[f32; 3]], rgb: &mut [[f32; 3]]) {
    let mut lanes = [[0.0_f32; BLOCK]; 4];
    let mut linear = [[0.0_f32; BLOCK]; 3];
    for (lab, rgb) in lab.chunks(BLOCK).zip(rgb.chunks_mut(BLOCK)) {
        let [y, fy, a, b] = &mut lanes;
        for (i, lab) in lab.iter().enumerate() {
            let lightness = if lab[0] > 0.0 { lab[0].min(100.0) } else { 0.0 };
            fy[i] = (lightness + 16.0) * (1.0 / 116.0);
            y[i] = light_from_root(fy[i]).clamp(0.0, 1.0);
            a[i] = finite(lab[1]);
            b[i] = finite(lab[2]);
        }
        linear_from_lab(y, fy, a, b, Transfer::Srgb.limit(), &mut linear);
        for (i, rgb) in rgb.iter_mut().enumerate() {
            *rgb = [linear[0][i], linear[1][i], linear[2][i]].map(srgb_from_linear);
        }
    }
}

/// Chroma that is no number, or beyond anything a colour can have, counts as none.
#[inline(always)]
pub fn finite(chroma: f32) -> f32 {
    if chroma.abs() < 1e4 { chroma } else { 0.0 }
}
