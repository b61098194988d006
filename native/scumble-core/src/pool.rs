//! Runs numbered jobs on worker threads while the calling thread reports progress and listens for cancel.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};

use crate::cores::{Core, lending};
use crate::error::{Error, Result};
use crate::progress::{REPORT_INTERVAL, Ticker};

/// Does jobs `0..count` of equal work; else as `run_weighed`.
///
/// # Errors
/// As for `run_weighed`.
pub fn run<S: Send>(
    states: &mut [S],
    count: usize,
    ticker: &mut Ticker<'_>,
    interrupt: &dyn Fn(),
    job: impl Fn(&mut S, usize) -> Result<()> + Sync,
) -> Result<()> {
    run_weighed(states, count, &|_| 1, ticker, interrupt, job)
}

/// Does jobs `0..count`, each once, on one thread per element of `states`; a thread keeps its state to itself.
///
/// Progress is the share of the work done, where `work` says how much each job is, in any unit. However many calls there
/// are at a time, no more threads work than there are cores: each takes turns with the others (`cores`).
///
/// `interrupt` is called from the calling thread when work must stop early (a failure or a cancel), so that a
/// job which is under way can end itself; no new job starts after that. All threads have ended on return.
///
/// # Errors
/// The first error of a job; `Cancelled` when the listener said stop; `Worker` when a thread died.
pub fn run_weighed<S: Send>(
    states: &mut [S],
    count: usize,
    work: &(dyn Fn(usize) -> usize + Sync),
    ticker: &mut Ticker<'_>,
    interrupt: &dyn Fn(),
    job: impl Fn(&mut S, usize) -> Result<()> + Sync,
) -> Result<()> {
    lending(|| run_on_cores(states, count, work, ticker, interrupt, job))
}

fn run_on_cores<S: Send>(
    states: &mut [S],
    count: usize,
    work: &(dyn Fn(usize) -> usize + Sync),
    ticker: &mut Ticker<'_>,
    interrupt: &dyn Fn(),
    job: impl Fn(&mut S, usize) -> Result<()> + Sync,
) -> Result<()> {
    let shared = Shared::default();
    let jobs = Jobs { count, work };
    // The calling thread is woken by a failure and by the end, and else looks by the clock: being woken for every job
    // would cost the worker more than small jobs do.
    let (sender, failed) = channel::<()>();
    let ended = std::thread::scope(|scope| {
        let mut threads = Vec::with_capacity(states.len());
        for state in states.iter_mut().take(count) {
            let (shared, jobs, job, sender) = (&shared, &jobs, &job, sender.clone());
            let work = move || {
                shared.work(state, jobs, job, &|| {
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
        shared.watch(&jobs, &failed, ticker, interrupt);
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

struct Jobs<'a> {
    count: usize,
    work: &'a (dyn Fn(usize) -> usize + Sync),
}

#[derive(Default)]
struct Shared {
    next: AtomicUsize,
    /// Work, not jobs.
    done: AtomicUsize,
    stopped: AtomicBool,
    error: Mutex<Option<Error>>,
}

impl Shared {
    fn work<S>(
        &self,
        state: &mut S,
        jobs: &Jobs<'_>,
        job: &(impl Fn(&mut S, usize) -> Result<()> + Sync),
        failed: &dyn Fn(),
    ) {
        let stopped = || self.stopped.load(Ordering::Acquire);
        let mut core = None::<Core<'_>>;
        while !stopped() {
            if core.as_ref().is_some_and(Core::is_due) {
                core = None; // to the end of the queue
            }
            if core.is_none() {
                core = Core::wait(&stopped);
                continue;
            }
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= jobs.count {
                break;
            }
            match job(state, index) {
                Ok(()) => _ = self.done.fetch_add((jobs.work)(index), Ordering::Relaxed),
                Err(error) => {
                    self.fail(error);
                    failed();
                }
            }
        }
    }

    /// Keeps the first error: later ones are only its consequences.
    fn fail(&self, error: Error) {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stopped.store(true, Ordering::Release);
    }

    /// Reports until every sender is gone, that is until every thread has ended.
    fn watch(&self, jobs: &Jobs<'_>, failed: &Receiver<()>, ticker: &mut Ticker<'_>, interrupt: &dyn Fn()) {
        let whole = (0..jobs.count).map(jobs.work).sum::<usize>().max(1) as f64;
        let mut interrupted = false;
        if let Err(error) = ticker.tick(0.0) {
            self.fail(error);
        }
        loop {
            // Once stopped there is nothing to tell, only to wait for.
            let pause = if interrupted { REPORT_INTERVAL } else { ticker.pause() };
            match failed.recv_timeout(pause) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let fraction = self.done.load(Ordering::Relaxed) as f64 / whole;
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
    fn progress_is_the_share_of_the_work_and_not_of_the_jobs() {
        let mut told = Vec::new();
        let mut listener = |fraction: f64| {
            told.push(fraction);
            true
        };
        let work = |index: usize| [97, 1, 1, 1][index];
        let pause = |(): &mut (), _| {
            std::thread::sleep(2 * crate::progress::REPORT_INTERVAL);
            Ok(())
        };
        assert_eq!(run_weighed(&mut [()], 4, &work, &mut Ticker::new(&mut listener), &|| (), pause), Ok(()));
        assert_eq!(told.iter().copied().find(|fraction| *fraction > 0.0), Some(0.97));
        assert_eq!(told.last(), Some(&1.0));
    }

    #[test]
    fn a_job_may_have_jobs_of_its_own_however_few_cores_there_are() {
        let mut yes = |_: f64| true;
        let inner = |(): &mut (), _| run(&mut [(), ()], 8, &mut Ticker::new(&mut |_| true), &|| (), |(), _| Ok(()));
        assert_eq!(run(&mut [(), (), (), ()], 16, &mut Ticker::new(&mut yes), &|| (), inner), Ok(()));
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
