//! What a session's workers did with their time: the model's share of it, and all of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a session has done since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Tiles, blocks and whole runs that came to their end.
    pub runs: u64,
    /// Time within the model, summed over workers; on a card, copies there and back are in it.
    pub model: Duration,
    /// Time of workers on tiles, blocks and runs, summed over them: the model's, reading, converting and writing.
    pub busy: Duration,
}

/// Adds up what workers did; any number of threads may at a time.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    runs: AtomicU64,
    model_ns: AtomicU64,
    busy_ns: AtomicU64,
}

impl Meter {
    /// Does one tile, block or run, and counts it where it succeeds.
    pub(crate) fn busy<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let started = Instant::now();
        let result = work();
        add(&self.busy_ns, started);
        self.runs.fetch_add(u64::from(result.is_ok()), Ordering::Relaxed);
        result
    }

    /// Runs the model, within `busy`.
    pub(crate) fn model<T>(&self, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        add(&self.model_ns, started);
        result
    }

    pub(crate) fn statistics(&self) -> Statistics {
        let time = |nanoseconds: &AtomicU64| Duration::from_nanos(nanoseconds.load(Ordering::Relaxed));
        // A worker within a tile has told of its model, and not yet of the tile.
        let model = time(&self.model_ns);
        Statistics { runs: self.runs.load(Ordering::Relaxed), model, busy: time(&self.busy_ns).max(model) }
    }
}

fn add(total: &AtomicU64, started: Instant) {
    total.fetch_add(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_time_is_part_of_all_time_and_failures_are_no_runs() {
        let meter = Meter::default();
        assert_eq!(meter.statistics(), Statistics::default());
        let pause = || std::thread::sleep(Duration::from_millis(2));
        let done: Result<(), ()> = meter.busy(|| {
            pause();
            meter.model(pause);
            Ok(())
        });
        let failed: Result<(), &str> = meter.busy(|| Err("no"));
        let found = meter.statistics();
        assert_eq!((done, failed, found.runs), (Ok(()), Err("no"), 1));
        assert!(found.model >= Duration::from_millis(2));
        assert!(found.busy >= found.model + Duration::from_millis(2));
    }
}
