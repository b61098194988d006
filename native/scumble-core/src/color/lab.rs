//! CIE L*a*b* (D65, 2°) from and to linear sRGB, and the way back into the gamut along constant lightness and hue.

use super::curve::cbrt;
use super::primaries::Primaries;
use super::{BLOCK, Lane};

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

#[inline(always)]
fn linear_from_parts(p: &Primaries, y: f32, fy: f32, a: f32, b: f32) -> (f32, f32, f32) {
    let dx = light_from_root(fy + a * (1.0 / 500.0)) - y;
    let dz = light_from_root(fy - b * (1.0 / 200.0)) - y;
    let channel = |c: [f32; 2]| y + c[0] * dx + c[1] * dz;
    (channel(p.back[0]), channel(p.back[1]), channel(p.back[2]))
}

#[inline(always)]
fn is_inside(rgb: (f32, f32, f32), y: f32, (least, most): (f32, f32)) -> bool {
    let low = rgb.0.min(rgb.1).min(rgb.2);
    let high = rgb.0.max(rgb.1).max(rgb.2);
    (low >= least - (ROOM_BELOW[0] + ROOM_BELOW[1] * y)) & (high <= most + ROOM_ABOVE)
}

/// What each channel of a pixel may be, least and most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// 0, or less where the pixel's own colour has less.
    pub least: &'a Lane,
    /// The space's limit, or more where the pixel's own colour has more.
    pub most: &'a Lane,
}

/// Linear channels of a block of luminance `y`, its compressed form `fy`, and chroma `a`, `b`.
///
/// Colours outside the bounds lose chroma, at the same luminance and hue angle, until they fit; where even gray does
/// not fit (negative or very bright luminance) gray is the result. `rgb` receives the three channels.
#[inline(always)]
pub fn linear_from_lab(
    p: &Primaries,
    (y, fy): (&Lane, &Lane),
    (a, b): (&Lane, &Lane),
    bounds: Bounds<'_>,
    rgb: &mut [Lane; 3],
) {
    let [red, green, blue] = rgb;
    let mut outside = 0_u32;
    for i in 0..BLOCK {
        let color = linear_from_parts(p, y[i], fy[i], a[i], b[i]);
        outside += u32::from(!is_inside(color, y[i], (bounds.least[i], bounds.most[i])));
        (red[i], green[i], blue[i]) = color;
    }
    if outside > MANY {
        reduce_all(p, (y, fy), (a, b), bounds, [&mut *red, &mut *green, &mut *blue]);
    } else if outside > 0 {
        reduce_some(p, (y, fy), (a, b), bounds, [&mut *red, &mut *green, &mut *blue]);
    }
    for i in 0..BLOCK {
        let (low, high) = (y[i].min(bounds.least[i]), y[i].max(bounds.most[i]));
        red[i] = red[i].max(low).min(high);
        green[i] = green[i].max(low).min(high);
        blue[i] = blue[i].max(low).min(high);
    }
}

/// Beyond so many pixels of a block that lie outside, putting them together costs more than it saves.
const MANY: u32 = BLOCK as u32 * 3 / 4;

/// Reduces the chroma of pixels that lie outside, working on all.
#[inline(always)]
fn reduce_all(p: &Primaries, (y, fy): (&Lane, &Lane), (a, b): (&Lane, &Lane), bounds: Bounds<'_>, rgb: [&mut Lane; 3]) {
    let mut shares = [0.0_f32; BLOCK];
    for (group, shares) in shares.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
        let of = |lane: &Lane| lane.as_chunks::<GROUP>().0[group];
        *shares = fitting_shares(p, (of(y), of(fy)), (of(a), of(b)), (of(bounds.least), of(bounds.most)));
    }
    for i in 0..BLOCK {
        let own = (rgb[0][i], rgb[1][i], rgb[2][i]);
        let share = shares[i];
        let less = linear_from_parts(p, y[i], fy[i], share * a[i], share * b[i]);
        let fitting = if share > 0.0 { less } else { (y[i], y[i], y[i]) };
        let is_kept = is_inside(own, y[i], (bounds.least[i], bounds.most[i]));
        (rgb[0][i], rgb[1][i], rgb[2][i]) = if is_kept { own } else { fitting };
    }
}

/// Reduces the chroma of pixels that lie outside, put together before and taken apart after.
#[inline(always)]
fn reduce_some(
    p: &Primaries,
    (y, fy): (&Lane, &Lane),
    (a, b): (&Lane, &Lane),
    bounds: Bounds<'_>,
    rgb: [&mut Lane; 3],
) {
    let mut places = [0_usize; BLOCK];
    let mut outside: [Lane; 6] = [[0.0; BLOCK]; 6];
    let mut count = 0;
    for i in 0..BLOCK {
        let (least, most) = (bounds.least[i], bounds.most[i]);
        if !is_inside((rgb[0][i], rgb[1][i], rgb[2][i]), y[i], (least, most)) {
            places[count] = i;
            outside
                .iter_mut()
                .zip([y[i], fy[i], a[i], b[i], least, most])
                .for_each(|(lane, value)| lane[count] = value);
            count += 1;
        }
    }
    let [y, fy, a, b, least, most] = &outside;
    let mut shares = [0.0_f32; BLOCK];
    let groups = count.div_ceil(GROUP);
    for (group, shares) in shares.as_chunks_mut::<GROUP>().0.iter_mut().take(groups).enumerate() {
        let of = |lane: &Lane| lane.as_chunks::<GROUP>().0[group];
        *shares = fitting_shares(p, (of(y), of(fy)), (of(a), of(b)), (of(least), of(most)));
    }
    for (i, place) in places[..count].iter().enumerate() {
        let share = shares[i];
        let color = linear_from_parts(p, y[i], fy[i], share * a[i], share * b[i]);
        rgb[0][*place] = if share > 0.0 { color.0 } else { y[i] };
        rgb[1][*place] = if share > 0.0 { color.1 } else { y[i] };
        rgb[2][*place] = if share > 0.0 { color.2 } else { y[i] };
    }
}

/// Pixels whose chroma is reduced together: some vectors, so that they need not wait for each other.
const GROUP: usize = 32;
type Group = [f32; GROUP];

/// Finds by bisection the largest share of the chroma that fits.
#[inline(always)]
fn fitting_shares(
    p: &Primaries,
    (y, fy): (Group, Group),
    (a, b): (Group, Group),
    (least, most): (Group, Group),
) -> Group {
    let (mut low, mut high) = ([0.0_f32; GROUP], [1.0_f32; GROUP]);
    for _ in 0..GAMUT_STEPS {
        for i in 0..GROUP {
            let middle = 0.5 * (low[i] + high[i]);
            let color = linear_from_parts(p, y[i], fy[i], middle * a[i], middle * b[i]);
            let inside = is_inside(color, y[i], (least[i], most[i]));
            low[i] = if inside { middle } else { low[i] };
            high[i] = if inside { high[i] } else { middle };
        }
    }
    low
}

/// Chroma that is no number, or beyond anything a colour can have, counts as none.
#[inline(always)]
pub fn finite(chroma: f32) -> f32 {
    if chroma.abs() < 1e4 { chroma } else { 0.0 }
}
