//! One object for progress and cancel: told at most twenty times a second, from the calling thread.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// The shortest time between two reports.
pub const REPORT_INTERVAL: Duration = Duration::from_millis(50);

/// Calls a listener with the share that is done (0 to 1); the listener returns false to stop the work.
pub struct Ticker<'a> {
    listener: &'a mut dyn FnMut(f64) -> bool,
    last: Option<Instant>,
}

impl<'a> Ticker<'a> {
    /// Wraps a listener.
    pub fn new(listener: &'a mut dyn FnMut(f64) -> bool) -> Self {
        Self { listener, last: None }
    }

    /// Tells the listener unless it was told less than `REPORT_INTERVAL` ago.
    ///
    /// # Errors
    /// `Cancelled` when the listener says stop.
    pub fn tick(&mut self, fraction: f64) -> Result<()> {
        if self.last.is_some_and(|last| last.elapsed() < REPORT_INTERVAL) {
            return Ok(());
        }
        self.tell(fraction)
    }

    /// Returns how long the listener need not be told anything.
    pub fn pause(&self) -> Duration {
        self.last.map_or(REPORT_INTERVAL, |last| REPORT_INTERVAL.saturating_sub(last.elapsed()))
    }

    /// Runs a part of the work, whose 0 to 1 are `from` to `to` of the whole.
    ///
    /// # Errors
    /// Those of the work.
    pub fn part<T>(&mut self, (from, to): (f64, f64), work: impl FnOnce(&mut Ticker<'_>) -> Result<T>) -> Result<T> {
        let mut listener = |fraction: f64| self.tick(from + (to - from) * fraction).is_ok();
        work(&mut Ticker::new(&mut listener))
    }

    /// Tells the listener now.
    ///
    /// # Errors
    /// `Cancelled` when the listener says stop.
    pub fn tell(&mut self, fraction: f64) -> Result<()> {
        self.last = Some(Instant::now());
        if (self.listener)(fraction) { Ok(()) } else { Err(Error::Cancelled) }
    }
}
