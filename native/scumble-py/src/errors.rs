//! Maps the core's one enum onto the classes of `scumble.errors`.

use pyo3::import_exception;
use pyo3::prelude::*;
use scumble_core::Error;

import_exception!(scumble.errors, DeviceError);
import_exception!(scumble.errors, DeviceOutOfMemory);
import_exception!(scumble.errors, JobCancelled);
import_exception!(scumble.errors, MediaError);
import_exception!(scumble.errors, MemoryBudgetTooSmall);
import_exception!(scumble.errors, ModelError);
import_exception!(scumble.errors, ParamError);
import_exception!(scumble.errors, ProviderUnavailable);
import_exception!(scumble.errors, RuntimeNotFound);

/// The Python exception of a core error, with its message, hint and code.
pub fn exception_from_error(error: &Error) -> PyErr {
    let arguments = (error.to_string(), error.hint(), error.code());
    match error {
        Error::RuntimeMissing { .. }
        | Error::RuntimeInvalid { .. }
        | Error::RuntimeTooOld { .. }
        | Error::RuntimeAlreadyLoaded { .. }
        | Error::RuntimeNotStarted => RuntimeNotFound::new_err(arguments),
        Error::ProviderUnavailable { .. } => ProviderUnavailable::new_err(arguments),
        Error::OutOfMemory { .. } => DeviceOutOfMemory::new_err(arguments),
        Error::BudgetTooSmall { .. } => MemoryBudgetTooSmall::new_err(arguments),
        Error::Model { .. } | Error::ModelSignature { .. } => ModelError::new_err(arguments),
        Error::SoundFont { .. } => MediaError::new_err(arguments),
        Error::Argument { .. } => ParamError::new_err(arguments),
        Error::Cancelled => JobCancelled::new_err(arguments),
        Error::Worker { .. } => DeviceError::new_err(arguments),
    }
}

/// Turns core results into Python ones.
pub trait OrRaise<T> {
    /// The value, or the exception.
    fn or_raise(self) -> PyResult<T>;
}

impl<T> OrRaise<T> for scumble_core::Result<T> {
    fn or_raise(self) -> PyResult<T> {
        self.map_err(|error| exception_from_error(&error))
    }
}
