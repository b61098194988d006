//! Pictures from a generator: a session over the blocks of its endless plane.

use numpy::{PyReadonlyArray1, PyReadonlyArray3, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use scumble_core::Error;
use scumble_core::budget::Budget;
use scumble_core::generate::{self, Facts, Share, Value, Wish};
use scumble_core::session::Array;

use crate::arrays::{ArraySample, Destination, sample_name, values};
use crate::engine::Session;
use crate::errors::OrRaise;
use crate::progress::run_detached;

/// Picks how a picture is cut into blocks, so that the memory budget is kept.
///
/// Args:
///     size: width and height of the picture in pixels, 1 to 16384.
///     cell_px: side of the generator's cells in pixels.
///     period: rows and columns of cells that a picture without seams shows; None for any other.
///     scale: how large the plane is shown, 0.5 to 8; of no account with a period.
///     bytes_per_pixel: the model's working set per pixel of a block.
///     weights_bytes: the weights of one session.
///     workers: the most sessions that run at a time.
///     budget_bytes: memory for all of them.
///     taken_bytes: bytes of these that are taken whatever the cut, counted with the rest.
///
/// Returns:
///     The most cells of a block, down and across, which do not depend on `workers`; workers; bytes counted.
///
/// Raises:
///     MemoryBudgetTooSmall: when not even one cell fits.
///     ParamError: for values out of range.
#[pyfunction]
#[pyo3(signature = (
    size: "tuple[int, int]", *, cell_px: "int", period: "tuple[int, int] | None" = None, scale: "float" = 1.0,
    bytes_per_pixel: "float", weights_bytes: "int", workers: "int", budget_bytes: "int", taken_bytes: "int" = 0
) -> "tuple[tuple[int, int], int, int]")]
#[allow(clippy::too_many_arguments)]
pub fn fit_blocks(
    size: (usize, usize),
    cell_px: usize,
    period: Option<(usize, usize)>,
    scale: f64,
    bytes_per_pixel: f64,
    weights_bytes: u64,
    workers: usize,
    budget_bytes: u64,
    taken_bytes: u64,
) -> PyResult<((usize, usize), usize, u64)> {
    let budget = Budget { bytes_per_pixel, weights_bytes, workers, bytes: budget_bytes, taken: taken_bytes };
    let (rows, columns) = generate::axes(size, cell_px, period, scale).or_raise()?;
    let fitted = generate::fit(rows, columns, budget).or_raise()?;
    Ok((fitted.cells, fitted.workers, fitted.bytes))
}

#[pymethods]
impl Session {
    /// Generates a picture block by block, straight into `out`; the graph is a convolutional generator.
    ///
    /// Its inputs are "latents", "layout", "latent", "style", "detail" and "noise_0" to the last level, its output is
    /// "rgb". Noise is that of `grid_noise`, kind "normal", at the block's place on the plane. The picture is the
    /// plane's part from its first cell on.
    ///
    /// Args:
    ///     out: uint8, rounded by chance, or float32, 0 to 1 and beyond; shape (height, width, 3); it is filled.
    ///     layout: wanted colours at the cells, (channels, rows, columns); past its border it goes on as it ends.
    ///     latent: the global vector.
    ///     style: weights of the styles.
    ///     detail: how strongly the net adds to the layout, 0 to 4; 1 is as it learnt.
    ///     cell_px: side of a cell in pixels, 4 to 4096.
    ///     cell_margin: cells that latents and layout show around a block.
    ///     noise_margins: pixels that each level's noise shows around a block; level k has 2^k to a cell.
    ///     stream_latents: the stream of the latents' noise.
    ///     stream_noise: the stream of level 0; the others follow.
    ///     block: the most cells of a block, down and across.
    ///     seed: where chance starts.
    ///     blend: a second seed and how far the noise is on the way to it, 0 to 1.
    ///     seamless: whether the picture repeats: it shows all cells of the layout, exactly once, and fits itself.
    ///     scale: how large the plane is shown, 0.5 to 8; of no account with `seamless`.
    ///     workers: as for `run_tiled`.
    ///     progress: as for `run_tiled`.
    ///
    /// Raises:
    ///     ModelError: when the graph is no generator of these facts, or it fails.
    ///     DeviceOutOfMemory: when a block does not fit.
    ///     ParamError: for values out of range.
    #[pyo3(signature = (
        out: "_Pixels", layout: "_Floats", *, latent: "_Floats", style: "_Floats", detail: "float",
        cell_px: "int", cell_margin: "int", noise_margins: "list[int]", stream_latents: "int", stream_noise: "int",
        block: "tuple[int, int]", seed: "int" = 0, blend: "tuple[int, float] | None" = None,
        seamless: "bool" = false, scale: "float" = 1.0, workers: "int | None" = None,
        progress: "_Listener | None" = None
    ) -> "None")]
    #[allow(clippy::too_many_arguments)]
    fn generate_tiled<'py>(
        &self,
        py: Python<'py>,
        out: &Bound<'py, PyUntypedArray>,
        layout: PyReadonlyArray3<'py, f32>,
        latent: PyReadonlyArray1<'py, f32>,
        style: PyReadonlyArray1<'py, f32>,
        detail: f32,
        cell_px: usize,
        cell_margin: usize,
        noise_margins: Vec<usize>,
        stream_latents: i64,
        stream_noise: i64,
        block: (usize, usize),
        seed: u64,
        blend: Option<(u64, f32)>,
        seamless: bool,
        scale: f64,
        workers: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let row = |array: &PyReadonlyArray1<'py, f32>| {
            let data = values(array).into_owned();
            Array { shape: vec![1, data.len()], data }
        };
        let facts = Facts { cell_px, cell_margin, noise_margins, stream_latents, stream_noise };
        let layout = Array { shape: layout.shape().to_vec(), data: values(&layout).into_owned() };
        let wish = Wish { layout, latent: row(&latent), style: row(&style), detail, seed, blend, seamless, scale };
        let share = Share { cells: block, workers: workers.unwrap_or(usize::MAX) };
        match sample_name(out)? {
            "u8" => self.generate_into::<u8>(py, out, &facts, &wish, share, progress),
            "f32" => self.generate_into::<f32>(py, out, &facts, &wish, share, progress),
            _ => Err(Error::argument(format!("out is of {}; it must be uint8 or float32", out.dtype()))).or_raise(),
        }
    }
}

impl Session {
    fn generate_into<S: ArraySample + Value>(
        &self,
        py: Python<'_>,
        out: &Bound<'_, PyUntypedArray>,
        facts: &Facts,
        wish: &Wish,
        share: Share,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let mut destination = Destination::<S>::alone(out)?;
        let canvas = destination.canvas()?;
        run_detached(py, progress, |ticker| generate::generate(&self.inner, facts, wish, share, &canvas, ticker))
    }
}
