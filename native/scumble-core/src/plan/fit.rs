//! The memory dry run: the fastest plan whose working set fits a budget, or an error before anything is loaded.

use super::axis::Axis;
use super::{Grain, TilePlan, check_size};
use crate::budget::Budget;
use crate::error::Result;

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

/// Core sizes to try first. On a processor a pixel of a tile of 256² costs as much as one of 2048 x 1024.
const USUAL_CORES: [usize; 7] = [512, 448, 384, 320, 256, 192, 128];

/// Cores that cost many times the picture in halos: tried only while nothing else fits.
const SMALL_CORES: [usize; 4] = [64, 32, 16, 1];

/// Cores that take much memory: for models that see far, whose halos would be most of a usual tile. The last is the
/// picture's whole side, which needs no halo: strips of its full width or height, or the full frame.
const LARGE_CORES: [usize; 8] = [256, 384, 512, 640, 768, 1024, 2048, usize::MAX];

/// Pixels that a large tile reads at most, where a usual one would do too, and the share of the usual plan's work that
/// it may cost at most, to be worth its memory: more would take gigabytes unasked. Any tile, and strips of the whole
/// width or height.
const WORTH: [(usize, (u64, u64)); 2] = [(1 << 20, (4, 5)), (1 << 21, (3, 4))];

/// Where large tiles, or strips, are worth it, those with the least memory are taken within an eighth of the least work.
const ALIKE: (u64, u64) = (9, 8);

/// Our own buffers per read pixel: lightness, hints, spread hints, confidence and chroma of a tile, nine floats, with
/// room for strips.
const BUFFER_BYTES_PER_PIXEL: f64 = 48.0;

/// A way to cut the picture, not yet made.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    /// Read pixels, across and down, at most.
    tile: (usize, usize),
    /// Read pixels.
    pixels: usize,
    /// Whether it is not cut across, or not down.
    is_strip: bool,
    workers: usize,
    bytes: u64,
    /// Pixels that the busiest worker computes.
    cost: u64,
}

impl TilePlan {
    /// Picks tile size and worker count with the least computed pixels a worker, within the budget.
    ///
    /// # Errors
    /// `BudgetTooSmall` when not even one worker with the smallest tile fits; `Argument` as for `new`, and for a
    /// budget that cannot be counted with.
    pub fn fit(width: usize, height: usize, grain: Grain, budget: Budget) -> Result<Fitted> {
        budget.check()?;
        grain.check()?;
        check_size(width, height)?;
        let mut least = u64::MAX;
        let mut tried = |across: &[usize], down: &[usize]| -> Result<Vec<Candidate>> {
            let across = Cut::each(width, across, grain)?;
            let down = Cut::each(height, down, grain)?;
            let pairs = across.iter().flat_map(|a| down.iter().map(move |d| (a, d)));
            Ok(pairs.filter_map(|(a, d)| candidate(*a, *d, &budget, &mut least)).collect())
        };
        let mut usual: Option<Candidate> = None;
        for core in USUAL_CORES {
            usual = cheaper(usual, &tried(&[core], &[core])?);
        }
        let large = tried(&LARGE_CORES, &LARGE_CORES)?;
        let is_worth = |large: &&Candidate| {
            let is_worth = |usual: Candidate, (pixels, share): (usize, (u64, u64))| {
                large.pixels <= pixels && large.cost * share.1 <= usual.cost * share.0
            };
            usual.is_none_or(|usual| is_worth(usual, WORTH[0]) || large.is_strip && is_worth(usual, WORTH[1]))
        };
        let worth = large.iter().filter(is_worth).min_by_key(|candidate| candidate.cost);
        let small = if usual.is_none() && large.is_empty() { tried(&SMALL_CORES, &SMALL_CORES)? } else { Vec::new() };
        let chosen = worth
            .and_then(|best| lean(&large, best))
            .or(usual)
            .or_else(|| cheaper(None, &small))
            .ok_or_else(|| budget.too_small(least))?;
        let plan = Self::cut(width, height, chosen.tile, grain)?;
        Ok(Fitted { plan, workers: chosen.workers, bytes: chosen.bytes })
    }
}

impl TilePlan {
    /// Counts how many workers fit with this plan, whatever its cost, and their bytes.
    ///
    /// # Errors
    /// `BudgetTooSmall` when not even one fits; `Argument` for a budget that cannot be counted with.
    pub fn fit_workers(&self, budget: Budget) -> Result<(usize, u64)> {
        budget.check()?;
        let pixels = self.tiles.iter().map(|tile| tile.read.width * tile.read.height).max().unwrap_or(0);
        let per_worker = budget.per_worker(pixels, BUFFER_BYTES_PER_PIXEL);
        match budget.workers_that_fit(per_worker).min(self.tiles.len()) {
            0 => Err(budget.too_small(per_worker)),
            workers => Ok((workers, budget.counted(per_worker, workers))),
        }
    }
}

/// One axis cut into so many spans: the read pixels of the longest, and of all.
#[derive(Debug, Clone, Copy)]
struct Cut {
    tile: usize,
    count: usize,
    longest: usize,
    all: usize,
}

impl Cut {
    fn each(size: usize, cores: &[usize], grain: Grain) -> Result<Vec<Self>> {
        let cut = |core: &usize| {
            let whole = size.max(grain.min_size).next_multiple_of(grain.stride);
            let wanted = (*core).min(whole).next_multiple_of(grain.stride) + 2 * grain.aligned_halo();
            let tile = if *core >= whole { whole } else { wanted.max(grain.smallest_tile()) };
            let axis = Axis::cut(size, tile, grain)?;
            Ok(Self { tile, count: axis.spans.len(), longest: axis.longest(), all: axis.all() })
        };
        cores.iter().map(cut).collect()
    }
}

fn candidate(across: Cut, down: Cut, budget: &Budget, least: &mut u64) -> Option<Candidate> {
    let tiles = across.count * down.count;
    let pixels = across.longest * down.longest;
    let per_worker = budget.per_worker(pixels, BUFFER_BYTES_PER_PIXEL);
    *least = per_worker.min(*least);
    let most = budget.workers_that_fit(per_worker).min(tiles);
    if most == 0 {
        return None;
    }
    let rounds = tiles.div_ceil(most);
    let workers = tiles.div_ceil(rounds); // no more than keep the busiest one as short
    let cost = (across.all * down.all) as u64 * rounds as u64 / tiles as u64;
    let bytes = budget.counted(per_worker, workers);
    let is_strip = across.count == 1 || down.count == 1;
    Some(Candidate { tile: (across.tile, down.tile), pixels, is_strip, workers, bytes, cost })
}

fn cheaper(best: Option<Candidate>, found: &[Candidate]) -> Option<Candidate> {
    best.into_iter().chain(found.iter().copied()).min_by_key(|candidate| candidate.cost)
}

/// The candidate with the least memory of those that cost about as much as the best one, or less: strips, and tiles that
/// are not too large.
fn lean(found: &[Candidate], best: &Candidate) -> Option<Candidate> {
    let most = if best.is_strip { WORTH[0].0 } else { best.pixels.max(WORTH[0].0) };
    let is_alike = |one: &&Candidate| one.cost * ALIKE.1 <= best.cost * ALIKE.0 && (one.is_strip || one.pixels <= most);
    found.iter().filter(is_alike).min_by_key(|candidate| (candidate.bytes, candidate.cost)).copied()
}
