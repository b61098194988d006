//! Runs numbered jobs on worker threads while the calling thread reports progress and listens for cancel.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::progress::{REPORT_INTERVAL, Ticker};

/// Does jobs `0..count`, each once, on one thread per element of `states`; a thread keeps its state to itself.
///
/// `interrupt` is called from the calling thread when work must stop early (a failure or a cancel), so that a
/// job which is under way can end itself; no new job starts after that. All threads have ended on return.
///
/// # Errors
/// The first error of a job; `Cancelled` when the listener said stop; `Worker` when a thread died.
pub fn run<S: Send>(
    states: &mut [S],
    count: usize,
    ticker: &mut Ticker<'_>,
    interrupt: &dyn Fn(),
    job: impl Fn(&mut S, usize) -> Result<()> + Sync,
) -> Result<()> {
    let shared = Shared::default();
    let (sender, finished) = channel::<()>();
    let ended = std::thread::scope(|scope| {
        let mut threads = Vec::with_capacity(states.len());
        for state in states.iter_mut().take(count) {
            let (shared, job, sender) = (&shared, &job, sender.clone());
            let work = move || {
                shared.work(state, count, job, &|| {
                    // The receiver outlives the threads; a failed send has nobody left to tell.
                    let _ = sender.send(());
                });
            };
            match std::thread::Builder::new().name("scumble-worker".into()).spawn_scoped(scope, work) {
                Ok(thread) => threads.push(thread),
                // Fewer threads do the same work; none at all is an error.
                Err(e) if threads.is_empty() => shared.fail(Error::Worker { reason: e.to_string() }),
                Err(_) => break,
            }
        }
        drop(sender);
        shared.watch(count, &finished, ticker, interrupt);
        threads.into_iter().filter_map(|thread| thread.join().err()).count() == 0
    });
    if let Some(error) = shared.error.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    if !ended {
        return Err(Error::Worker { reason: "it panicked".into() });
    }
    ticker.tell(1.0)
}

#[derive(Default)]
struct Shared {
    next: AtomicUsize,
    done: AtomicUsize,
    stopped: AtomicBool,
    error: Mutex<Option<Error>>,
}

impl Shared {
    fn work<S>(
        &self,
        state: &mut S,
        count: usize,
        job: &(impl Fn(&mut S, usize) -> Result<()> + Sync),
        finished: &dyn Fn(),
    ) {
        while !self.stopped.load(Ordering::Acquire) {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            match job(state, index) {
                Ok(()) => _ = self.done.fetch_add(1, Ordering::Relaxed),
                Err(error) => self.fail(error),
            }
            finished();
        }
    }

    /// Keeps the first error: later ones are only its consequences.
    fn fail(&self, error: Error) {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stopped.store(true, Ordering::Release);
    }

    /// Reports until every sender is gone, that is until every thread has ended.
    fn watch(&self, count: usize, finished: &Receiver<()>, ticker: &mut Ticker<'_>, interrupt: &dyn Fn()) {
        let mut interrupted = false;
        loop {
            match finished.recv_timeout(REPORT_INTERVAL) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let fraction = self.done.load(Ordering::Relaxed) as f64 / count.max(1) as f64;
            if !self.stopped.load(Ordering::Acquire)
                && let Err(error) = ticker.tick(fraction)
            {
                self.fail(error);
            }
            if !interrupted && self.stopped.load(Ordering::Acquire) {
                interrupt();
                interrupted = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_done_once_and_progress_ends_at_one() {
        let seen: Vec<AtomicUsize> = (0..100).map(|_| AtomicUsize::new(0)).collect();
        let mut told = Vec::new();
        let mut listener = |fraction: f64| {
            told.push(fraction);
            true
        };
        let result = run(&mut [(), (), ()], 100, &mut Ticker::new(&mut listener), &|| (), |(), index| {
            seen[index].fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        assert_eq!(result, Ok(()));
        assert!(seen.iter().all(|n| n.load(Ordering::Relaxed) == 1));
        assert_eq!(told.last(), Some(&1.0));
        assert!(told.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn a_failing_job_stops_the_others_and_its_error_comes_back() {
        let mut yes = |_: f64| true;
        let interrupted = AtomicBool::new(false);
        let result = run(
            &mut [(), ()],
            1000,
            &mut Ticker::new(&mut yes),
            &|| interrupted.store(true, Ordering::Relaxed),
            |(), i| {
                if i == 3 { Err(Error::argument("three")) } else { Ok(()) }
            },
        );
        assert_eq!(result, Err(Error::argument("three")));
    }

    #[test]
    fn a_listener_that_says_stop_cancels() {
        let mut no = |_: f64| false;
        let result = run(&mut [()], 1_000_000, &mut Ticker::new(&mut no), &|| (), |(), _| Ok(()));
        assert_eq!(result, Err(Error::Cancelled));
    }

    #[test]
    fn a_panicking_job_is_an_error() {
        let mut yes = |_: f64| true;
        let result = run(&mut [()], 1, &mut Ticker::new(&mut yes), &|| (), |(), _| {
            std::panic::resume_unwind(Box::new("boom"));
        });
        assert!(matches!(result, Err(Error::Worker { .. })));
    }
}
