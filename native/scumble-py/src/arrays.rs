//! Numpy arrays as the core's views: no copies, and no array that is read and written at a time.

use std::borrow::Cow;

use half::f16;
use numpy::{
    Element, PyArray3, PyArrayMethods, PyReadonlyArray, PyReadonlyArray2, PyReadonlyArray3, PyReadwriteArray3,
    PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use scumble_core::Error;
use scumble_core::color::Sample;
use scumble_core::image::{Canvas, Layout, View};

use crate::errors::OrRaise;

/// Samples that both numpy and the core know.
pub trait ArraySample: Element + Sample {}
impl ArraySample for u8 {}
impl ArraySample for u16 {}
impl ArraySample for f16 {}
impl ArraySample for f32 {}

/// Runs `$body` with `$S` standing for the array's sample type; `u8`, `u16`, `f16` and `f32` are known.
macro_rules! with_sample_type {
    ($array:expr, $S:ident => $body:expr) => {{
        let array: &Bound<'_, numpy::PyUntypedArray> = $array;
        match $crate::arrays::sample_name(array)? {
            "u8" => {
                type $S = u8;
                $body
            }
            "u16" => {
                type $S = u16;
                $body
            }
            "f16" => {
                type $S = half::f16;
                $body
            }
            _ => {
                type $S = f32;
                $body
            }
        }
    }};
}
pub(crate) use with_sample_type;

/// The array's sample type.
///
/// # Errors
/// `ParamError` for any other type.
pub fn sample_name(array: &Bound<'_, PyUntypedArray>) -> PyResult<&'static str> {
    let dtype = array.dtype();
    let py = array.py();
    let known = [
        ("u8", numpy::dtype::<u8>(py)),
        ("u16", numpy::dtype::<u16>(py)),
        ("f16", numpy::dtype::<f16>(py)),
        ("f32", numpy::dtype::<f32>(py)),
    ];
    use numpy::PyArrayDescrMethods;
    let found = known.iter().find(|(_, candidate)| candidate.is_equiv_to(&dtype)).map(|(name, _)| *name);
    found.ok_or_else(|| refused(format!("a picture of {dtype} samples; uint8, uint16, float16 and float32 are known")))
}

fn refused(reason: impl Into<String>) -> PyErr {
    crate::errors::exception_from_error(&Error::argument(reason))
}

fn layout<S>(shape: &[usize], strides: &[isize], what: &str) -> PyResult<Layout> {
    let (height, width, channels) = (shape[0], shape[1], shape.get(2).copied().unwrap_or(1));
    let sample = size_of::<S>() as isize;
    let packed_channels = channels == 1 || strides.get(2).is_none_or(|stride| *stride == sample);
    let packed_pixels = width == 1 || strides[1] == sample * channels as isize;
    if !(packed_channels && packed_pixels) {
        return Err(refused(format!("{what}: the samples of a row must lie side by side in memory")));
    }
    Ok(Layout { width, height, channels, row_stride: strides[0] })
}

/// A picture to read, kept borrowed.
pub struct Source<'py, S: ArraySample>(PyReadonlyArray3<'py, S>);

impl<'py, S: ArraySample> Source<'py, S> {
    /// Borrows an array of shape (height, width, channels).
    pub fn new(array: &Bound<'py, PyUntypedArray>) -> PyResult<Self> {
        Ok(Self(typed(array)?.try_readonly().map_err(|_| in_use())?))
    }

    /// The core's view of it, which is the source of a call.
    pub fn view(&self) -> PyResult<View<'_, S>> {
        self.view_as("the source")
    }

    /// The core's view of it, and what errors call it.
    pub fn view_as(&self, what: &str) -> PyResult<View<'_, S>> {
        let layout = layout::<S>(self.0.shape(), self.0.strides(), what)?;
        // SAFETY: the array is borrowed for as long as the view, and numpy's shape and strides describe its memory.
        unsafe { View::from_raw(self.0.data(), layout) }.or_raise()
    }
}

/// A picture to write, kept borrowed.
pub struct Destination<'py, S: ArraySample>(PyReadwriteArray3<'py, S>);

impl<'py, S: ArraySample> Destination<'py, S> {
    /// Borrows a writable array of shape (height, width, channels) that is made from nothing else.
    pub fn alone(array: &Bound<'py, PyUntypedArray>) -> PyResult<Self> {
        Ok(Self(typed(array)?.try_readwrite().map_err(|_| in_use())?))
    }

    /// Borrows a writable array of shape (height, width, channels) which shares no memory with `src`.
    pub fn new(array: &Bound<'py, PyUntypedArray>, src: &Source<'py, S>) -> PyResult<Self> {
        let written = Self::alone(array)?;
        written.keep_off(src.extent(), "the source")?;
        Ok(written)
    }

    /// Refuses other memory, given by its first and one-past-last address, that this array shares.
    pub fn keep_off(&self, other: (usize, usize), what: &str) -> PyResult<()> {
        let own = extent(self.0.shape(), self.0.strides(), self.0.data() as usize, size_of::<S>());
        if own.0 < other.1 && other.0 < own.1 {
            return Err(refused(format!("{what} and the destination share memory")));
        }
        Ok(())
    }

    /// The core's canvas over it.
    pub fn canvas(&mut self) -> PyResult<Canvas<'_, S>> {
        let layout = layout::<S>(self.0.shape(), self.0.strides(), "the destination")?;
        if layout.height > 1 && layout.row_stride.unsigned_abs() < layout.width * layout.channels * size_of::<S>() {
            return Err(refused("the rows of the destination overlap"));
        }
        // SAFETY: the array is borrowed for writing as long as the canvas, and its rows do not overlap.
        unsafe { Canvas::from_raw(self.0.data(), layout) }.or_raise()
    }
}

impl<S: ArraySample> Source<'_, S> {
    /// First and one-past-last address.
    pub fn extent(&self) -> (usize, usize) {
        extent(self.0.shape(), self.0.strides(), self.0.data() as usize, size_of::<S>())
    }
}

/// First and one-past-last address of an array's memory.
fn extent(shape: &[usize], strides: &[isize], data: usize, sample: usize) -> (usize, usize) {
    let (mut first, mut last) = (data, data + sample);
    for (size, stride) in shape.iter().zip(strides) {
        let reach = size.saturating_sub(1) * stride.unsigned_abs();
        if *stride < 0 {
            first = first.saturating_sub(reach);
        } else {
            last += reach;
        }
    }
    (first, last)
}

fn typed<'a, 'py, S: ArraySample>(array: &'a Bound<'py, PyUntypedArray>) -> PyResult<&'a Bound<'py, PyArray3<S>>> {
    array.cast::<PyArray3<S>>().map_err(|_| {
        refused(format!(
            "an array of {} with {} axes; pictures have shape (height, width, channels), source and destination one type",
            array.dtype(),
            array.ndim()
        ))
    })
}

fn in_use() -> PyErr {
    refused("the array is read-only, or in use by another call")
}

/// The core's view of a mask of shape (height, width).
pub fn mask_view<'a>(mask: &'a PyReadonlyArray2<'_, u8>) -> PyResult<View<'a, u8>> {
    let layout = layout::<u8>(mask.shape(), mask.strides(), "the mask")?;
    // SAFETY: as for `Source::view`.
    unsafe { View::from_raw(mask.data(), layout) }.or_raise()
}

/// The values of an array in C order, copied only where they lie in another order.
pub fn values<'a, D: numpy::ndarray::Dimension>(array: &'a PyReadonlyArray<'_, f32, D>) -> Cow<'a, [f32]> {
    // `as_slice` alone would also take Fortran order, transposed.
    match array.as_slice() {
        Ok(slice) if array.is_c_contiguous() => Cow::Borrowed(slice),
        _ => Cow::Owned(array.as_array().iter().copied().collect()),
    }
}
