//! Opens the ONNX Runtime library that a wheel installed, checking it before `ort` (which panics) may touch it.

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;

use crate::error::{Error, OLDEST_RUNTIME_MINOR, Result};

/// The library in use and its one environment. Kept for the life of the process: releasing it while other
/// libraries run their exit handlers is what makes processes crash on exit.
struct Runtime {
    path: PathBuf,
    version: String,
    environment: Environment,
}

static RUNTIME: OnceLock<Runtime> = OnceLock::new();
static STARTING: Mutex<()> = Mutex::new(());

/// Loads the library at `path` and returns its version. A second call with the same path does nothing.
///
/// # Errors
/// `RuntimeMissing`, `RuntimeInvalid`, `RuntimeTooOld`; `RuntimeAlreadyLoaded` for a second, different path.
pub fn init_runtime(path: &Path) -> Result<String> {
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    let path = path.canonicalize().map_err(|_| Error::RuntimeMissing { path: path.to_owned() })?;
    if let Some(runtime) = RUNTIME.get().filter(|runtime| runtime.path == path) {
        return Ok(runtime.version.clone());
    }
    let version = checked_version(&path)?;
    if let Some(runtime) = RUNTIME.get() {
        return Err(Error::RuntimeAlreadyLoaded { loaded: runtime.path.clone() });
    }
    let invalid = |reason: String| Error::RuntimeInvalid { path: path.clone(), reason };
    let builder = ort::init_from(&path).map_err(|e| invalid(e.to_string()))?;
    let environment =
        builder.with_name("scumble").with_telemetry(false).build().map_err(|e| invalid(e.message().to_owned()))?;
    environment.set_log_level(ort::logging::LogLevel::Error);
    let runtime = RUNTIME.get_or_init(|| Runtime { path: path.clone(), version, environment });
    Ok(runtime.version.clone())
}

/// The environment that sessions are made in.
///
/// # Errors
/// `RuntimeNotStarted` before `init_runtime` succeeded.
pub(crate) fn environment() -> Result<&'static Environment> {
    RUNTIME.get().map(|runtime| &runtime.environment).ok_or(Error::RuntimeNotStarted)
}

/// Reads the library's version and asks it for our API, without letting `ort` see it.
fn checked_version(path: &Path) -> Result<String> {
    let invalid = |reason: String| Error::RuntimeInvalid { path: path.to_owned(), reason };
    if !path.is_file() {
        return Err(Error::RuntimeMissing { path: path.to_owned() });
    }
    // SAFETY: loading a library runs its initialisers; the caller names the file that the wheel installed.
    let library = unsafe { libloading::Library::new(path) }.map_err(|e| invalid(e.to_string()))?;
    type GetApiBase = unsafe extern "C" fn() -> *const ort::sys::OrtApiBase;
    // SAFETY: the symbol has this signature in every release of ONNX Runtime.
    let get_base = unsafe { library.get::<GetApiBase>(b"OrtGetApiBase\0") }
        .map_err(|_| invalid("it does not export OrtGetApiBase".into()))?;
    // SAFETY: `OrtGetApiBase` takes nothing and returns a static table or null.
    let base = unsafe { get_base().as_ref() }.ok_or_else(|| invalid("OrtGetApiBase returned nothing".into()))?;
    // SAFETY: the table's first two entries are fixed by ONNX Runtime's ABI.
    let version = unsafe {
        let text = (base.GetVersionString)();
        if text.is_null() {
            return Err(invalid("it reports no version".into()));
        }
        CStr::from_ptr(text).to_string_lossy().into_owned()
    };
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let major_minor = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    // SAFETY: as above; the call returns null for an API the library does not have.
    if major_minor < (1, OLDEST_RUNTIME_MINOR) || unsafe { (base.GetApi)(OLDEST_RUNTIME_MINOR) }.is_null() {
        return Err(Error::RuntimeTooOld { path: path.to_owned(), version });
    }
    Ok(version)
}

/// The execution providers that the loaded library was built with, by ONNX Runtime's names.
///
/// # Errors
/// `RuntimeNotStarted` before `init_runtime` succeeded.
pub fn available_providers() -> Result<Vec<String>> {
    use ort::ep::ExecutionProvider;
    environment()?;
    let mut found = Vec::new();
    if ort::ep::CUDA::is_available().map_err(|e| Error::from_ort(&e, "listing the providers"))? {
        found.push(<ort::ep::CUDA as ExecutionProvider>::NAME.to_owned());
    }
    found.push(<ort::ep::CPU as ExecutionProvider>::NAME.to_owned());
    Ok(found)
}
