//! Mastering: a mix at a wanted loudness, its true peaks under a ceiling, its length and its loop untouched.

use crate::error::{Error, Result};
use crate::progress::Ticker;
use crate::sound::limiter::{self, Limiter};
use crate::sound::loudness::{self, Loudness};
use crate::sound::{BLOCK_FRAMES, Frame, RATE_HZ, factor_from_db};

/// What is kept free under the ceiling: an oversampling by four overlooks as much.
const HEADROOM_DB: f64 = 0.3;
const CLOSE_ENOUGH_LU: f64 = 0.01;
const MOST_PASSES: usize = 8;
const MOST_GAIN_DB: f64 = 60.0;
/// How long a loop's end is heard before its beginning is written: the limiter has settled by then.
const WARM_FRAMES: usize = RATE_HZ as usize;

/// Limits `mix`, raised by a gain, into `out`; `cyclic` when its end leads into its beginning.
///
/// # Errors
/// `Argument` for lengths that differ, `Cancelled`, `OutOfMemory`.
pub fn limit(
    mix: &[Frame],
    out: &mut [Frame],
    gain_db: f64,
    ceiling_db: f64,
    cyclic: bool,
    ticker: &mut Ticker<'_>,
) -> Result<f64> {
    pass(mix, out, gain_db, ceiling_db, cyclic, &mut |share| ticker.tick(share))
}

/// Writes `mix` into `out` at `target_lufs` with true peaks under `ceiling_db`, and returns the gain it took, in dB.
///
/// The gain is found by measuring what the limiter leaves, as often as needed. A silent mix stays as it is.
///
/// # Errors
/// As for `limit`.
pub fn master(
    mix: &[Frame],
    out: &mut [Frame],
    target_lufs: f64,
    ceiling_db: f64,
    cyclic: bool,
    ticker: &mut Ticker<'_>,
) -> Result<f64> {
    let found = loudness::lufs(mix, ticker)?;
    let mut gain_db = if found.is_finite() { (target_lufs - found).min(MOST_GAIN_DB) } else { 0.0 };
    for number in 0..MOST_PASSES {
        let mut tick = |share: f64| ticker.tick((number as f64 + share) / MOST_PASSES as f64);
        let reached = pass(mix, out, gain_db, ceiling_db, cyclic, &mut tick)?;
        let error = target_lufs - reached;
        if !reached.is_finite() || error.abs() <= CLOSE_ENOUGH_LU || gain_db + error > MOST_GAIN_DB {
            break;
        }
        if number + 1 < MOST_PASSES {
            gain_db += error;
        }
    }
    Ok(gain_db)
}

/// One pass; returns the loudness of what was written.
fn pass(
    mix: &[Frame],
    out: &mut [Frame],
    gain_db: f64,
    ceiling_db: f64,
    cyclic: bool,
    tick: &mut dyn FnMut(f64) -> Result<()>,
) -> Result<f64> {
    if mix.len() != out.len() || mix.is_empty() {
        return Err(Error::argument("the mix and the place for the result must have one length, not 0"));
    }
    let gain = factor_from_db(gain_db) as f32;
    let mut limiter = Limiter::new(factor_from_db(ceiling_db - HEADROOM_DB) as f32);
    let length = mix.len();
    let heard = |index: usize| match mix.get(index) {
        Some(frame) => *frame,
        None if cyclic => mix[index % length],
        None => [0.0; 2],
    };
    let mut feed = |index: usize| limiter.next(heard(index).map(|value| gain * value));
    if cyclic {
        // Whole turns, so that index 0 follows; short loops turn several times.
        let turns = WARM_FRAMES.div_ceil(length);
        let first = turns * length - WARM_FRAMES;
        (first..turns * length).for_each(|index| {
            feed(index);
        });
    }
    (0..limiter::DELAY).for_each(|index| {
        feed(index);
    });
    let mut loudness = Loudness::new()?;
    for (number, block) in out.chunks_mut(BLOCK_FRAMES).enumerate() {
        let start = number * BLOCK_FRAMES;
        tick(start as f64 / length as f64)?;
        for (offset, frame) in block.iter_mut().enumerate() {
            *frame = feed(start + offset + limiter::DELAY);
        }
        loudness.add(block)?;
    }
    loudness.lufs()
}
