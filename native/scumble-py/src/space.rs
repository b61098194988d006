//! What samples mean, as Python says it: a word, or the colour space of an ICC profile.

use numpy::{IntoPyArray, PyArray3, PyArrayMethods, PyReadonlyArray3, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use scumble_core::color::{ByProfiles, Profile, Row, Transfer, convert_row};
use scumble_core::{Error, jpeg};

use crate::arrays::{Source, with_sample_type};
use crate::errors::OrRaise;

/// The colour space of an ICC profile, read once and shared.
///
/// Args:
///     icc: the profile's bytes, as a gray or an RGB picture holds them.
///
/// Raises:
///     ParamError: when the profile is broken, of another kind (CMYK), or good for reading only.
#[pyclass(frozen, module = "scumble._native")]
pub struct ColorSpace {
    inner: Profile,
}

#[pymethods]
impl ColorSpace {
    #[new]
    #[pyo3(signature = (icc: "bytes"))]
    fn new(py: Python<'_>, icc: &[u8]) -> PyResult<Self> {
        Ok(Self { inner: py.detach(|| Profile::from_icc(icc)).or_raise()? })
    }

    /// Whether it is that of gray pictures.
    #[getter]
    fn is_gray(&self) -> bool {
        self.inner.is_gray()
    }

    /// Whether it is sRGB, whatever its name.
    #[getter]
    fn is_srgb(&self) -> bool {
        self.inner.is_srgb()
    }

    /// For a gray space the profile of coloured copies, in which the same numbers are the same grays; else None.
    #[getter]
    fn color_icc<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.inner.colour_icc().map(|icc| PyBytes::new(py, icc))
    }
}

/// What samples mean.
pub enum Meaning {
    /// They follow the sRGB curve.
    Srgb,
    /// They are light.
    Linear,
    /// What a profile says.
    Space(Py<ColorSpace>),
}

impl Meaning {
    /// The core's word for it.
    pub fn transfer(&self) -> Transfer<'_> {
        match self {
            Self::Srgb => Transfer::Srgb,
            Self::Linear => Transfer::Linear,
            Self::Space(space) => Transfer::Profile(&space.get().inner),
        }
    }

    /// Whether samples are proportional to light.
    pub fn is_light(&self) -> bool {
        match self.transfer() {
            Transfer::Srgb => false,
            Transfer::Linear => true,
            Transfer::Profile(profile) => profile.is_linear(),
        }
    }
}

impl FromPyObject<'_, '_> for Meaning {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(space) = object.cast::<ColorSpace>() {
            return Ok(Self::Space(space.to_owned().unbind()));
        }
        let Ok(name) = object.extract::<String>() else {
            return Err(PyTypeError::new_err("transfer must be \"srgb\", \"linear\" or a ColorSpace"));
        };
        match name.as_str() {
            "srgb" => Ok(Self::Srgb),
            "linear" => Ok(Self::Linear),
            other => {
                Err(Error::argument(format!("transfer is {other:?}; it must be \"srgb\", \"linear\" or a ColorSpace")))
                    .or_raise()
            }
        }
    }
}

/// Float samples, (height, width, 3), of a picture's colours in another space; alpha is left out.
///
/// They are not limited: what lies outside of the new space is below 0 or above 1. White stays white.
///
/// Args:
///     src: as for `lightness`.
///     source: what its samples mean, as `transfer` for `lightness`.
///     target: what the result's are to mean.
///
/// Raises:
///     ParamError: for another type, shape or transfer.
#[pyfunction]
#[pyo3(signature = (
    src: "_Pixels", *, source: "str | ColorSpace" = Meaning::Srgb, target: "str | ColorSpace" = Meaning::Srgb
) -> "_Floats")]
pub fn converted<'py>(
    py: Python<'py>,
    src: &Bound<'py, PyUntypedArray>,
    source: Meaning,
    target: Meaning,
) -> PyResult<Bound<'py, PyArray3<f32>>> {
    let (from, to) = (source.transfer(), target.transfer());
    with_sample_type!(src, S => {
        let src = Source::<S>::new(src)?;
        let view = src.view()?;
        let layout = view.layout();
        let mut out = vec![0.0_f32; layout.width * layout.height * 3];
        py.detach(|| {
            for (y, out) in out.chunks_mut(layout.width * 3).enumerate() {
                convert_row(Row { samples: view.row(y), channels: layout.channels, transfer: from }, to, out);
            }
        });
        out.into_pyarray(py).reshape([layout.height, layout.width, 3])
    })
}

/// RGB samples, (height, width, 3), of CMYK ones, (height, width, 4), or RGB ones, both uint8 or uint16.
///
/// By littlecms, relative colorimetric, with black on black.
///
/// Args:
///     src: in C order; 0 is no ink.
///     source: the ICC profile of these samples; it need not be good for writing.
///     target: the ICC profile of the result.
///
/// Raises:
///     ParamError: when a profile is broken or belongs to other channels, or for another type or shape.
#[pyfunction]
#[pyo3(signature = (src: "_Pixels", source: "bytes", target: "bytes") -> "_Pixels")]
pub fn converted_by_profiles<'py>(
    py: Python<'py>,
    src: &Bound<'py, PyAny>,
    source: &[u8],
    target: &[u8],
) -> PyResult<Bound<'py, PyAny>> {
    let way = ByProfiles::new(source, target);
    if let Ok(array) = src.extract::<PyReadonlyArray3<'py, u8>>() {
        return shaped(py, &array, |flat, channels, to| match channels {
            4 => way.cmyk_u8(flat.as_chunks().0, to),
            _ => way.rgb_u8(flat.as_chunks().0, to),
        });
    }
    if let Ok(array) = src.extract::<PyReadonlyArray3<'py, u16>>() {
        return shaped(py, &array, |flat, channels, to| match channels {
            4 => way.cmyk_u16(flat.as_chunks().0, to),
            _ => way.rgb_u16(flat.as_chunks().0, to),
        });
    }
    Err(Error::argument("samples to convert are uint8 or uint16, (height, width, 3 or 4)")).or_raise()
}

fn shaped<'py, S: numpy::Element + Copy + Default + Send + Sync>(
    py: Python<'py>,
    array: &PyReadonlyArray3<'py, S>,
    convert: impl Fn(&[S], usize, &mut [[S; 3]]) -> Result<(), Error> + Send + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    let &[height, width, channels] = array.shape() else {
        return Err(Error::argument("samples to convert have three axes")).or_raise();
    };
    let flat = match array.as_slice() {
        Ok(flat) if array.is_c_contiguous() && (3..=4).contains(&channels) => flat,
        _ => return Err(Error::argument("samples to convert lie in C order, three or four a pixel")).or_raise(),
    };
    let mut out = vec![[S::default(); 3]; height * width];
    py.detach(|| convert(flat, channels, &mut out)).or_raise()?;
    Ok(out.into_flattened().into_pyarray(py).reshape([height, width, 3])?.into_any())
}

/// Inks, uint8 (height, width, 4), 0 being none, of a CMYK JPEG file's bytes.
///
/// Args:
///     data: the file.
///     most_pixels: how large the picture may be.
///
/// Raises:
///     ParamError: when the file is damaged, too large, or has other channels.
#[pyfunction]
#[pyo3(signature = (data: "bytes", most_pixels: "int") -> "NDArray[np.uint8]")]
pub fn inks_from_jpeg<'py>(py: Python<'py>, data: &[u8], most_pixels: usize) -> PyResult<Bound<'py, PyArray3<u8>>> {
    let inks = py.detach(|| jpeg::inks_from_jpeg(data, most_pixels)).or_raise()?;
    inks.samples.into_pyarray(py).reshape([inks.height, inks.width, 4])
}
