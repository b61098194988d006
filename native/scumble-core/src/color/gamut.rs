//! The way back into the gamut: along constant luminance and hue, by the largest share of the chroma that fits.
//!
//! Along that line each channel is smooth in the share, piecewise cubic, so the share at which the first one meets its
//! bound is found by Halley's method from the secant's. What that misses (another channel meets its bound before, or
//! the border is hollow) starts again from nearer by, and what that misses too is bisected. Steps wait for each other,
//! so the few pixels that lie outside are gathered from many blocks, and what is left of those from many such.

use std::cell::Cell;

use super::bounds::{Bounding, Bounds, bounded, extreme, is_inside, is_within};
use super::dispatch::{Rounding, fast_path};
use super::lab::linear_from_parts;
use super::primaries::Primaries;
use super::queue::{Lanes, Queue};
use super::search::{GROUP, Search, group_mut, group_of};
use super::{BLOCK, Lane};

/// Halvings of the chroma interval: a 16384th of the chroma is far below one 16-bit code.
const HALVINGS: usize = 14;
/// Steps of Halley's method, first and for what is left. Their error is the cube of the last step or so.
const STEPS: [usize; 2] = [2, 4];
const SMALL_STEP: f32 = 0.02;
/// Where more pixels of a block lie outside, all are worked on where they are: gathering them costs more.
const MANY: u32 = BLOCK as u32 / 2;

thread_local! {
    /// Between rows, nothing waits in it.
    static LAST: Cell<Option<Box<Reducer>>> = const { Cell::new(None) };
}

/// Takes what was found for pixels.
pub trait Sink {
    /// Writes the first colours where they belong, one for each place in the row.
    fn put(&mut self, places: &[u32], colors: &mut [Lane; 3]);
}

/// Pixels of a row that lie outside, and working memory.
#[derive(Debug)]
pub struct Reducer {
    /// What waits for the first search, and for the second.
    queues: [Queue; 2],
    found: Found,
}

/// What a search has found for a block of pixels.
#[derive(Debug)]
#[repr(align(64))]
struct Found {
    search: Search,
    colors: [Lane; 3],
    /// 1 for those to be searched once more, with this chroma.
    is_left: [u32; BLOCK],
    a: Lane,
    b: Lane,
}

/// Linear channels of a block of luminance `y`, its compressed form `fy`, and chroma `a`, `b`; `is_outside` receives 1
/// for those outside their bounds, and whether there are any is returned.
#[inline(always)]
pub fn linear_from_lab<B: Bounding, R: Rounding>(
    p: &Primaries,
    (y, fy): (&Lane, &Lane),
    (a, b): (&Lane, &Lane),
    bounds: Bounds<'_>,
    is_outside: &mut [u32; BLOCK],
    rgb: &mut [Lane; 3],
) -> bool {
    // Most blocks lie inside: the extremes tell, and only those that do not are looked at pixel by pixel.
    let (mut least, mut most) = ([1.0; GROUP], [0.0; GROUP]);
    for group in 0..BLOCK / GROUP {
        let [y, fy, a, b] = [y, fy, a, b].map(|lane| group_of(lane, group));
        let [mut red, mut green, mut blue] = [[0.0; GROUP]; 3];
        for i in 0..GROUP {
            let color = linear_from_parts::<R>(p, y[i], fy[i], a[i], b[i]);
            (least[i], most[i]) = extreme::<B>(color, y[i], (least[i], most[i]));
            [red[i], green[i], blue[i]] = color;
        }
        for (lane, channel) in rgb.iter_mut().zip([red, green, blue]) {
            *group_mut(lane, group) = channel;
        }
    }
    let mut extremes = least.into_iter().zip(most);
    !extremes.all(|found| is_within::<B>(found, bounds.limit)) && find_outside::<B>(y, bounds, is_outside, rgb)
}

/// Tells the pixels outside their bounds, and moves what only rounding left there.
#[inline(always)]
fn find_outside<B: Bounding>(y: &Lane, bounds: Bounds<'_>, is_outside: &mut [u32; BLOCK], rgb: &mut [Lane; 3]) -> bool {
    for group in 0..BLOCK / GROUP {
        let [y, least, most] = [y, bounds.least, bounds.most].map(|lane| group_of(lane, group));
        let [mut red, mut green, mut blue] = rgb.each_ref().map(|lane| *group_of(lane, group));
        let mut outside = [0; GROUP];
        for i in 0..GROUP {
            let limits = if B::IS_UNIT { (0.0, 1.0) } else { (least[i], most[i]) };
            let color = [red[i], green[i], blue[i]];
            outside[i] = u32::from(!is_inside(color, y[i], limits));
            [red[i], green[i], blue[i]] = bounded::<B>(color, y[i], limits);
        }
        is_outside.as_chunks_mut::<GROUP>().0[group] = outside;
        for (lane, channel) in rgb.iter_mut().zip([red, green, blue]) {
            *group_mut(lane, group) = channel;
        }
    }
    is_outside.iter().fold(0, |any, one| any | one) > 0
}

impl Reducer {
    /// With nothing to reduce: this thread's last one, for clearing another would take as long as some blocks.
    pub fn take_out() -> Box<Self> {
        let [a, b] = [[0.0; BLOCK]; 2];
        LAST.take().unwrap_or_else(|| {
            let found = Found { search: Search::none(), colors: [[0.0; BLOCK]; 3], is_left: [0; BLOCK], a, b };
            Box::new(Self { queues: [Queue::empty(), Queue::empty()], found })
        })
    }

    /// Keeps it for this thread's next row.
    pub fn put_back(self: Box<Self>) {
        debug_assert!(self.queues.iter().all(|queue| queue.len() == 0), "the row's end was not told");
        LAST.set(Some(self));
    }

    /// Takes the pixels of a block, the first of which is at place `x`, whose flag is 1. `run` must follow once the block
    /// is written.
    ///
    /// They will lose chroma, at the same luminance and hue angle, until they fit; where even gray does not fit (negative
    /// or very bright luminance) gray is the result. If they are many, `rgb` has their colours at once.
    #[inline(always)]
    pub fn take<B: Bounding>(
        &mut self,
        p: &Primaries,
        x: usize,
        lanes: Lanes<'_>,
        is_outside: &[u32; BLOCK],
        rgb: &mut [Lane; 3],
    ) {
        let mut places = [0; BLOCK];
        for (i, place) in places.iter_mut().enumerate() {
            *place = (x + i) as u32;
        }
        if is_outside.iter().sum::<u32>() <= MANY {
            self.queues[0].push::<B>(lanes, &places, is_outside);
            return;
        }
        let found = &mut self.found;
        look::<B>(p, lanes, (BLOCK, STEPS[0]), found);
        for i in 0..BLOCK {
            found.is_left[i] &= is_outside[i];
            for (lane, colors) in rgb.iter_mut().zip(&found.colors) {
                lane[i] = if is_outside[i] > 0 { colors[i] } else { lane[i] };
            }
        }
        self.queues[1].push::<B>(found.lanes(lanes), &places, &found.is_left);
    }

    /// Works on what waits, once it is a block of pixels, or at the row's end.
    #[inline(always)]
    pub fn run<B: Bounding, R: Rounding>(&mut self, p: &Primaries, is_end: bool, sink: &mut impl Sink) {
        let [first, second] = &mut self.queues;
        loop {
            // The second before the first, from which it gets more.
            let is_second = second.len() >= BLOCK || is_end && first.len() == 0;
            let queue = if is_second { &*second } else { &*first };
            let count = queue.len().min(BLOCK);
            if count == 0 || count < BLOCK && !is_end {
                return;
            }
            let (lanes, places) = queue.block();
            look::<B>(p, lanes, (count, STEPS[usize::from(is_second)]), &mut self.found);
            if is_second {
                for i in (0..count).filter(|i| self.found.is_left[*i] > 0) {
                    let color = bisected::<B, R>(p, self.found.lanes(lanes).map(|lane| lane[i]));
                    self.found.colors.iter_mut().zip(color).for_each(|(lane, channel)| lane[i] = channel);
                }
            }
            sink.put(&places[..count], &mut self.found.colors);
            if is_second {
                second.drop_block();
            } else {
                let (lanes, places) = first.block();
                second.push::<B>(self.found.lanes(lanes), places, &self.found.is_left);
                first.drop_block();
            }
        }
    }
}

impl Found {
    /// Those searched for, with the chroma that is to be searched once more.
    #[inline(always)]
    fn lanes<'a>(&'a self, [y, fy, _, _, least, most]: Lanes<'a>) -> Lanes<'a> {
        [y, fy, &self.a, &self.b, least, most]
    }
}

fast_path! {
    /// Seeks the shares of the first `count` pixels in so many steps. Each step is one loop over all of them, so that
    /// vectors do not wait for themselves.
    fn look<B: Bounding>(
        p: &Primaries, lanes: Lanes<'_>, many: (usize, usize), found: &mut Found,
    ) = look_body<Rounding>;
}

#[inline(always)]
fn look_body<B: Bounding, R: Rounding>(
    p: &Primaries,
    lanes: Lanes<'_>,
    (count, steps): (usize, usize),
    found: &mut Found,
) {
    let groups = count.div_ceil(GROUP).min(BLOCK / GROUP);
    let Found { search, colors, is_left, .. } = found;
    search.begin::<B, R>(p, lanes, groups);
    for _ in 0..steps {
        search.step::<R>(lanes, groups);
    }
    for group in 0..groups {
        let [y, fy, a, b, least, most] = lanes.map(|lane| group_of(lane, group));
        let (share, step) = (group_of(&search.share, group), group_of(&search.step, group));
        let [mut red, mut green, mut blue, mut to_a, mut to_b] = [[0.0; GROUP]; 5];
        let mut left = [0; GROUP];
        for i in 0..GROUP {
            let limits = if B::IS_UNIT { (0.0, 1.0) } else { (least[i], most[i]) };
            let color = linear_from_parts::<R>(p, y[i], fy[i], share[i] * a[i], share[i] * b[i]);
            let inside = is_inside(color, y[i], limits);
            [red[i], green[i], blue[i]] = bounded::<B>(color, y[i], limits);
            let nearer = if inside { 1.0 } else { share[i] };
            (to_a[i], to_b[i]) = (nearer * a[i], nearer * b[i]);
            left[i] = u32::from(!(inside & (step[i].abs() < SMALL_STEP)));
        }
        for (lane, channel) in colors.iter_mut().chain([&mut found.a, &mut found.b]).zip([red, green, blue, to_a, to_b])
        {
            *group_mut(lane, group) = channel;
        }
        is_left.as_chunks_mut::<GROUP>().0[group] = left;
    }
    is_left[count..].fill(0);
}

/// The colour of one pixel with the largest share of its chroma that bisection finds to fit.
#[inline(always)]
fn bisected<B: Bounding, R: Rounding>(p: &Primaries, [y, fy, a, b, least, most]: [f32; 6]) -> [f32; 3] {
    let limits = if B::IS_UNIT { (0.0, 1.0) } else { (least, most) };
    let of = |share: f32| linear_from_parts::<R>(p, y, fy, share * a, share * b);
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if is_inside(of(middle), y, limits) {
            low = middle;
        } else {
            high = middle;
        }
    }
    if low > 0.0 { bounded::<B>(of(low), y, limits) } else { [y; 3] }
}
