//! The way back into the gamut: along constant luminance and hue, by the largest share of the chroma that fits.
//!
//! Along that line each channel is smooth in the share, piecewise cubic, so the share at which the first one meets its
//! bound is found by Halley's method from the secant's. What that misses (another channel meets its bound before, or
//! the border is hollow) starts again from nearer by, and what that misses too is bisected.

use super::bounds::{Bounding, Bounds, bounded, is_inside};
use super::lab::linear_from_parts;
use super::primaries::Primaries;
use super::search::{GROUP, Search, Wanted, group_mut, group_of};
use super::{BLOCK, Lane};

/// Halvings of the chroma interval: a 16384th of the chroma is far below one 16-bit code.
const HALVINGS: usize = 14;
/// Steps of Halley's method, first and for what is left. Their error is the cube of the last step or so.
const STEPS: [usize; 2] = [2, 4];
const SMALL_STEP: f32 = 0.02;
/// Where more pixels of a block lie outside, all are worked on where they are: putting them together costs more.
const MANY: usize = BLOCK / 2;

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
        let (wanted, search) = (Wanted::none(), Search::none());
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
