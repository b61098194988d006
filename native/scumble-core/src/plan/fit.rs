//! The memory dry run: the fastest plan whose working set fits a budget, or an error before anything is loaded.

use super::{Grain, TilePlan};
use crate::error::{Error, Result};

/// What a run may use, and what it is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Working set of the model per read pixel of a tile, in bytes; measured when the bundle was made.
    pub bytes_per_pixel: f64,
    /// The weights of one session, in bytes.
    pub weights_bytes: u64,
    /// The most sessions to run at a time.
    pub workers: usize,
    /// Bytes allowed in all.
    pub bytes: u64,
}

/// A plan that fits, and the number of workers that fit with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The plan.
    pub plan: TilePlan,
    /// Sessions to run at a time.
    pub workers: usize,
    /// Bytes that the dry run counted.
    pub bytes: u64,
}

/// Core sizes to try. Larger ones gain nothing on a CPU, and their halos are a small share already.
const CORE_SIZES: [usize; 10] = [512, 448, 384, 320, 256, 192, 128, 64, 32, 16];

/// Cores below this cost many times the picture in halos: tried only while nothing else fits.
const SMALL_CORE: usize = 64;

/// Our own buffers per read pixel: lightness, hints, spread hints, confidence and chroma of a tile, nine floats, with
/// room for strips.
const BUFFER_BYTES_PER_PIXEL: f64 = 48.0;

impl TilePlan {
    /// Picks tile size and worker count with the least computed pixels a worker, within the budget.
    ///
    /// # Errors
    /// `BudgetTooSmall` when not even one worker with the smallest tile fits; `Argument` as for `new`, and for no
    /// workers or a negative or non-finite `bytes_per_pixel`.
    pub fn fit(width: usize, height: usize, grain: Grain, budget: Budget) -> Result<Fitted> {
        if budget.workers == 0 {
            return Err(Error::argument("a plan needs at least one worker"));
        }
        if !(budget.bytes_per_pixel.is_finite() && budget.bytes_per_pixel >= 0.0) {
            return Err(Error::argument(format!("bytes_per_pixel is {}", budget.bytes_per_pixel)));
        }
        grain.check()?;
        let mut best: Option<(u64, Fitted)> = None;
        let mut least = u64::MAX;
        for core in CORE_SIZES {
            if core < SMALL_CORE && best.is_some() {
                break;
            }
            let tile = (2 * grain.aligned_halo() + core.next_multiple_of(grain.stride)).max(grain.smallest_tile());
            let plan = Self::new(width, height, tile, grain)?;
            for workers in 1..=budget.workers.min(plan.tiles.len()) {
                let bytes = budget.needed(&plan, workers);
                least = least.min(bytes);
                let rounds = plan.tiles.len().div_ceil(workers) as u64;
                let cost = rounds * plan.computed_pixels() / plan.tiles.len() as u64;
                if bytes <= budget.bytes && best.as_ref().is_none_or(|(found, _)| cost < *found) {
                    best = Some((cost, Fitted { plan: plan.clone(), workers, bytes }));
                }
            }
        }
        best.map(|(_, fitted)| fitted).ok_or(Error::BudgetTooSmall { needed_bytes: least, budget_bytes: budget.bytes })
    }
}

impl Budget {
    /// Bytes that `workers` sessions need for this plan.
    pub(super) fn needed(&self, plan: &TilePlan, workers: usize) -> u64 {
        let pixels = plan.tiles.iter().map(|tile| tile.read.width * tile.read.height).max().unwrap_or(0);
        let working_set = (self.bytes_per_pixel + BUFFER_BYTES_PER_PIXEL) * pixels as f64;
        (self.weights_bytes + working_set.ceil() as u64).saturating_mul(workers as u64)
    }
}
