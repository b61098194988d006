//! The way back into the gamut: along constant luminance and hue, by the largest share of the chroma that fits.
//!
//! Along that line each channel is smooth in the share, piecewise cubic, so the share at which the first one meets its
//! bound is found by Halley's method from the secant's. What that misses (another channel meets its bound before, or
//! the border is hollow) starts again from nearer by, and what that misses too is bisected.

use super::lab::{TOE_OFFSET, TOE_ROOT, TOE_SLOPE, linear_from_parts};
use super::primaries::Primaries;
use super::{BLOCK, Lane};

/// Halvings of the chroma interval: a 16384th of the chroma is far below one 16-bit code.
const HALVINGS: usize = 14;
/// Steps of Halley's method, first and for what is left. Their error is the cube of the last step or so.
const FIRST_STEPS: usize = 2;
const MORE_STEPS: usize = 4;
const SMALL_STEP: f32 = 0.02;
/// Rounding room at the gamut's border, worth less than 5e-4 of L. Without it a colour on the border that rounds to
/// the outside could lose much chroma: the border is hollow there (yellow), and the search ends at its near side.
const ROOM_ABOVE: f32 = 1e-5;
/// See `ROOM_ABOVE`; below zero it is a constant and a share of the luminance.
const ROOM_BELOW: [f32; 2] = [3e-7, 1e-5];

/// Pixels worked on together: some vectors, so that they need not wait for each other.
const GROUP: usize = 32;
type Group = [f32; GROUP];

/// What each channel of a pixel may be, least and most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// 0, or less where the pixel's own colour has less.
    pub least: &'a Lane,
    /// The space's limit, or more where the pixel's own colour has more.
    pub most: &'a Lane,
}

/// Colours of a group of pixels, and their bounds.
#[derive(Clone, Copy)]
struct Wanted {
    y: Group,
    fy: Group,
    a: Group,
    b: Group,
    least: Group,
    most: Group,
}

/// The larger; the second one if the first is no number. One instruction, which `f32::max` is not.
#[inline(always)]
fn larger(one: f32, two: f32) -> f32 {
    if one > two { one } else { two }
}

#[inline(always)]
fn smaller(one: f32, two: f32) -> f32 {
    if one < two { one } else { two }
}

#[inline(always)]
fn is_inside([red, green, blue]: [f32; 3], y: f32, (least, most): (f32, f32)) -> bool {
    let low = smaller(smaller(red, green), blue);
    let high = larger(larger(red, green), blue);
    (low >= least - (ROOM_BELOW[0] + ROOM_BELOW[1] * y)) & (high <= most + ROOM_ABOVE)
}

/// Takes the room for rounding away again. Gray that lies outside itself stays as it is.
#[inline(always)]
fn bounded(color: [f32; 3], y: f32, (least, most): (f32, f32)) -> [f32; 3] {
    let (low, high) = (smaller(y, least), larger(y, most));
    color.map(|channel| smaller(larger(channel, low), high))
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
    let mut is_outside = [0_u32; BLOCK];
    let mut outside = 0;
    for i in 0..BLOCK {
        let limits = (bounds.least[i], bounds.most[i]);
        let color = linear_from_parts(p, y[i], fy[i], a[i], b[i]);
        is_outside[i] = u32::from(!is_inside(color, y[i], limits));
        outside |= is_outside[i];
        [rgb[0][i], rgb[1][i], rgb[2][i]] = bounded(color, y[i], limits);
    }
    if outside > 0 {
        reduce(p, (y, fy), (a, b), bounds, (&is_outside, rgb));
    }
}

/// Reduces the chroma of pixels that lie outside.
#[inline(always)]
fn reduce(
    p: &Primaries,
    (y, fy): (&Lane, &Lane),
    (a, b): (&Lane, &Lane),
    bounds: Bounds<'_>,
    (is_outside, rgb): (&[u32; BLOCK], &mut [Lane; 3]),
) {
    let mut nearer = [0.0_f32; BLOCK];
    let mut is_left = [0_u32; BLOCK];
    let mut left = 0;
    for group in 0..BLOCK / GROUP {
        let is_outside = &is_outside.as_chunks::<GROUP>().0[group];
        if is_outside.iter().fold(0, |all, outside| all | outside) == 0 {
            continue;
        }
        let of = |lane: &Lane| lane.as_chunks::<GROUP>().0[group];
        let (least, most) = (of(bounds.least), of(bounds.most));
        let wanted = Wanted { y: of(y), fy: of(fy), a: of(a), b: of(b), least, most };
        let (shares, last_steps) = fitting_shares::<FIRST_STEPS>(p, &wanted);
        for i in 0..GROUP {
            let at = group * GROUP + i;
            let (color, inside) = wanted.reduced(p, i, shares[i]);
            let is_found = inside & (last_steps[i].abs() < SMALL_STEP);
            nearer[at] = if inside { 1.0 } else { shares[i] };
            is_left[at] = is_outside[i] & u32::from(!is_found);
            left |= is_left[at];
            for channel in 0..3 {
                let before = rgb[channel][at];
                rgb[channel][at] = if is_outside[i] > 0 { color[channel] } else { before };
            }
        }
    }
    if left > 0 {
        reduce_left(p, (y, fy), (a, b), bounds, (&is_left, &nearer), rgb);
    }
}

/// Reduces the chroma of the few pixels that are left, put together before and taken apart after.
#[inline(always)]
fn reduce_left(
    p: &Primaries,
    (y, fy): (&Lane, &Lane),
    (a, b): (&Lane, &Lane),
    bounds: Bounds<'_>,
    (is_left, nearer): (&[u32; BLOCK], &Lane),
    rgb: &mut [Lane; 3],
) {
    let mut places = [0_usize; BLOCK];
    let mut count = 0;
    for (i, left) in is_left.iter().enumerate() {
        places[count] = i;
        count += *left as usize;
    }
    for places in places[..count].chunks(GROUP) {
        let mut wanted = Wanted::NONE;
        let mut from = [0.0; GROUP];
        for (i, place) in places.iter().enumerate() {
            (wanted.y[i], wanted.fy[i], wanted.a[i], wanted.b[i]) = (y[*place], fy[*place], a[*place], b[*place]);
            (wanted.least[i], wanted.most[i]) = (bounds.least[*place], bounds.most[*place]);
            from[i] = nearer[*place];
        }
        let mut near = wanted;
        for i in 0..GROUP {
            near.a[i] *= from[i];
            near.b[i] *= from[i];
        }
        let (mut shares, last_steps) = fitting_shares::<MORE_STEPS>(p, &near);
        let mut is_found = [0_u32; GROUP];
        let mut found = 1;
        for i in 0..GROUP {
            shares[i] *= from[i];
            let (_, inside) = wanted.reduced(p, i, shares[i]);
            is_found[i] = u32::from((inside & (last_steps[i].abs() < SMALL_STEP)) | (i >= places.len()));
            found &= is_found[i];
        }
        if found == 0 {
            let bisected = bisected_shares(p, &wanted);
            for i in 0..GROUP {
                shares[i] = if is_found[i] > 0 { shares[i] } else { bisected[i] };
            }
        }
        for (i, place) in places.iter().enumerate() {
            let (color, _) = wanted.reduced(p, i, shares[i]);
            for channel in 0..3 {
                rgb[channel][*place] = if shares[i] > 0.0 { color[channel] } else { y[*place] };
            }
        }
    }
}

impl Wanted {
    const NONE: Self =
        Self { y: [0.0; GROUP], fy: [0.0; GROUP], a: [0.0; GROUP], b: [0.0; GROUP], least: [0.0; GROUP], most: [1.0; GROUP] };

    /// The colour with a share of its chroma, and whether it lies inside but for rounding.
    #[inline(always)]
    fn reduced(&self, p: &Primaries, i: usize, share: f32) -> ([f32; 3], bool) {
        let (y, limits) = (self.y[i], (self.least[i], self.most[i]));
        let color = linear_from_parts(p, y, self.fy[i], share * self.a[i], share * self.b[i]);
        (bounded(color, y, limits), is_inside(color, y, limits))
    }
}

/// The share of the chroma at which the channel that seems to leave its bounds first meets them, by Halley's method,
/// and the last step that led there.
#[inline(always)]
fn fitting_shares<const STEPS: usize>(p: &Primaries, wanted: &Wanted) -> (Group, Group) {
    let Wanted { y, fy, a, b, least, most } = wanted;
    let mut shares = [1.0; GROUP];
    let mut steps = [0.0; GROUP];
    for i in 0..GROUP {
        let color = linear_from_parts(p, y[i], fy[i], a[i], b[i]);
        // The one that a straight line from gray to the colour finds first.
        let mut share = 2.0;
        let (mut back, mut bound) = (p.back[0], 0.0);
        for channel in 0..3 {
            let rises = color[channel] > y[i];
            let limit = if rises { most[i] } else { least[i] };
            let leaves = if rises { color[channel] > limit } else { color[channel] < limit };
            let meets = (limit - y[i]) / (color[channel] - y[i]);
            let is_first = leaves & (meets < share);
            share = if is_first { meets } else { share };
            bound = if is_first { limit } else { bound };
            back[0] = if is_first { p.back[channel][0] } else { back[0] };
            back[1] = if is_first { p.back[channel][1] } else { back[1] };
        }
        let (dx, dz) = (a[i] * (1.0 / 500.0), -(b[i] * (1.0 / 200.0)));
        let gray = y[i] - (back[0] + back[1]) * y[i] - bound;
        let (slope_x, slope_z) = (back[0] * dx, back[1] * dz);
        let mut share = unit(share);
        let mut step = 0.0;
        for _ in 0..STEPS {
            let (x, dx1, dx2) = with_derivatives(fy[i] + share * dx);
            let (z, dz1, dz2) = with_derivatives(fy[i] + share * dz);
            let value = gray + back[0] * x + back[1] * z;
            let first = slope_x * dx1 + slope_z * dz1;
            let half_second = (slope_x * dx) * dx2 + (slope_z * dz) * dz2;
            step = value * first / (first * first - value * half_second);
            share = unit(share - step);
        }
        shares[i] = share;
        steps[i] = step;
    }
    (shares, steps)
}

/// From 0 to 1; 0 for NaN.
#[inline(always)]
fn unit(share: f32) -> f32 {
    smaller(larger(share, 0.0), 1.0)
}

/// The light of a root, its slope, and half the slope's slope.
#[inline(always)]
fn with_derivatives(root: f32) -> (f32, f32, f32) {
    let is_power = root > TOE_ROOT;
    let square = root * root;
    let line = (root - TOE_OFFSET) * (1.0 / TOE_SLOPE);
    (
        if is_power { square * root } else { line },
        if is_power { 3.0 * square } else { 1.0 / TOE_SLOPE },
        if is_power { 3.0 * root } else { 0.0 },
    )
}

/// Finds by bisection a largest share of the chroma that fits.
#[inline(always)]
fn bisected_shares(p: &Primaries, wanted: &Wanted) -> Group {
    let (mut low, mut high) = ([0.0_f32; GROUP], [1.0_f32; GROUP]);
    for _ in 0..HALVINGS {
        for i in 0..GROUP {
            let middle = 0.5 * (low[i] + high[i]);
            let (_, inside) = wanted.reduced(p, i, middle);
            low[i] = if inside { middle } else { low[i] };
            high[i] = if inside { high[i] } else { middle };
        }
    }
    low
}
