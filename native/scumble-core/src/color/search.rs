//! The search for the share of a colour's chroma at which its first channel meets its bound, many colours at a time.

use super::bounds::{Bounding, unit};
use super::dispatch::Rounding;
use super::lab::{TOE_OFFSET, TOE_ROOT, TOE_SLOPE, linear_from_parts};
use super::primaries::Primaries;
use super::queue::Lanes;
use super::{BLOCK, Lane};

/// Pixels that are worked on together: one vector of the widest.
pub const GROUP: usize = 16;

/// Where the search for a share is: a channel's value along the line is `gray + back · (X, Z)`, less its bound.
#[derive(Debug)]
pub struct Search {
    pub share: Lane,
    pub step: Lane,
    back_x: Lane,
    back_z: Lane,
    gray: Lane,
}

/// One vector of a lane.
#[inline(always)]
pub fn group_of(lane: &Lane, group: usize) -> &[f32; GROUP] {
    &lane.as_chunks::<GROUP>().0[group]
}

/// One vector of a lane, to be written.
#[inline(always)]
pub fn group_mut(lane: &mut Lane, group: usize) -> &mut [f32; GROUP] {
    &mut lane.as_chunks_mut::<GROUP>().0[group]
}

impl Search {
    /// Of none.
    #[inline(always)]
    pub fn none() -> Self {
        let [share, step, back_x, back_z, gray] = [[0.0; BLOCK]; 5];
        Self { share, step, back_x, back_z, gray }
    }

    /// Chooses the channel that a straight line from gray to the colour finds to leave its bounds first, and begins
    /// where that line does.
    #[inline(always)]
    pub fn begin<B: Bounding, R: Rounding>(&mut self, p: &Primaries, lanes: Lanes<'_>, groups: usize) {
        for group in 0..groups {
            let [y, fy, a, b, least, most] = lanes.map(|lane| group_of(lane, group));
            // Results of their own, which nothing read can overlap.
            let [mut to_share, mut to_x, mut to_z, mut to_gray] = [[0.0; GROUP]; 4];
            for i in 0..GROUP {
                let color = linear_from_parts::<R>(p, y[i], fy[i], a[i], b[i]);
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
    pub fn step<R: Rounding>(&mut self, lanes: Lanes<'_>, groups: usize) {
        for group in 0..groups {
            let [_, fy, a, b, ..] = lanes.map(|lane| group_of(lane, group));
            let [back_x, back_z, gray, share] =
                [&self.back_x, &self.back_z, &self.gray, &self.share].map(|lane| group_of(lane, group));
            let (mut to_share, mut to_step) = ([0.0; GROUP], [0.0; GROUP]);
            for i in 0..GROUP {
                let (dx, dz) = (a[i] * (1.0 / 500.0), -(b[i] * (1.0 / 200.0)));
                let (x, dx1, dx2) = with_derivatives::<R>(R::sum(share[i], dx, fy[i]));
                let (z, dz1, dz2) = with_derivatives::<R>(R::sum(share[i], dz, fy[i]));
                let (slope_x, slope_z) = (back_x[i] * dx, back_z[i] * dz);
                let value = R::sum(back_z[i], z, R::sum(back_x[i], x, gray[i]));
                let first = R::sum(slope_z, dz1, slope_x * dx1);
                let half_second = R::sum(slope_z * dz, dz2, (slope_x * dx) * dx2);
                let to = value * first / R::sum(-value, half_second, first * first);
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

/// The light of a root, its slope, and half the slope's slope.
#[inline(always)]
fn with_derivatives<R: Rounding>(root: f32) -> (f32, f32, f32) {
    let is_power = root > TOE_ROOT;
    let square = root * root;
    let line = R::sum(root, 1.0 / TOE_SLOPE, -TOE_OFFSET / TOE_SLOPE);
    (
        if is_power { square * root } else { line },
        if is_power { 3.0 * square } else { 1.0 / TOE_SLOPE },
        if is_power { 3.0 * root } else { 0.0 },
    )
}
