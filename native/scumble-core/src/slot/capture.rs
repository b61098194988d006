//! Capturing a CUDA graph wants quiet: while one slot captures, no thread of the process may allocate on the card.
//!
//! ONNX Runtime captures in CUDA's global mode, in which such a call from any thread breaks the capture (NVIDIA, CUDA
//! Runtime API 13, `cudaStreamBeginCapture`).

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

static CAPTURING: RwLock<()> = RwLock::new(());

/// Held around everything that may allocate, free or run on a card: by what a slot is asked to do, never within it,
/// since a thread must not hold it twice.
pub(super) fn quiet() -> RwLockReadGuard<'static, ()> {
    CAPTURING.read().unwrap_or_else(PoisonError::into_inner)
}

/// Held around the run that captures.
pub(super) fn alone() -> RwLockWriteGuard<'static, ()> {
    CAPTURING.write().unwrap_or_else(PoisonError::into_inner)
}
