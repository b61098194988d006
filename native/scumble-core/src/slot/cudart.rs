//! The few calls of the CUDA runtime that a slot needs, from the library that ONNX Runtime's provider uses.
//!
//! NVIDIA, CUDA Runtime API 13, sections 6.4 (streams) and 6.11 (memory); these functions are the same in CUDA 12.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};

use super::copies::{Copies, Host};
use crate::error::{Error, Result};

/// Names of the library, newest first; its major version is part of its name.
const NAMES: [&str; 2] = ["libcudart.so.13", "libcudart.so.12"];
const OUT_OF_MEMORY: c_int = 2;
const NON_BLOCKING: c_uint = 1;
const PORTABLE: c_uint = 1;
const HOST_TO_DEVICE: c_int = 1;
const DEVICE_TO_HOST: c_int = 2;

type Stream = *mut c_void;
type Status = c_int;

/// The calls, resolved once.
#[derive(Debug)]
pub(super) struct Cudart {
    set_device: unsafe extern "C" fn(c_int) -> Status,
    device_count: unsafe extern "C" fn(*mut c_int) -> Status,
    stream_create: unsafe extern "C" fn(*mut Stream, c_uint) -> Status,
    stream_destroy: unsafe extern "C" fn(Stream) -> Status,
    stream_synchronize: unsafe extern "C" fn(Stream) -> Status,
    host_alloc: unsafe extern "C" fn(*mut *mut c_void, usize, c_uint) -> Status,
    free_host: unsafe extern "C" fn(*mut c_void) -> Status,
    memcpy_async: unsafe extern "C" fn(*mut c_void, *const c_void, usize, c_int, Stream) -> Status,
    error_name: unsafe extern "C" fn(Status) -> *const c_char,
    error_string: unsafe extern "C" fn(Status) -> *const c_char,
    last_error: unsafe extern "C" fn() -> Status,
    _library: libloading::Library,
}

static SHARED: Mutex<Option<Arc<Cudart>>> = Mutex::new(None);

impl Cudart {
    /// The library in this process: the one that is loaded already, or else one that the system finds.
    ///
    /// # Errors
    /// `ProviderUnavailable` where there is none.
    pub fn shared() -> Result<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = shared.as_ref() {
            return Ok(Arc::clone(found));
        }
        let mut reasons = Vec::new();
        for name in NAMES {
            match Self::open(name) {
                Ok(found) => return Ok(Arc::clone(shared.insert(Arc::new(found)))),
                Err(reason) => reasons.push(reason),
            }
        }
        Err(unavailable(reasons.join("; ")))
    }

    /// Opens the library of a name or path and finds the calls in it; or says what is missing.
    fn open(name: &str) -> std::result::Result<Self, String> {
        // SAFETY: the CUDA runtime's initialisers have no conditions; the name is NVIDIA's own.
        let library = unsafe { libloading::Library::new(name) }.map_err(|e| e.to_string())?;
        macro_rules! call {
            ($name:literal) => {
                // SAFETY: NVIDIA's documentation gives the call the signature of the field it goes to.
                *unsafe { library.get(concat!($name, "\0").as_bytes()) }
                    .map_err(|_| format!("{name} has no {}", $name))?
            };
        }
        Ok(Self {
            set_device: call!("cudaSetDevice"),
            device_count: call!("cudaGetDeviceCount"),
            stream_create: call!("cudaStreamCreateWithFlags"),
            stream_destroy: call!("cudaStreamDestroy"),
            stream_synchronize: call!("cudaStreamSynchronize"),
            host_alloc: call!("cudaHostAlloc"),
            free_host: call!("cudaFreeHost"),
            memcpy_async: call!("cudaMemcpyAsync"),
            error_name: call!("cudaGetErrorName"),
            error_string: call!("cudaGetErrorString"),
            last_error: call!("cudaGetLastError"),
            _library: library,
        })
    }

    /// Turns a status into an error: memory that ran out apart from the rest.
    fn check(&self, status: Status, call: &str) -> Result<()> {
        match status {
            0 => Ok(()),
            OUT_OF_MEMORY => {
                // SAFETY: takes nothing; forgets the error, so that nobody else meets it.
                unsafe { (self.last_error)() };
                Err(Error::OutOfMemory { during: format!("asking the card for memory ({call})") })
            }
            _ => {
                // SAFETY: both return static texts for any number.
                let (name, text) = unsafe { (text((self.error_name)(status)), text((self.error_string)(status))) };
                Err(unavailable(format!("{call} said {name}: {text}")))
            }
        }
    }

    /// Makes the card the one that this thread's calls are for.
    fn select(&self, device: c_int) -> Result<()> {
        // SAFETY: any number may be asked for.
        self.check(unsafe { (self.set_device)(device) }, "cudaSetDevice")
    }
}

fn unavailable(reason: String) -> Error {
    Error::ProviderUnavailable { provider: super::Device::Cuda(0).provider().into(), reason }
}

/// # Safety
/// `text` is null or ends with a zero.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return "an unknown error".into();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// One stream of a card, and copies on it.
#[derive(Debug)]
pub(super) struct CudaCopies {
    cudart: Arc<Cudart>,
    device: c_int,
    stream: Stream,
}

// SAFETY: CUDA's streams may be used from any thread.
unsafe impl Send for CudaCopies {}
// SAFETY: as above.
unsafe impl Sync for CudaCopies {}

impl CudaCopies {
    /// Makes a stream on the card of a number.
    ///
    /// # Errors
    /// `ProviderUnavailable` without such a card or its driver, `OutOfMemory`.
    pub fn new(cudart: Arc<Cudart>, device: c_int) -> Result<Self> {
        let mut count = 0;
        // SAFETY: `count` is where the number goes.
        cudart.check(unsafe { (cudart.device_count)(&raw mut count) }, "cudaGetDeviceCount")?;
        if !(0..count).contains(&device) {
            return Err(unavailable(format!("there is no card {device}: the driver has {count}")));
        }
        cudart.select(device)?;
        let mut stream = std::ptr::null_mut();
        // SAFETY: `stream` is where the stream goes.
        let status = unsafe { (cudart.stream_create)(&raw mut stream, NON_BLOCKING) };
        cudart.check(status, "cudaStreamCreateWithFlags")?;
        Ok(Self { cudart, device, stream })
    }
}

impl Copies for CudaCopies {
    fn host(&self, len: usize) -> Result<Host> {
        self.cudart.select(self.device)?;
        let mut memory = std::ptr::null_mut();
        let bytes = (len * size_of::<f32>()).max(1);
        // SAFETY: `memory` is where the address goes.
        let status = unsafe { (self.cudart.host_alloc)(&raw mut memory, bytes, PORTABLE) };
        self.cudart.check(status, "cudaHostAlloc")?;
        let values =
            NonNull::new(memory.cast::<f32>()).ok_or_else(|| unavailable("cudaHostAlloc gave nothing".into()))?;
        // SAFETY: so many numbers were allocated.
        unsafe { values.as_ptr().write_bytes(0, len) };
        Ok(Host::Pinned(Pinned { values, len, cudart: Arc::clone(&self.cudart) }))
    }

    fn memory(&self) -> ort::Result<MemoryInfo<'static>> {
        MemoryInfo::new(AllocationDevice::CUDA, self.device, AllocatorType::Device, MemoryType::Default)
    }

    unsafe fn upload(&self, to: *mut c_void, from: &[f32]) -> Result<()> {
        let bytes = size_of_val(from);
        // SAFETY: the caller's promise.
        let status =
            unsafe { (self.cudart.memcpy_async)(to, from.as_ptr().cast(), bytes, HOST_TO_DEVICE, self.stream) };
        self.cudart.check(status, "cudaMemcpyAsync")
    }

    unsafe fn download(&self, to: &mut [f32], from: *const c_void) -> Result<()> {
        let bytes = size_of_val(to);
        // SAFETY: the caller's promise.
        let status =
            unsafe { (self.cudart.memcpy_async)(to.as_mut_ptr().cast(), from, bytes, DEVICE_TO_HOST, self.stream) };
        self.cudart.check(status, "cudaMemcpyAsync")
    }

    fn finish(&self) -> Result<()> {
        // SAFETY: the stream lives as long as this.
        self.cudart.check(unsafe { (self.cudart.stream_synchronize)(self.stream) }, "cudaStreamSynchronize")
    }

    fn stream(&self) -> Option<*mut ()> {
        Some(self.stream.cast())
    }
}

impl Drop for CudaCopies {
    fn drop(&mut self) {
        // SAFETY: made in `new`, and nobody uses it any more. A failure has nobody left to tell.
        let _ = unsafe { (self.cudart.stream_destroy)(self.stream) };
    }
}

/// Numbers in memory of the host that the card copies by itself.
#[derive(Debug)]
pub(super) struct Pinned {
    values: NonNull<f32>,
    len: usize,
    cudart: Arc<Cudart>,
}

// SAFETY: it is memory like any other, with one owner.
unsafe impl Send for Pinned {}

impl Deref for Pinned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: `len` numbers were allocated and set.
        unsafe { std::slice::from_raw_parts(self.values.as_ptr(), self.len) }
    }
}

impl DerefMut for Pinned {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above, and this is the one owner.
        unsafe { std::slice::from_raw_parts_mut(self.values.as_ptr(), self.len) }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: allocated by the same library. A failure has nobody left to tell.
        let _ = unsafe { (self.cudart.free_host)(self.values.as_ptr().cast()) };
    }
}

#[cfg(test)]
#[path = "cudart_tests.rs"]
mod tests;
