//! The hint engine as Python sees it: hints spread over a picture, and predictions that meet them.

use numpy::{
    IntoPyArray, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray2, PyReadonlyArray3, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use scumble_core::Error;
use scumble_core::hints::{self, Hints};

use crate::arrays::values;
use crate::errors::OrRaise;
use crate::progress::run_detached;

/// Two planes of chroma and one more, both float32.
type Spread<'py> = (Bound<'py, PyArray3<f32>>, Bound<'py, PyArray2<f32>>);

/// A picture at its working size, ready for hints: made once, asked again after every edit.
///
/// Hints are spread in a bilateral grid along the lightness (x and y by 4 pixels, L by 12.5; Paris and Durand 2006),
/// by five Gaussians of growing width; predictions meet them by the system of Levin, Lischinski and Weiss 2004.
///
/// Args:
///     lightness: L, 0 to 100, shape (h, w); what is no number counts as 0.
///
/// Raises:
///     ParamError: for an empty picture.
#[pyclass(frozen, module = "scumble._native")]
pub struct HintField {
    inner: hints::HintField,
}

/// Hints spread over a picture, to be read at any size of it.
#[pyclass(frozen, module = "scumble._native")]
pub struct SpreadHints {
    pub(crate) inner: hints::SpreadHints,
}

#[pymethods]
impl HintField {
    #[new]
    #[pyo3(signature = (lightness: "_Floats"))]
    fn new(py: Python<'_>, lightness: PyReadonlyArray2<'_, f32>) -> PyResult<Self> {
        let (height, width) = (lightness.shape()[0], lightness.shape()[1]);
        let lightness = values(&lightness);
        Ok(Self { inner: py.detach(|| hints::HintField::new(&lightness, width, height)).or_raise()? })
    }

    /// Width and height in pixels.
    #[getter]
    fn size(&self) -> (usize, usize) {
        self.inner.size()
    }

    /// Spreads hints over the picture.
    ///
    /// Args:
    ///     hint_ab: wanted Lab a and b, shape (2, h, w); read where hinted.
    ///     hint_mask: shape (h, w); 1 or more where the user gave a colour, everything below counts as none.
    ///
    /// Returns:
    ///     Spread a and b, shape (2, h, w), at hinted pixels the hint's own; and how far they are to be trusted, 0 to
    ///     1, shape (h, w). Both are 0 without hints.
    ///
    /// Raises:
    ///     ParamError: when a shape is another, or a hint is no number.
    #[pyo3(signature = (hint_ab: "_Floats", hint_mask: "_Floats") -> "tuple[_Floats, _Floats]")]
    fn spread<'py>(
        &self,
        py: Python<'py>,
        hint_ab: PyReadonlyArray3<'py, f32>,
        hint_mask: PyReadonlyArray2<'py, f32>,
    ) -> PyResult<Spread<'py>> {
        let (ab, hinted) = self.hints(&hint_ab, &hint_mask)?;
        let (spread, confidence) = py.detach(|| self.inner.spread(Hints { ab: &ab, hinted: &hinted })).or_raise()?;
        planes(py, (spread, confidence), self.inner.size())
    }

    /// Spreads hints and keeps them to be read at other sizes of the picture; None without hints.
    ///
    /// Args:
    ///     hint_ab: as for `spread`.
    ///     hint_mask: as for `spread`.
    ///
    /// Raises:
    ///     ParamError: as for `spread`.
    #[pyo3(signature = (hint_ab: "_Floats", hint_mask: "_Floats") -> "SpreadHints | None")]
    fn grid<'py>(
        &self,
        py: Python<'py>,
        hint_ab: PyReadonlyArray3<'py, f32>,
        hint_mask: PyReadonlyArray2<'py, f32>,
    ) -> PyResult<Option<SpreadHints>> {
        let (ab, hinted) = self.hints(&hint_ab, &hint_mask)?;
        let found = py.detach(|| self.inner.grid(Hints { ab: &ab, hinted: &hinted })).or_raise()?;
        Ok(found.map(|inner| SpreadHints { inner }))
    }

    /// Makes predicted colours meet the hints.
    ///
    /// At hinted pixels the result is the hint. Everywhere else it is (m + pull · ab) / (1 + pull), m being the mean of
    /// its own eight neighbours weighed by how alike their lightness is. Small pictures are solved exactly, others on
    /// photographs to about 0.02 ab (root mean square), by at most 24 multigrid-led steps of conjugate residuals that
    /// end when one changes the colours by less than 0.005. The same input gives the same bits.
    ///
    /// Args:
    ///     ab: predicted a and b, shape (2, h, w); what is no number counts as 0.
    ///     hint_ab: as for `spread`.
    ///     hint_mask: as for `spread`.
    ///     pull: how much the prediction counts against the neighbours, 0 or more, shape (h, w); from a hint the
    ///         change reaches about 1 / sqrt(pull) pixels.
    ///
    /// Returns:
    ///     a and b, shape (2, h, w); a copy of `ab` without hints.
    ///
    /// Raises:
    ///     ParamError: when a shape is another, a hint is no number, or a pull is negative, beyond 1e6 or no number.
    #[pyo3(signature = (ab: "_Floats", hint_ab: "_Floats", hint_mask: "_Floats", pull: "_Floats") -> "_Floats")]
    fn met<'py>(
        &self,
        py: Python<'py>,
        ab: PyReadonlyArray3<'py, f32>,
        hint_ab: PyReadonlyArray3<'py, f32>,
        hint_mask: PyReadonlyArray2<'py, f32>,
        pull: PyReadonlyArray2<'py, f32>,
    ) -> PyResult<Bound<'py, PyArray3<f32>>> {
        let (width, height) = self.inner.size();
        if ab.shape() != [2, height, width] || pull.shape() != [height, width] {
            return Err(Error::argument(format!(
                "ab has shape {:?} and pull {:?}; they must be (2, {height}, {width}) and ({height}, {width})",
                ab.shape(),
                pull.shape()
            )))
            .or_raise();
        }
        let (wanted, hinted) = self.hints(&hint_ab, &hint_mask)?;
        let (ab, pull) = (values(&ab), values(&pull));
        let hints = Hints { ab: &wanted, hinted: &hinted };
        let found = py.detach(|| self.inner.met(&ab, hints, &pull)).or_raise()?;
        found.into_pyarray(py).reshape([2, height, width])
    }

    fn __repr__(&self) -> String {
        let (width, height) = self.inner.size();
        format!("<HintField of {width}x{height}>")
    }
}

impl HintField {
    /// The hints' chroma, and which pixels are hinted.
    fn hints<'a>(
        &self,
        ab: &'a PyReadonlyArray3<'_, f32>,
        mask: &PyReadonlyArray2<'_, f32>,
    ) -> PyResult<(std::borrow::Cow<'a, [f32]>, Vec<bool>)> {
        let (width, height) = self.inner.size();
        if ab.shape() != [2, height, width] || mask.shape() != [height, width] {
            return Err(Error::argument(format!(
                "hint_ab has shape {:?} and hint_mask {:?}; they must be (2, {height}, {width}) and ({height}, {width})",
                ab.shape(),
                mask.shape()
            )))
            .or_raise();
        }
        Ok((values(ab), values(mask).iter().map(|mask| *mask >= 1.0).collect()))
    }
}

#[pymethods]
impl SpreadHints {
    /// Reads the hints along the lightness of the same picture at any size.
    ///
    /// Args:
    ///     lightness: L, 0 to 100, shape (H, W), of the whole picture.
    ///     workers: threads.
    ///     progress: called with the share done, 0 to 1, at most 20 times a second; an exception from it stops.
    ///
    /// Returns:
    ///     As for `HintField.spread`, but hinted pixels are read as all others, and no mean over neighbours follows.
    ///
    /// Raises:
    ///     ParamError: for an empty picture.
    #[pyo3(signature = (
        lightness: "_Floats", *, workers: "int" = 1, progress: "_Listener | None" = None
    ) -> "tuple[_Floats, _Floats]")]
    fn slice<'py>(
        &self,
        py: Python<'py>,
        lightness: PyReadonlyArray2<'py, f32>,
        workers: usize,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Spread<'py>> {
        let (height, width) = (lightness.shape()[0], lightness.shape()[1]);
        let lightness = values(&lightness);
        let (mut ab, mut confidence) = (vec![0.0; 2 * lightness.len()], vec![0.0; lightness.len()]);
        run_detached(py, progress, |ticker| {
            self.inner.slice(&lightness, (width, height), (&mut ab, &mut confidence), workers, ticker)
        })?;
        planes(py, (ab, confidence), (width, height))
    }
}

fn planes<'py>(
    py: Python<'py>,
    (ab, confidence): (Vec<f32>, Vec<f32>),
    (width, height): (usize, usize),
) -> PyResult<Spread<'py>> {
    let ab = ab.into_pyarray(py).reshape([2, height, width])?;
    Ok((ab, confidence.into_pyarray(py).reshape([height, width])?))
}
