//! Copies between the host's memory and the device's: the same steps on a card and, for tests, on the processor.

use std::ffi::c_void;
use std::ops::{Deref, DerefMut};

use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};

use super::cudart::Pinned;
use crate::error::Result;

/// How numbers get to the device and back. Copies are queued in order; `finish` waits for them.
pub(super) trait Copies: Send + Sync + std::fmt::Debug {
    /// Zeros in host memory that is fast to copy from and to.
    fn host(&self, len: usize) -> Result<Host>;

    /// Where the device's tensors lie.
    fn memory(&self) -> ort::Result<MemoryInfo<'static>>;

    /// Queues a copy to the device.
    ///
    /// # Safety
    /// `to` has room for `from` on the device, and both live and are let alone until `finish`.
    unsafe fn upload(&self, to: *mut c_void, from: &[f32]) -> Result<()>;

    /// Queues a copy from the device.
    ///
    /// # Safety
    /// `from` has as many numbers on the device, and both live and are let alone until `finish`.
    unsafe fn download(&self, to: &mut [f32], from: *const c_void) -> Result<()>;

    /// Waits for what was queued.
    fn finish(&self) -> Result<()>;

    /// The stream that the session has to work on, as ONNX Runtime is told of it; none on the processor.
    fn stream(&self) -> Option<*mut ()> {
        None
    }
}

/// Numbers in the host's memory.
#[derive(Debug)]
pub(super) enum Host {
    /// On the heap.
    Plain(Vec<f32>),
    /// Where the card reads and writes by itself.
    Pinned(Pinned),
}

impl Deref for Host {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match self {
            Self::Plain(values) => values,
            Self::Pinned(values) => values,
        }
    }
}

impl DerefMut for Host {
    fn deref_mut(&mut self) -> &mut [f32] {
        match self {
            Self::Plain(values) => values,
            Self::Pinned(values) => values,
        }
    }
}

/// The processor in a card's place: every step of a card's slot, with memory that anything can look into.
#[derive(Debug)]
pub(super) struct Plain;

impl Copies for Plain {
    fn host(&self, len: usize) -> Result<Host> {
        Ok(Host::Plain(vec![0.0; len]))
    }

    fn memory(&self) -> ort::Result<MemoryInfo<'static>> {
        MemoryInfo::new(AllocationDevice::CPU, 0, AllocatorType::Device, MemoryType::Default)
    }

    unsafe fn upload(&self, to: *mut c_void, from: &[f32]) -> Result<()> {
        // SAFETY: the caller's promise; tensors and host buffers are apart.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to.cast(), from.len()) };
        Ok(())
    }

    unsafe fn download(&self, to: &mut [f32], from: *const c_void) -> Result<()> {
        // SAFETY: as above.
        unsafe { std::ptr::copy_nonoverlapping(from.cast(), to.as_mut_ptr(), to.len()) };
        Ok(())
    }

    fn finish(&self) -> Result<()> {
        Ok(())
    }
}
