//! Runs work without the interpreter lock, taking it back at most twenty times a second to report and to listen.

use pyo3::prelude::*;
use scumble_core::progress::Ticker;

use crate::errors::OrRaise;

/// Runs `work` detached from the interpreter. `progress(fraction)` is called on this thread; an exception from it,
/// or a pending signal such as Ctrl-C, stops the work and is raised after all workers have ended.
pub fn run_detached<T: Send>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&mut Ticker<'_>) -> scumble_core::Result<T> + Send,
) -> PyResult<T> {
    let callback = progress.map(|callback| callback.clone().unbind());
    let mut raised = None;
    let result = py.detach(|| {
        let mut listener = |fraction: f64| {
            let heard = Python::attach(|py| {
                py.check_signals()?;
                callback.as_ref().map_or(Ok(()), |callback| callback.call1(py, (fraction,)).map(|_| ()))
            });
            heard.map_err(|error| raised = Some(error)).is_ok()
        };
        work(&mut Ticker::new(&mut listener))
    });
    match raised {
        Some(error) => Err(error),
        None => result.or_raise(),
    }
}
