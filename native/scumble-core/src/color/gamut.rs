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

/// Pixels that are reduced or left alone together: one vector of the widest.
const GROUP: usize = 16;

/// What each channel of a pixel may be, least and most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// 0, or less where the pixel's own colour has less.
    pub least: &'a Lane,
    /// The space's limit, or more where the pixel's own colour has more.
    pub most: &'a Lane,
}

/// Colours to be reduced, and their bounds, put together: whole groups of them.
#[repr(align(64))]
struct Wanted {
    y: Lane,
    fy: Lane,
    a: Lane,
    b: Lane,
    least: Lane,
    most: Lane,
    groups: usize,
}

/// Where the search for a share is: a channel's value along the line is `gray + back · (X, Z)`, less its bound.
#[repr(align(64))]
struct Search {
    share: Lane,
    step: Lane,
    back_x: Lane,
    back_z: Lane,
    gray: Lane,
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

/// Reduces the chroma of pixels that lie outside. Each step is one loop over all of them, so that vectors do not wait
/// for themselves.
#[inline(always)]
fn reduce(
    p: &Primaries,
    (y, fy): (&Lane, &Lane),
    (a, b): (&Lane, &Lane),
    bounds: Bounds<'_>,
    (is_outside, rgb): (&[u32; BLOCK], &mut [Lane; 3]),
) {
    let mut wanted = Wanted::none();
    let mut places = [0_usize; BLOCK / GROUP];
    let mut count = 0;
    for (group, is_outside) in is_outside.as_chunks::<GROUP>().0.iter().enumerate() {
        if is_outside.iter().fold(0, |all, outside| all | outside) > 0 {
            let lanes = [y, fy, a, b, bounds.least, bounds.most];
            for (to, from) in wanted.lanes_mut().into_iter().zip(lanes) {
                *group_mut(to, count) = *group_of(from, group);
            }
            places[count] = group;
            count += 1;
        }
    }
    wanted.groups = count;
    let mut search = Search::none();
    search.begin(p, &wanted);
    for _ in 0..FIRST_STEPS {
        search.step(&wanted);
    }
    let mut nearer = [0.0; BLOCK];
    let mut is_left = [0_u8; BLOCK];
    for (group, place) in places[..count].iter().enumerate() {
        // Copies of arrays, in which no index needs a check.
        let [y, fy, a, b, least, most] = wanted.lanes().map(|lane| *group_of(lane, group));
        let (share, step) = (*group_of(&search.share, group), *group_of(&search.step, group));
        let is_outside = &is_outside.as_chunks::<GROUP>().0[*place];
        let mut colors = rgb.each_ref().map(|lane| *group_of(lane, *place));
        let nearer = group_mut(&mut nearer, *place);
        let is_left = &mut is_left.as_chunks_mut::<GROUP>().0[*place];
        for i in 0..GROUP {
            let limits = (least[i], most[i]);
            let color = linear_from_parts(p, y[i], fy[i], share[i] * a[i], share[i] * b[i]);
            let inside = is_inside(color, y[i], limits);
            let color = bounded(color, y[i], limits);
            let is_found = inside & (step[i].abs() < SMALL_STEP);
            nearer[i] = if inside { 1.0 } else { share[i] };
            is_left[i] = (is_outside[i] as u8) & u8::from(!is_found);
            for channel in 0..3 {
                colors[channel][i] = if is_outside[i] > 0 { color[channel] } else { colors[channel][i] };
            }
        }
        for (lane, color) in rgb.iter_mut().zip(&colors) {
            *group_mut(lane, *place) = *color;
        }
    }
    reduce_left(p, (y, fy), (a, b), bounds, (&is_left, &nearer), (wanted, search), rgb);
}

/// Reduces the chroma of the few pixels that are left, put together before and taken apart after.
#[inline(always)]
fn reduce_left(
    p: &Primaries,
    (y, fy): (&Lane, &Lane),
    (a, b): (&Lane, &Lane),
    bounds: Bounds<'_>,
    (is_left, nearer): (&[u8; BLOCK], &Lane),
    (mut wanted, mut search): (Wanted, Search),
    rgb: &mut [Lane; 3],
) {
    let mut places = [0_usize; BLOCK];
    let mut count = 0;
    for (word, flags) in is_left.as_chunks::<8>().0.iter().enumerate() {
        let mut flags = u64::from_le_bytes(*flags);
        while flags > 0 {
            places[count % BLOCK] = word * 8 + flags.trailing_zeros() as usize / 8;
            count += 1;
            flags &= flags - 1;
        }
    }
    let places = &places[..count.min(BLOCK)];
    if places.is_empty() {
        return;
    }
    wanted.groups = places.len().div_ceil(GROUP);
    let mut from = [0.0; BLOCK];
    for (i, place) in places.iter().enumerate() {
        wanted.take(i, (y, fy), (a, b), bounds, *place);
        from[i] = nearer[*place];
        wanted.a[i] *= from[i];
        wanted.b[i] *= from[i];
    }
    search.begin(p, &wanted);
    for _ in 0..MORE_STEPS {
        search.step(&wanted);
    }
    let mut lost = 0;
    for (i, place) in places.iter().enumerate() {
        let (color, inside) = wanted.reduced(p, i, search.share[i]);
        for channel in 0..3 {
            rgb[channel][*place] = color[channel];
        }
        if !(inside & (search.step[i].abs() < SMALL_STEP)) {
            wanted.take(lost, (y, fy), (a, b), bounds, *place);
            from[lost] = *place as f32;
            lost += 1;
        }
    }
    for (i, place) in from[..lost].iter().enumerate() {
        let share = wanted.bisected_share(p, i);
        let place = *place as usize % BLOCK;
        let (color, _) = wanted.reduced(p, i, share);
        for channel in 0..3 {
            rgb[channel][place] = if share > 0.0 { color[channel] } else { wanted.y[i] };
        }
    }
}

impl Wanted {
    #[inline(always)]
    fn none() -> Self {
        let [y, fy, a, b, least, most] = [[0.0; BLOCK]; 6];
        Self { y, fy, a, b, least, most, groups: 0 }
    }

    #[inline(always)]
    fn take(&mut self, i: usize, (y, fy): (&Lane, &Lane), (a, b): (&Lane, &Lane), bounds: Bounds<'_>, from: usize) {
        (self.y[i], self.fy[i], self.a[i], self.b[i]) = (y[from], fy[from], a[from], b[from]);
        (self.least[i], self.most[i]) = (bounds.least[from], bounds.most[from]);
    }

    /// The colour with a share of its chroma, and whether it lies inside but for rounding.
    #[inline(always)]
    fn reduced(&self, p: &Primaries, i: usize, share: f32) -> ([f32; 3], bool) {
        let (y, limits) = (self.y[i], (self.least[i], self.most[i]));
        let color = linear_from_parts(p, y, self.fy[i], share * self.a[i], share * self.b[i]);
        (bounded(color, y, limits), is_inside(color, y, limits))
    }

    /// Finds by bisection a largest share of the chroma that fits.
    fn bisected_share(&self, p: &Primaries, i: usize) -> f32 {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.reduced(p, i, middle).1 {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    #[inline(always)]
    fn lanes(&self) -> [&Lane; 6] {
        [&self.y, &self.fy, &self.a, &self.b, &self.least, &self.most]
    }

    #[inline(always)]
    fn lanes_mut(&mut self) -> [&mut Lane; 6] {
        [&mut self.y, &mut self.fy, &mut self.a, &mut self.b, &mut self.least, &mut self.most]
    }
}

#[inline(always)]
fn group_of(lane: &Lane, group: usize) -> &[f32; GROUP] {
    &lane.as_chunks::<GROUP>().0[group]
}

#[inline(always)]
fn group_mut(lane: &mut Lane, group: usize) -> &mut [f32; GROUP] {
    &mut lane.as_chunks_mut::<GROUP>().0[group]
}

impl Search {
    #[inline(always)]
    fn none() -> Self {
        let [share, step, back_x, back_z, gray] = [[0.0; BLOCK]; 5];
        Self { share, step, back_x, back_z, gray }
    }

    /// Chooses the channel that a straight line from gray to the colour finds to leave its bounds first, and begins
    /// where that line does.
    #[inline(always)]
    fn begin(&mut self, p: &Primaries, wanted: &Wanted) {
        for group in 0..wanted.groups {
            let [y, fy, a, b, least, most] = wanted.lanes().map(|lane| *group_of(lane, group));
            let [to_share, to_x, to_z, to_gray] = [&mut self.share, &mut self.back_x, &mut self.back_z, &mut self.gray]
                .map(|lane| group_mut(lane, group));
            for i in 0..GROUP {
                let color = linear_from_parts(p, y[i], fy[i], a[i], b[i]);
                // Sums, not what they are made of, are chosen from: else vectors would be gathered.
                let (above, below) = (most[i] - y[i], least[i] - y[i]);
                let (mut share, mut bound) = (2.0, below);
                let [mut back_x, mut back_z] = p.back[0];
                for (channel, back) in p.back.iter().enumerate() {
                    let rise = color[channel] - y[i];
                    let limit = if rise > 0.0 { above } else { below };
                    let meets = limit / rise;
                    // Beyond 1 the channel stays inside; NaN is never first.
                    let is_first = (meets < 1.0) & (meets < share);
                    share = if is_first { meets } else { share };
                    bound = if is_first { limit } else { bound };
                    back_x = if is_first { back[0] } else { back_x };
                    back_z = if is_first { back[1] } else { back_z };
                }
                to_share[i] = unit(share);
                to_x[i] = back_x;
                to_z[i] = back_z;
                to_gray[i] = -((back_x + back_z) * y[i]) - bound;
            }
        }
    }

    /// One step of Halley's method towards the share at which the channel meets its bound.
    #[inline(always)]
    fn step(&mut self, wanted: &Wanted) {
        for group in 0..wanted.groups {
            let [_, fy, a, b, ..] = wanted.lanes().map(|lane| *group_of(lane, group));
            let [back_x, back_z, gray] = [&self.back_x, &self.back_z, &self.gray].map(|lane| *group_of(lane, group));
            let [share, step] = [&mut self.share, &mut self.step].map(|lane| group_mut(lane, group));
            for i in 0..GROUP {
                let (dx, dz) = (a[i] * (1.0 / 500.0), -(b[i] * (1.0 / 200.0)));
                let (x, dx1, dx2) = with_derivatives(fy[i] + share[i] * dx);
                let (z, dz1, dz2) = with_derivatives(fy[i] + share[i] * dz);
                let (slope_x, slope_z) = (back_x[i] * dx, back_z[i] * dz);
                let value = gray[i] + back_x[i] * x + back_z[i] * z;
                let first = slope_x * dx1 + slope_z * dz1;
                let half_second = (slope_x * dx) * dx2 + (slope_z * dz) * dz2;
                let to = value * first / (first * first - value * half_second);
                share[i] = unit(share[i] - to);
                // Where the channel turns, steps are small far from its bound.
                let is_steady = value.abs() <= 2.0 * (first * to).abs() + 1e-6;
                step[i] = if is_steady { to } else { 1.0 };
            }
        }
    }
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
