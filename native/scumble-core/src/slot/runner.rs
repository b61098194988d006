//! One thread that a card's session is always called from: what CUDA keeps for a thread is then made once.
//!
//! ONNX Runtime keeps handles and captured graphs per calling thread, and with capturing never gives them back; workers'
//! threads live for one picture only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use crate::error::{Error, Result};

type Job = Box<dyn FnOnce() + Send>;

/// A thread that does one job at a time, while its caller waits.
#[derive(Debug)]
pub(super) struct Runner {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Runner {
    /// Starts the thread.
    ///
    /// # Errors
    /// `Worker` when the system has none to give.
    pub fn new() -> Result<Self> {
        let (jobs, given) = channel::<Job>();
        let work = move || given.into_iter().for_each(|job| job());
        let thread = std::thread::Builder::new().name("scumble-card".into()).spawn(work);
        let thread = thread.map_err(|e| Error::Worker { reason: e.to_string() })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Does `work` on the thread, and returns what it returns.
    ///
    /// # Errors
    /// `Worker` when it panicked.
    pub fn call<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let (reply, replied) = channel();
        let job: Box<dyn FnOnce() + Send + '_> = Box::new(move || {
            let result = catch_unwind(AssertUnwindSafe(work));
            // The caller below waits for this; it cannot be gone.
            let _ = reply.send(result);
        });
        // SAFETY: what the job borrows outlives it, since this call ends only after `reply` was sent or dropped: after
        // `work` was called, which takes what it borrows with it, or where the job never came to the thread.
        let job = unsafe { std::mem::transmute::<Box<dyn FnOnce() + Send + '_>, Job>(job) };
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        match replied.recv() {
            Ok(Ok(result)) if sent => Ok(result),
            _ => Err(Error::Worker { reason: "the card's thread panicked".into() }),
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A job cannot panic through the thread's loop.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_run_on_one_thread_that_is_not_the_callers_and_may_borrow() {
        let runner = Runner::new().unwrap_or_else(|e| unreachable!("{e}"));
        let mut values = vec![1, 2];
        let first = runner.call(|| {
            values.push(3);
            std::thread::current().id()
        });
        let second = runner.call(|| std::thread::current().id());
        assert_eq!((values, &first), (vec![1, 2, 3], &second));
        assert_ne!(first, Ok(std::thread::current().id()));
    }

    #[test]
    fn a_panic_is_an_error_and_the_thread_goes_on() {
        let runner = Runner::new().unwrap_or_else(|e| unreachable!("{e}"));
        let panicked: Result<()> = runner.call(|| std::panic::resume_unwind(Box::new("boom")));
        assert!(matches!(panicked, Err(Error::Worker { .. })));
        assert_eq!(runner.call(|| 7), Ok(7));
    }
}
