//! Everything that can go wrong in the core, as one enum: a message for people, a code for programs, a hint.

use std::path::PathBuf;

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// One failure. The Python side maps each variant onto a class of `scumble.errors`.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// There is no file at the path given for the ONNX Runtime library.
    RuntimeMissing {
        /// The path as given.
        path: PathBuf,
    },
    /// The file is there, but it is no ONNX Runtime library for this machine.
    RuntimeInvalid {
        /// The path as given.
        path: PathBuf,
        /// What the system or the file said.
        reason: String,
    },
    /// The library is older than the API this crate is built for.
    RuntimeTooOld {
        /// The path as given.
        path: PathBuf,
        /// The version that the library reports.
        version: String,
    },
    /// Another library was loaded before; a process can hold one.
    RuntimeAlreadyLoaded {
        /// The library in use.
        loaded: PathBuf,
    },
    /// A session was asked for before any library was loaded.
    RuntimeNotStarted,
    /// The wanted device is not served by the loaded library on this machine.
    ProviderUnavailable {
        /// The provider's ONNX Runtime name.
        provider: String,
        /// What the runtime said.
        reason: String,
    },
    /// The device or the machine had no memory left.
    OutOfMemory {
        /// What was being done.
        during: String,
    },
    /// No plan fits the memory budget.
    BudgetTooSmall {
        /// Bytes that the smallest plan needs.
        needed_bytes: u64,
        /// Bytes allowed.
        budget_bytes: u64,
    },
    /// The model cannot be loaded or fails while running.
    Model {
        /// What the runtime said.
        reason: String,
    },
    /// The model has no such input or output, or its shape does not fit the call.
    ModelSignature {
        /// What does not fit.
        reason: String,
    },
    /// A SoundFont cannot be read or played.
    SoundFont {
        /// What is wrong with it.
        reason: String,
    },
    /// A value given by the caller is out of its range.
    Argument {
        /// Which value, and what is allowed.
        reason: String,
    },
    /// The caller asked to stop.
    Cancelled,
    /// A worker thread ended abnormally.
    Worker {
        /// What it said last.
        reason: String,
    },
}

/// The oldest ONNX Runtime minor version that can be used (`1.24`).
pub const OLDEST_RUNTIME_MINOR: u32 = ort::MINOR_VERSION;

const MIB: f64 = 1024.0 * 1024.0;

impl Error {
    /// Makes an `Argument` error.
    pub fn argument(reason: impl Into<String>) -> Self {
        Self::Argument { reason: reason.into() }
    }

    /// Makes a `ModelSignature` error.
    pub fn signature(reason: impl Into<String>) -> Self {
        Self::ModelSignature { reason: reason.into() }
    }

    /// Makes a `SoundFont` error.
    pub fn sound_font(reason: impl Into<String>) -> Self {
        Self::SoundFont { reason: reason.into() }
    }

    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RuntimeMissing { .. } => "runtime.missing",
            Self::RuntimeInvalid { .. } => "runtime.invalid",
            Self::RuntimeTooOld { .. } => "runtime.too_old",
            Self::RuntimeAlreadyLoaded { .. } => "runtime.already_loaded",
            Self::RuntimeNotStarted => "runtime.not_started",
            Self::ProviderUnavailable { .. } => "device.provider_unavailable",
            Self::OutOfMemory { .. } => "device.out_of_memory",
            Self::BudgetTooSmall { .. } => "device.budget_too_small",
            Self::Model { .. } => "model.failed",
            Self::ModelSignature { .. } => "model.signature",
            Self::SoundFont { .. } => "media.soundfont",
            Self::Argument { .. } => "param.invalid",
            Self::Cancelled => "job.cancelled",
            Self::Worker { .. } => "device.worker",
        }
    }

    /// What the user can do next.
    pub fn hint(&self) -> String {
        match self {
            Self::RuntimeMissing { .. } | Self::RuntimeInvalid { .. } => "pip install 'scumble[cpu]'".into(),
            Self::RuntimeTooOld { .. } => {
                format!("pip install --upgrade 'onnxruntime>=1.{OLDEST_RUNTIME_MINOR}'")
            }
            Self::RuntimeAlreadyLoaded { .. } => "start a new process to use another library".into(),
            Self::RuntimeNotStarted => "make a scumble.engine.Engine first".into(),
            Self::ProviderUnavailable { .. } => {
                "use --device cpu, or install 'scumble[gpu]' and a driver that fits it".into()
            }
            Self::OutOfMemory { .. } => "close other programs, or give a smaller memory budget or fewer workers".into(),
            Self::BudgetTooSmall { needed_bytes, .. } => {
                format!("allow at least {:.0} MiB", (*needed_bytes as f64 / MIB).ceil())
            }
            Self::Model { .. } => "reinstall the model's bundle".into(),
            Self::ModelSignature { .. } => "compare the call with the bundle's manifest".into(),
            Self::SoundFont { .. } => "give another SoundFont, version 2 (.sf2) or 3 (.sf3)".into(),
            Self::Argument { .. } => "correct the value named in the message".into(),
            Self::Cancelled => String::new(),
            Self::Worker { .. } => "try again with one worker, and report this".into(),
        }
    }

    /// Sorts a runtime's error: out of memory apart from everything else that a model can do wrong.
    pub(crate) fn from_ort<R>(error: &ort::Error<R>, during: &str) -> Self {
        let reason = error.message().to_owned();
        let lower = reason.to_lowercase();
        let markers = [
            "out of memory",
            "bad_alloc",
            "failed to allocate",
            "bfcarena::allocate",
            "cuda failure 2",
            "alloc_failed",
        ];
        if markers.iter().any(|marker| lower.contains(marker)) {
            return Self::OutOfMemory { during: during.to_owned() };
        }
        match error.code() {
            ort::ErrorCode::InvalidArgument => Self::ModelSignature { reason },
            _ => Self::Model { reason },
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RuntimeMissing { path } => write!(f, "no ONNX Runtime library at {}", path.display()),
            Self::RuntimeInvalid { path, reason } => {
                write!(f, "{} is not a usable ONNX Runtime library: {reason}", path.display())
            }
            Self::RuntimeTooOld { path, version } => write!(
                f,
                "ONNX Runtime {version} at {} is too old: 1.{OLDEST_RUNTIME_MINOR} or newer is needed",
                path.display()
            ),
            Self::RuntimeAlreadyLoaded { loaded } => {
                write!(f, "this process already uses the ONNX Runtime library {}", loaded.display())
            }
            Self::RuntimeNotStarted => f.write_str("no ONNX Runtime library is loaded yet"),
            Self::ProviderUnavailable { provider, reason } => write!(f, "{provider} is not available: {reason}"),
            Self::OutOfMemory { during } => write!(f, "out of memory while {during}"),
            Self::BudgetTooSmall { needed_bytes, budget_bytes } => write!(
                f,
                "the memory budget of {:.0} MiB is too small: the smallest tile needs {:.0} MiB",
                *budget_bytes as f64 / MIB,
                (*needed_bytes as f64 / MIB).ceil()
            ),
            Self::Model { reason } => write!(f, "the model failed: {reason}"),
            Self::SoundFont { reason } => write!(f, "the SoundFont cannot be used: {reason}"),
            Self::ModelSignature { reason } | Self::Argument { reason } => f.write_str(reason),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Worker { reason } => write!(f, "a worker thread ended: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
