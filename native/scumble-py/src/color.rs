//! The colour functions of the module: lightness, Lab, recolouring.

use numpy::{
    IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray2, PyReadonlyArray3, PyReadwriteArray2, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use scumble_core::Error;
use scumble_core::color::Transfer;
use scumble_core::guided::{Coefficients, Fit};
use scumble_core::hints::touch::{touched, working_size};
use scumble_core::recolor::{ChromaRows, Planes, Recoloring};
use scumble_core::{color, resample};

use crate::arrays::{Destination, Source, mask_view, values, with_sample_type};
use crate::errors::OrRaise;
use crate::progress::run_detached;
use crate::space::Meaning;
use crate::wanted::Wishes;

/// L (0 to 100) of every pixel, shape (height, width).
///
/// Light above 1 counts as 1, negative light and NaN as 0.
///
/// Args:
///     src: uint8, uint16, float16 or float32, shape (height, width, 1 to 4); rows may lie apart, alpha is last.
///     transfer: "srgb" for samples on the sRGB curve, "linear" for light (EXR), or a profile's space. Lightness and
///         chroma are those of the colours (D65), whatever the space; "fits" means its own range.
///     out: where to write it, of that shape and without gaps; a new array if none is given.
///
/// Raises:
///     ParamError: for another type, shape or transfer.
#[pyfunction]
#[pyo3(signature = (
    src: "_Pixels", *, transfer: "str | ColorSpace" = Meaning::Srgb, out: "_Floats | None" = None,
) -> "_Floats")]
pub fn lightness<'py>(
    py: Python<'py>,
    src: &Bound<'py, PyUntypedArray>,
    transfer: Meaning,
    out: Option<PyReadwriteArray2<'py, f32>>,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let transfer = transfer.transfer();
    with_sample_type!(src, S => {
        let src = Source::<S>::new(src)?;
        let view = src.view()?;
        let layout = view.layout();
        if let Some(mut out) = out {
            let is_alike = out.shape() == [layout.height, layout.width];
            match out.as_slice_mut() {
                Ok(values) if is_alike => py.detach(|| resample::lightness(view, transfer, values)).or_raise()?,
                _ => return Err(Error::argument("out must have the picture's height and width, and no gaps")).or_raise(),
            }
            return Ok((**out).clone());
        }
        let mut out = vec![0.0; layout.width * layout.height];
        py.detach(|| resample::lightness(view, transfer, &mut out)).or_raise()?;
        plane(py, out, layout.width, layout.height)
    })
}

/// L (0 to 100) averaged by area into a small plane of shape (height, width), without a full-size plane.
///
/// Args:
///     src: as for `lightness`.
///     width: cells a row, at least 1.
///     height: rows of cells, at least 1.
///     transfer: as for `lightness`.
///
/// Raises:
///     ParamError: for another type, shape or transfer, or an empty thumbnail.
#[pyfunction]
#[pyo3(signature = (src: "_Pixels", width: "int", height: "int", *, transfer: "str | ColorSpace" = Meaning::Srgb) -> "_Floats")]
pub fn lightness_thumbnail<'py>(
    py: Python<'py>,
    src: &Bound<'py, PyUntypedArray>,
    width: usize,
    height: usize,
    transfer: Meaning,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let transfer = transfer.transfer();
    with_sample_type!(src, S => {
        let src = Source::<S>::new(src)?;
        let view = src.view()?;
        let out = py.detach(|| resample::lightness_thumbnail(view, transfer, width, height)).or_raise()?;
        plane(py, out, width, height)
    })
}

/// Lab (D65, 2°) of colours 0 to 1, both of shape (n, 3). Gray has a = b = 0.
///
/// Args:
///     rgb: samples, 0 to 1.
///     transfer: as for `lightness`.
///
/// Raises:
///     ParamError: when the shape is not (n, 3).
#[pyfunction]
#[pyo3(signature = (rgb: "_Floats", *, transfer: "str | ColorSpace" = Meaning::Srgb) -> "_Floats")]
pub fn lab_from_rgb<'py>(
    py: Python<'py>,
    rgb: PyReadonlyArray2<'py, f32>,
    transfer: Meaning,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    converted(py, &rgb, transfer.transfer(), color::lab_from_rgb)
}

/// Colours, 0 to 1, of Lab (D65, 2°), both of shape (n, 3).
///
/// Colours outside the space lose chroma at the same lightness and hue until they fit; L is taken as 0 to 100.
///
/// Args:
///     lab: L, a and b.
///     transfer: as for `lightness`.
///
/// Raises:
///     ParamError: when the shape is not (n, 3).
#[pyfunction]
#[pyo3(signature = (lab: "_Floats", *, transfer: "str | ColorSpace" = Meaning::Srgb) -> "_Floats")]
pub fn rgb_from_lab<'py>(
    py: Python<'py>,
    lab: PyReadonlyArray2<'py, f32>,
    transfer: Meaning,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    converted(py, &lab, transfer.transfer(), color::rgb_from_lab)
}

/// Writes `src` with new chroma to `dst`: its lightness stays, colours that do not fit lose chroma.
///
/// Args:
///     src: as for `lightness`.
///     dst: the same type and size, 3 channels, or 4 when `src` has alpha; shares no memory with `src`.
///     ab: Lab a and b, shape (2, height, width).
///     strength: 0 keeps the source's own chroma, 1 takes the new one.
///     mask: shape (height, width); 0 keeps a pixel bit for bit, 255 takes the strength in full.
///     hint_xy: as for `recolor_guided`.
///     hint_ab: as for `recolor_guided`.
///     strokes: as for `recolor_guided`.
///     strokes_transfer: as for `recolor_guided`.
///     transfer: as for `lightness`.
///     workers: threads.
///     progress: called with the share done, 0 to 1, at most 20 times a second; an exception from it stops the work.
///
/// Raises:
///     ParamError: when types, shapes or values do not fit.
#[pyfunction]
#[pyo3(signature = (
    src: "_Pixels", dst: "_Pixels",
    ab: "_Floats", *,
    strength: "float" = 1.0, mask: "_Mask | None" = None,
    hint_xy: "_Places | None" = None, hint_ab: "_Floats | None" = None,
    strokes: "_Pixels | None" = None, strokes_transfer: "str | ColorSpace" = Meaning::Srgb,
    transfer: "str | ColorSpace" = Meaning::Srgb, workers: "int" = 1, progress: "_Listener | None" = None
) -> "None")]
#[allow(clippy::too_many_arguments)]
pub fn recolor<'py>(
    py: Python<'py>,
    src: &Bound<'py, PyUntypedArray>,
    dst: &Bound<'py, PyUntypedArray>,
    ab: PyReadonlyArray3<'py, f32>,
    strength: f32,
    mask: Option<PyReadonlyArray2<'py, u8>>,
    hint_xy: Option<PyReadonlyArray2<'py, i32>>,
    hint_ab: Option<PyReadonlyArray2<'py, f32>>,
    strokes: Option<Bound<'py, PyUntypedArray>>,
    strokes_transfer: Meaning,
    transfer: Meaning,
    workers: usize,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let (height, width) = (src.shape().first().copied(), src.shape().get(1).copied());
    if ab.shape()[0] != 2 || Some(ab.shape()[1]) != height || Some(ab.shape()[2]) != width {
        return Err(Error::argument(format!("ab has shape {:?}; it must be (2, height, width)", ab.shape())))
            .or_raise();
    }
    let ab_values = values(&ab);
    let (a, b) = ab_values.split_at(ab_values.len() / 2);
    let planes = Planes { a, b, width: ab.shape()[2] };
    let wishes =
        Wishes { xy: hint_xy.as_ref(), ab: hint_ab.as_ref(), strokes: strokes.as_ref(), transfer: &strokes_transfer };
    let settings = (strength, mask.as_ref(), transfer, workers, false);
    recolored(py, (src, dst), &planes, (wishes, working_size((planes.width, ab.shape()[1]))), settings, progress)
}

/// Writes `src` with chroma from a small prediction to `dst`, following the edges of the full-size lightness.
///
/// The fast guided filter (He & Sun 2015): in each window of the small planes, chroma is fitted as a line of
/// lightness; the lines are stretched over the picture and applied to each pixel's own lightness.
///
/// Args:
///     src: as for `lightness`.
///     dst: as for `recolor`.
///     ab: Lab a and b, shape (2, h, w), of any size, spanning the whole picture.
///     guide: L of the small picture, shape (h, w), as from `lightness_thumbnail`.
///     strength: as for `recolor`.
///     mask: as for `recolor`.
///     radius: half the side of a window, in small pixels.
///     eps: variance of L (squared L units) below which a window counts as flat; 0.001 at least is used.
///     adds: whether `ab` and `hint_ab` are changes of the source's own chroma, which stays beneath them.
///     hint_xy: column and row of pixels that have a wanted chroma, shape (n, 2); given with `hint_ab`. Those pixels
///         get it exactly, as far as it fits; what the stretched prediction lacks there is also added around them,
///         along the lightness. Of two at one pixel the later one counts.
///     hint_ab: wanted Lab a and b of those pixels, shape (n, 2).
///     strokes: colours on transparent ground, any known type, shape (height, width, 2 or 4), alpha not multiplied in:
///         the pixels that are opaque have a wanted chroma too, their own, at no cost in memory. Where `hint_xy` names
///         one of them, that counts. Light beyond 0 to 1 counts as 0 or 1.
///     strokes_transfer: as for `lightness`, of the strokes.
///     transfer: as for `lightness`.
///     workers: threads.
///     progress: as for `recolor`.
///
/// Raises:
///     ParamError: when types, shapes or values do not fit.
#[pyfunction]
#[pyo3(signature = (
    src: "_Pixels", dst: "_Pixels",
    ab: "_Floats", guide: "_Floats", *,
    strength: "float" = 1.0, mask: "_Mask | None" = None, radius: "int" = 4,
    eps: "float" = 4.0, adds: "bool" = false, hint_xy: "_Places | None" = None, hint_ab: "_Floats | None" = None,
    strokes: "_Pixels | None" = None, strokes_transfer: "str | ColorSpace" = Meaning::Srgb,
    transfer: "str | ColorSpace" = Meaning::Srgb, workers: "int" = 1, progress: "_Listener | None" = None
) -> "None")]
#[allow(clippy::too_many_arguments)]
pub fn recolor_guided<'py>(
    py: Python<'py>,
    src: &Bound<'py, PyUntypedArray>,
    dst: &Bound<'py, PyUntypedArray>,
    ab: PyReadonlyArray3<'py, f32>,
    guide: PyReadonlyArray2<'py, f32>,
    strength: f32,
    mask: Option<PyReadonlyArray2<'py, u8>>,
    radius: usize,
    eps: f32,
    adds: bool,
    hint_xy: Option<PyReadonlyArray2<'py, i32>>,
    hint_ab: Option<PyReadonlyArray2<'py, f32>>,
    strokes: Option<Bound<'py, PyUntypedArray>>,
    strokes_transfer: Meaning,
    transfer: Meaning,
    workers: usize,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let (h, w) = (guide.shape()[0], guide.shape()[1]);
    if ab.shape() != [2, h, w] || src.ndim() != 3 {
        return Err(Error::argument(format!(
            "ab has shape {:?} and guide {:?}; they must be (2, h, w) and (h, w)",
            ab.shape(),
            guide.shape()
        )))
        .or_raise();
    }
    let (ab_values, guide_values) = (values(&ab), values(&guide));
    let (a, b) = ab_values.split_at(h * w);
    let fit = Fit { radius, eps };
    let coefficients = py.detach(|| Coefficients::fit(a, b, &guide_values, w, h, fit)).or_raise()?;
    let stretched = coefficients.stretched(src.shape()[1], src.shape()[0]).or_raise()?;
    let settings = (strength, mask.as_ref(), transfer, workers, adds);
    let wishes =
        Wishes { xy: hint_xy.as_ref(), ab: hint_ab.as_ref(), strokes: strokes.as_ref(), transfer: &strokes_transfer };
    recolored(py, (src, dst), &stretched, (wishes, (w, h)), settings, progress)
}

/// Strength, mask, transfer, workers and whether chroma is added, as Python gave them.
type Settings<'a, 'py> = (f32, Option<&'a PyReadonlyArray2<'py, u8>>, Meaning, usize, bool);

/// Recolours, touched where something is wanted; cells of the touch are four pixels of `working` (width, height) wide.
fn recolored<'py>(
    py: Python<'py>,
    (src, dst): (&Bound<'py, PyUntypedArray>, &Bound<'py, PyUntypedArray>),
    chroma: &impl ChromaRows,
    (wishes, working): (Wishes<'_, 'py>, (usize, usize)),
    (strength, mask, transfer, workers, adds): Settings<'_, 'py>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let transfer = transfer.transfer();
    let held = wishes.read()?;
    with_sample_type!(src, S => {
        let source = Source::<S>::new(src)?;
        let mut destination = Destination::<S>::new(dst, &source)?;
        held.memory().map_or(Ok(()), |memory| destination.keep_off(memory, "the strokes"))?;
        let canvas = destination.canvas()?;
        let mask = mask.map(mask_view).transpose()?;
        let job = Recoloring { src: source.view()?, dst: &canvas, transfer, strength, mask, adds };
        let size = (job.src.layout().width, job.src.layout().height);
        held.with(size, |wanted| {
            run_detached(py, progress, |ticker| touched(job, chroma, (wanted, working), workers, ticker))
        })
    })
}

fn plane(py: Python<'_>, values: Vec<f32>, width: usize, height: usize) -> PyResult<Bound<'_, PyArray2<f32>>> {
    values.into_pyarray(py).reshape([height, width])
}

/// From triples of one kind to those of another, in a space.
type Conversion = fn(&[[f32; 3]], Transfer<'_>, &mut [[f32; 3]]);

fn converted<'py>(
    py: Python<'py>,
    colors: &PyReadonlyArray2<'py, f32>,
    transfer: Transfer<'_>,
    convert: Conversion,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    if colors.shape()[1] != 3 {
        return Err(Error::argument(format!("colours have shape {:?}; it must be (n, 3)", colors.shape()))).or_raise();
    }
    let flat = values(colors);
    let (triples, _) = flat.as_chunks::<3>();
    let mut out = vec![[0.0; 3]; triples.len()];
    py.detach(|| convert(triples, transfer, &mut out));
    plane(py, out.into_flattened(), 3, triples.len())
}
