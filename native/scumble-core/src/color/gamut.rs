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
const STEPS: [usize; 2] = [2, 4];
const SMALL_STEP: f32 = 0.02;
/// Rounding room at the gamut's border, worth less than 5e-4 of L. Without it a colour on the border that rounds to
/// the outside could lose much chroma: the border is hollow there (yellow), and the search ends at its near side.
const ROOM_ABOVE: f32 = 1e-5;
/// See `ROOM_ABOVE`; below zero it is a constant and a share of the luminance.
const ROOM_BELOW: [f32; 2] = [3e-7, 1e-5];

/// Pixels that are worked on together: one vector of the widest.
const GROUP: usize = 16;
/// Where more pixels of a block lie outside, all are worked on where they are: putting them together costs more.
const MANY: usize = BLOCK / 2;

/// What each channel of a pixel may be, least and most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// 0, or less where the pixel's own colour has less.
    pub least: &'a Lane,
    /// The space's limit, or more where the pixel's own colour has more.
    pub most: &'a Lane,
}

/// Which bounds there are.
pub trait Bounding {
    /// Whether they are 0 and 1 whatever is given, and gray is inside.
    const IS_UNIT: bool;
    /// Whether what rounding left outside is moved to the bounds.
    const IS_STRICT: bool;
}

/// Those that are given.
#[derive(Debug)]
pub struct Given;
/// 0 and 1.
#[derive(Debug)]
pub struct Unit;
/// 0 and 1, to which the encoder of whole numbers limits light anyway.
#[derive(Debug)]
pub struct Coded;

impl Bounding for Given {
    const IS_UNIT: bool = false;
    const IS_STRICT: bool = true;
}

impl Bounding for Unit {
    const IS_UNIT: bool = true;
    const IS_STRICT: bool = true;
}

impl Bounding for Coded {
    const IS_UNIT: bool = true;
    const IS_STRICT: bool = false;
}

/// Colours to be reduced, and their bounds.
#[derive(Debug)]
struct Wanted {
    y: Lane,
    fy: Lane,
    a: Lane,
    b: Lane,
    least: Lane,
    most: Lane,
    count: usize,
}

/// Where the search for a share is: a channel's value along the line is `gray + back · (X, Z)`, less its bound.
#[derive(Debug)]
struct Search {
    share: Lane,
    step: Lane,
    back_x: Lane,
    back_z: Lane,
    gray: Lane,
}

/// Working memory for one row's blocks, which so is cleared once a row.
#[derive(Debug)]
#[repr(align(64))]
pub struct Reducer {
    wanted: Wanted,
    search: Search,
    colors: [Lane; 3],
    /// The share of the chroma beyond which nothing is to be sought.
    nearer: Lane,
    is_left: [u32; BLOCK],
    /// Pixels of the block that the colours belong to.
    places: [u32; BLOCK],
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
fn bounded<B: Bounding>(color: [f32; 3], y: f32, (least, most): (f32, f32)) -> [f32; 3] {
    if !B::IS_STRICT {
        return color;
    }
    let (low, high) = if B::IS_UNIT { (0.0, 1.0) } else { (smaller(y, least), larger(y, most)) };
    color.map(|channel| smaller(larger(channel, low), high))
}

/// Linear channels of a block of luminance `y`, its compressed form `fy`, and chroma `a`, `b`.
///
/// Colours outside the bounds lose chroma, at the same luminance and hue angle, until they fit; where even gray does
/// not fit (negative or very bright luminance) gray is the result. `rgb` receives the three channels. What the
/// bounds are is said by `B`.
#[inline(always)]
pub fn linear_from_lab<B: Bounding>(
    p: &Primaries,
    (y, fy): (&Lane, &Lane),
    (a, b): (&Lane, &Lane),
    bounds: Bounds<'_>,
    reducer: &mut Reducer,
    rgb: &mut [Lane; 3],
) {
    let mut is_outside = [0_u32; BLOCK];
    let mut outside = 0;
    for i in 0..BLOCK {
        let limits = if B::IS_UNIT { (0.0, 1.0) } else { (bounds.least[i], bounds.most[i]) };
        let color = linear_from_parts(p, y[i], fy[i], a[i], b[i]);
        is_outside[i] = u32::from(!is_inside(color, y[i], limits));
        outside |= is_outside[i];
        [rgb[0][i], rgb[1][i], rgb[2][i]] = bounded::<B>(color, y[i], limits);
    }
    if outside > 0 {
        reducer.reduce::<B>(p, [y, fy, a, b, bounds.least, bounds.most], &is_outside, rgb);
    }
}

/// Writes the numbers of those whose flag is 1; returns how many they are.
#[inline(always)]
fn numbers_of(flags: &[u32; BLOCK], numbers: &mut [u32; BLOCK]) -> usize {
    let mut count = 0;
    for (group, flags) in flags.as_chunks::<GROUP>().0.iter().enumerate() {
        let mut bits = flags.iter().enumerate().fold(0, |bits, (i, flag)| bits | (flag << i));
        while bits > 0 {
            numbers[count % BLOCK] = (group * GROUP) as u32 + bits.trailing_zeros();
            count += 1;
            bits &= bits - 1;
        }
    }
    count.min(BLOCK)
}

impl Reducer {
    /// With nothing to reduce.
    #[inline(always)]
    pub fn new() -> Self {
        let [y, fy, a, b] = [[0.0; BLOCK]; 4];
        let (least, most) = ([0.0; BLOCK], [1.0; BLOCK]);
        let wanted = Wanted { y, fy, a, b, least, most, count: 0 };
        let [share, step, back_x, back_z, gray] = [[0.0; BLOCK]; 5];
        let search = Search { share, step, back_x, back_z, gray };
        let (is_left, places) = ([0; BLOCK], [0; BLOCK]);
        Self { wanted, search, colors: [[0.0; BLOCK]; 3], nearer: [0.0; BLOCK], is_left, places }
    }

    /// Reduces the chroma of the pixels that lie outside; `lanes` are those of `Wanted`.
    #[inline(always)]
    fn reduce<B: Bounding>(
        &mut self,
        p: &Primaries,
        lanes: [&Lane; 6],
        is_outside: &[u32; BLOCK],
        rgb: &mut [Lane; 3],
    ) {
        let is_whole = is_outside.iter().sum::<u32>() as usize > MANY;
        if is_whole {
            self.take_all::<B>(lanes);
        } else {
            self.put_together::<B>(lanes, is_outside);
        }
        for (round, steps) in STEPS.into_iter().enumerate() {
            self.search_round::<B>(p, steps);
            if is_whole && round == 0 {
                self.write_all(is_outside, rgb);
            } else {
                self.write(rgb);
            }
            if !self.keep_left::<B>() {
                return;
            }
        }
        for i in 0..self.wanted.count {
            self.bisect::<B>(p, i);
        }
        self.write(rgb);
    }

    #[inline(always)]
    fn take_all<B: Bounding>(&mut self, lanes: [&Lane; 6]) {
        for (to, from) in self.wanted.lanes_mut::<B>().zip(lanes) {
            *to = *from;
        }
        for (i, place) in self.places.iter_mut().enumerate() {
            *place = i as u32;
        }
        self.wanted.count = BLOCK;
    }

    #[inline(always)]
    fn put_together<B: Bounding>(&mut self, lanes: [&Lane; 6], is_outside: &[u32; BLOCK]) {
        let count = numbers_of(is_outside, &mut self.places);
        for (to, from) in self.wanted.lanes_mut::<B>().zip(lanes) {
            for (to, place) in to.iter_mut().zip(&self.places[..count]) {
                *to = from[*place as usize % BLOCK];
            }
        }
        self.wanted.count = count;
    }

    /// Keeps those that are left, nearer by; returns whether there are any.
    #[inline(always)]
    fn keep_left<B: Bounding>(&mut self) -> bool {
        self.is_left[self.wanted.count..].fill(0);
        let mut left = [0; BLOCK];
        let count = numbers_of(&self.is_left, &mut left);
        for (to, from) in left[..count].iter().map(|i| *i as usize % BLOCK).enumerate() {
            self.places[to] = self.places[from];
            for lane in self.wanted.lanes_mut::<B>() {
                lane[to] = lane[from];
            }
            self.wanted.a[to] *= self.nearer[from];
            self.wanted.b[to] *= self.nearer[from];
        }
        self.wanted.count = count;
        count > 0
    }

    /// Seeks each one's share, and tells which are not found. Each step is one loop over all of them, so that vectors
    /// do not wait for themselves.
    #[inline(always)]
    fn search_round<B: Bounding>(&mut self, p: &Primaries, steps: usize) {
        let groups = self.wanted.count.div_ceil(GROUP).min(BLOCK / GROUP);
        self.search.begin::<B>(p, &self.wanted, groups);
        for _ in 0..steps {
            self.search.step(&self.wanted, groups);
        }
        for group in 0..groups {
            let [y, fy, a, b, least, most] = self.wanted.lanes().map(|lane| group_of(lane, group));
            let (share, step) = (group_of(&self.search.share, group), group_of(&self.search.step, group));
            let [mut red, mut green, mut blue, mut nearer] = [[0.0; GROUP]; 4];
            let mut is_left = [0; GROUP];
            for i in 0..GROUP {
                let limits = if B::IS_UNIT { (0.0, 1.0) } else { (least[i], most[i]) };
                let color = linear_from_parts(p, y[i], fy[i], share[i] * a[i], share[i] * b[i]);
                let inside = is_inside(color, y[i], limits);
                [red[i], green[i], blue[i]] = bounded::<B>(color, y[i], limits);
                nearer[i] = if inside { 1.0 } else { share[i] };
                is_left[i] = u32::from(!(inside & (step[i].abs() < SMALL_STEP)));
            }
            for (lane, channel) in self.colors.iter_mut().zip([red, green, blue]) {
                *group_mut(lane, group) = channel;
            }
            *group_mut(&mut self.nearer, group) = nearer;
            self.is_left.as_chunks_mut::<GROUP>().0[group] = is_left;
        }
    }

    /// Finds by bisection a largest share of the chroma that fits.
    fn bisect<B: Bounding>(&mut self, p: &Primaries, i: usize) {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.wanted.reduced::<B>(p, i, middle).1 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let (color, _) = self.wanted.reduced::<B>(p, i, low);
        for (lane, channel) in self.colors.iter_mut().zip(color) {
            lane[i] = if low > 0.0 { channel } else { self.wanted.y[i] };
        }
    }

    #[inline(always)]
    fn write(&self, rgb: &mut [Lane; 3]) {
        for i in 0..self.wanted.count {
            let place = self.places[i] as usize % BLOCK;
            for (lane, colors) in rgb.iter_mut().zip(&self.colors) {
                lane[place] = colors[i];
            }
        }
    }

    /// Writes those that were outside, where all were taken; the others are not to be sought any further.
    #[inline(always)]
    fn write_all(&mut self, is_outside: &[u32; BLOCK], rgb: &mut [Lane; 3]) {
        for i in 0..BLOCK {
            self.is_left[i] &= is_outside[i];
            for (lane, colors) in rgb.iter_mut().zip(&self.colors) {
                lane[i] = if is_outside[i] > 0 { colors[i] } else { lane[i] };
            }
        }
    }
}

impl Wanted {
    /// The colour with a share of its chroma, and whether it lies inside but for rounding.
    #[inline(always)]
    fn reduced<B: Bounding>(&self, p: &Primaries, i: usize, share: f32) -> ([f32; 3], bool) {
        let y = self.y[i];
        let limits = if B::IS_UNIT { (0.0, 1.0) } else { (self.least[i], self.most[i]) };
        let color = linear_from_parts(p, y, self.fy[i], share * self.a[i], share * self.b[i]);
        (bounded::<B>(color, y, limits), is_inside(color, y, limits))
    }

    #[inline(always)]
    fn lanes(&self) -> [&Lane; 6] {
        [&self.y, &self.fy, &self.a, &self.b, &self.least, &self.most]
    }

    #[inline(always)]
    fn lanes_mut<B: Bounding>(&mut self) -> impl Iterator<Item = &mut Lane> {
        let lanes = [&mut self.y, &mut self.fy, &mut self.a, &mut self.b, &mut self.least, &mut self.most];
        lanes.into_iter().take(if B::IS_UNIT { 4 } else { 6 })
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
    /// Chooses the channel that a straight line from gray to the colour finds to leave its bounds first, and begins
    /// where that line does.
    #[inline(always)]
    fn begin<B: Bounding>(&mut self, p: &Primaries, wanted: &Wanted, groups: usize) {
        for group in 0..groups {
            let [y, fy, a, b, least, most] = wanted.lanes().map(|lane| group_of(lane, group));
            // Results of their own, which nothing read can overlap.
            let [mut to_share, mut to_x, mut to_z, mut to_gray] = [[0.0; GROUP]; 4];
            for i in 0..GROUP {
                let color = linear_from_parts(p, y[i], fy[i], a[i], b[i]);
                let (low, high) = if B::IS_UNIT { (0.0, 1.0) } else { (least[i], most[i]) };
                // Sums, not what they are made of, are chosen from: else vectors would be gathered.
                let (above, below) = (high - y[i], y[i] - low);
                let mut bound = -below;
                let [mut back_x, mut back_z] = p.back[0];
                // Shares are compared by multiplication, and only the least is divided.
                let (mut part, mut whole) = (2.0, 1.0);
                for (channel, back) in p.back.iter().enumerate() {
                    let rise = color[channel] - y[i];
                    let (limit, toward) = if rise > 0.0 { (above, above) } else { (below, -below) };
                    // Beyond a share of 1 the channel stays inside; NaN is never first.
                    let is_first = (limit < rise.abs()) & (limit * whole < part * rise.abs());
                    part = if is_first { limit } else { part };
                    whole = if is_first { rise.abs() } else { whole };
                    bound = if is_first { toward } else { bound };
                    back_x = if is_first { back[0] } else { back_x };
                    back_z = if is_first { back[1] } else { back_z };
                }
                let share = part / whole;
                to_share[i] = unit(share);
                to_x[i] = back_x;
                to_z[i] = back_z;
                to_gray[i] = -((back_x + back_z) * y[i]) - bound;
            }
            *group_mut(&mut self.share, group) = to_share;
            *group_mut(&mut self.back_x, group) = to_x;
            *group_mut(&mut self.back_z, group) = to_z;
            *group_mut(&mut self.gray, group) = to_gray;
        }
    }

    /// One step of Halley's method towards the share at which the channel meets its bound.
    #[inline(always)]
    fn step(&mut self, wanted: &Wanted, groups: usize) {
        for group in 0..groups {
            let [_, fy, a, b, ..] = wanted.lanes().map(|lane| group_of(lane, group));
            let [back_x, back_z, gray, share] =
                [&self.back_x, &self.back_z, &self.gray, &self.share].map(|lane| group_of(lane, group));
            let (mut to_share, mut to_step) = ([0.0; GROUP], [0.0; GROUP]);
            for i in 0..GROUP {
                let (dx, dz) = (a[i] * (1.0 / 500.0), -(b[i] * (1.0 / 200.0)));
                let (x, dx1, dx2) = with_derivatives(fy[i] + share[i] * dx);
                let (z, dz1, dz2) = with_derivatives(fy[i] + share[i] * dz);
                let (slope_x, slope_z) = (back_x[i] * dx, back_z[i] * dz);
                let value = gray[i] + back_x[i] * x + back_z[i] * z;
                let first = slope_x * dx1 + slope_z * dz1;
                let half_second = (slope_x * dx) * dx2 + (slope_z * dz) * dz2;
                let to = value * first / (first * first - value * half_second);
                to_share[i] = unit(share[i] - to);
                // Where the channel turns, steps are small far from its bound.
                let is_steady = value.abs() <= 2.0 * (first * to).abs() + 1e-6;
                to_step[i] = if is_steady { to } else { 1.0 };
            }
            *group_mut(&mut self.share, group) = to_share;
            *group_mut(&mut self.step, group) = to_step;
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
