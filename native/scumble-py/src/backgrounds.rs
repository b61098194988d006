//! Backgrounds as Python sees them: pixels of procedural styles, and noise on the global integer grid.

use numpy::{IntoPyArray, PyArray3, PyArrayMethods, PyReadonlyArray2, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use scumble_core::Error;
use scumble_core::backgrounds::noise::{self, Patch};
use scumble_core::backgrounds::scene::{KINDS, Scene, Spec};
use scumble_core::backgrounds::soften::{Softening, soften as core_soften};

use crate::arrays::{Destination, mask_view, values};
use crate::errors::OrRaise;
use crate::progress::run_detached;

/// Names of the styles that `draw_background` knows.
#[pyfunction]
#[pyo3(signature = () -> "list[str]")]
pub fn background_styles() -> Vec<&'static str> {
    KINDS.iter().map(|(name, _)| *name).collect()
}

/// Draws a rectangle of a background into `dst`: the same bits as in the whole picture.
///
/// Args:
///     dst: uint8, shape (height, width, 3); it is filled.
///     style: one of `background_styles()`.
///     size: width and height of the whole picture in pixels, 1 to 16384.
///     origin: column and row of the picture at which `dst` starts.
///     palette: sRGB colours 0 to 1, shape (n, 3), n from 1 to 6; the first is the ground.
///     seed: where chance starts.
///     energy: 0 calm to 1 energetic.
///     blend: a second seed and how far the picture is on the way to it, 0 to 1.
///     seamless: whether opposite edges fit each other.
///     workers: threads.
///     progress: called with the share done, 0 to 1, at most 20 times a second; an exception from it stops the work.
///
/// Raises:
///     ParamError: for another style, size, palette or share, or a rectangle beyond the picture.
#[pyfunction]
#[pyo3(signature = (
    dst: "_Mask",
    style: "str",
    *,
    size: "tuple[int, int]",
    origin: "tuple[int, int]" = (0, 0),
    palette: "_Floats",
    seed: "int" = 0,
    energy: "float" = 0.5,
    blend: "tuple[int, float] | None" = None,
    seamless: "bool" = false,
    workers: "int" = 1,
    progress: "_Listener | None" = None
) -> "None")]
#[allow(clippy::too_many_arguments)]
pub fn draw_background(
    py: Python<'_>,
    dst: &Bound<'_, PyUntypedArray>,
    style: &str,
    size: (usize, usize),
    origin: (usize, usize),
    palette: PyReadonlyArray2<'_, f32>,
    seed: u64,
    energy: f32,
    blend: Option<(u64, f32)>,
    seamless: bool,
    workers: usize,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == style) else {
        return Err(Error::argument(format!("{style:?} is no style; there are {}", background_styles().join(", "))))
            .or_raise();
    };
    if palette.shape()[1] != 3 {
        return Err(Error::argument(format!("a palette of shape {:?}; it must be (n, 3)", palette.shape()))).or_raise();
    }
    let palette = values(&palette).chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect();
    let spec = Spec { kind: *kind, width: size.0, height: size.1, seed, blend, palette, energy, seamless };
    let mut target = Destination::<u8>::alone(dst)?;
    let canvas = target.canvas()?;
    run_detached(py, progress, |ticker| Scene::new(&spec)?.draw(origin, &canvas, workers, ticker))
}

/// Blurs a picture in place, wholly or where a mask says.
///
/// Area means on a coarse grid, a Gaussian there and a cubic spline back: memory and time do not grow with the blur.
///
/// Args:
///     picture: uint8, shape (height, width, 3); it is changed.
///     sigma: deviation of the blur in pixels, 0.7 to 4096.
///     mask: shape (height, width); 0 keeps a pixel bit for bit, 255 takes the blurred one.
///     seamless: whether opposite edges are neighbours.
///     seed: decides how values between two codes are rounded.
///     workers: threads.
///     progress: as for `draw_background`.
///
/// Raises:
///     ParamError: for another shape or a deviation out of range.
#[pyfunction]
#[pyo3(signature = (
    picture: "_Mask",
    sigma: "float",
    *,
    mask: "_Mask | None" = None,
    seamless: "bool" = false,
    seed: "int" = 0,
    workers: "int" = 1,
    progress: "_Listener | None" = None
) -> "None")]
#[allow(clippy::too_many_arguments)]
pub fn soften(
    py: Python<'_>,
    picture: &Bound<'_, PyUntypedArray>,
    sigma: f32,
    mask: Option<PyReadonlyArray2<'_, u8>>,
    seamless: bool,
    seed: u64,
    workers: usize,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let mask = mask.as_ref().map(mask_view).transpose()?;
    let mut target = Destination::<u8>::alone(picture)?;
    let canvas = target.canvas()?;
    let how = Softening { sigma, mask, seamless, seed };
    run_detached(py, progress, |ticker| core_soften(&canvas, how, workers, ticker))
}

/// Noise on the global integer grid, float32 of shape (channels, height, width).
///
/// Each value depends on (seed, stream, y, x, channel) alone: splitmix64 (Steele, Lea and Flood 2014) takes them in
/// that order. Any patch is bit for bit part of any larger one, on every machine.
///
/// Args:
///     seed: where chance starts.
///     stream: keeps draws for different purposes apart.
///     region: column, row, width and height of the patch; it may start below zero.
///     channels: how many values a place has.
///     kind: "uniform", 0 to 1, or "normal", the sum of four even draws with mean 0 and deviation 1.
///     period: columns and rows after which the noise repeats.
///
/// Raises:
///     ParamError: for another kind, a period below 1, or more than 2^28 values.
#[pyfunction]
#[pyo3(signature = (
    seed: "int",
    stream: "int",
    region: "tuple[int, int, int, int]",
    *,
    channels: "int" = 1,
    kind: "str" = "normal",
    period: "tuple[int, int] | None" = None
) -> "_Floats")]
pub fn grid_noise<'py>(
    py: Python<'py>,
    seed: u64,
    stream: i64,
    region: (i64, i64, usize, usize),
    channels: usize,
    kind: &str,
    period: Option<(i64, i64)>,
) -> PyResult<Bound<'py, PyArray3<f32>>> {
    let (x, y, width, height) = region;
    let count = width.checked_mul(height).and_then(|plane| plane.checked_mul(channels));
    let draw = match kind {
        "uniform" => noise::uniform,
        "normal" => noise::normal,
        other => {
            return Err(Error::argument(format!("kind is {other:?}; it must be \"uniform\" or \"normal\""))).or_raise();
        }
    };
    let (Some(count), false) = (count.filter(|n| *n <= MOST_VALUES), period.is_some_and(|p| p.0 < 1 || p.1 < 1)) else {
        return Err(Error::argument("noise needs a period of at least 1 and at most 2^28 values")).or_raise();
    };
    let patch = Patch { y, x, height, width, period: period.map(|(columns, rows)| (rows, columns)) };
    let mut out = vec![0.0; count];
    py.detach(|| noise::fill(seed, stream, patch, &mut out, draw));
    out.into_pyarray(py).reshape([channels, height, width])
}

const MOST_VALUES: usize = 1 << 28;
