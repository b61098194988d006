//! What a run may use of memory, counted before anything is loaded.

use crate::error::{Error, Result};

/// Returns memory that was freed, but is kept by the C library, to the system, where that is glibc's: loading a model
/// leaves copies of its weights behind, 1.4 times their size.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn malloc_trim(pad: usize) -> i32;
        }
        // SAFETY: glibc's function takes any number, and any thread may call it.
        let _ = unsafe { malloc_trim(0) };
    }
}

/// What a run may use, and what its model takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Working set of the model per pixel of a tile or block, in bytes; measured, never guessed.
    pub bytes_per_pixel: f64,
    /// The weights of one session, in bytes.
    pub weights_bytes: u64,
    /// The most sessions to run at a time.
    pub workers: usize,
    /// Bytes allowed in all.
    pub bytes: u64,
    /// Bytes of these that are taken whatever the plan: the program, pictures in memory.
    pub taken: u64,
}

impl Budget {
    /// Refuses what cannot be counted with.
    ///
    /// # Errors
    /// `Argument` for no workers, and for a negative or non-finite `bytes_per_pixel`.
    pub fn check(&self) -> Result<()> {
        if self.workers == 0 {
            return Err(Error::argument("a run needs at least one worker"));
        }
        if !(self.bytes_per_pixel.is_finite() && self.bytes_per_pixel >= 0.0) {
            return Err(Error::argument(format!("bytes_per_pixel is {}", self.bytes_per_pixel)));
        }
        Ok(())
    }

    /// Bytes of one worker: its weights, and a tile or block of so many pixels with `buffers` bytes of ours for each.
    pub fn per_worker(&self, pixels: usize, buffers: f64) -> u64 {
        let working_set = ((self.bytes_per_pixel + buffers) * pixels as f64).ceil() as u64;
        self.weights_bytes.saturating_add(working_set).max(1)
    }

    /// Workers that fit, if each takes so many bytes: at most those wanted; none where not even one fits.
    pub fn workers_that_fit(&self, per_worker: u64) -> usize {
        let left = self.bytes.saturating_sub(self.taken);
        usize::try_from(left / per_worker.max(1)).unwrap_or(usize::MAX).min(self.workers)
    }

    /// Bytes in all, with so many workers of so many bytes.
    pub fn counted(&self, per_worker: u64, workers: usize) -> u64 {
        per_worker.saturating_mul(workers as u64).saturating_add(self.taken)
    }

    /// The error where not even the least that a plan needs beside what is taken is allowed.
    pub fn too_small(&self, needed: u64) -> Error {
        Error::BudgetTooSmall { needed_bytes: self.counted(needed, 1), budget_bytes: self.bytes }
    }
}
