//! The plan and its tiles as Python sees them.

use pyo3::prelude::*;
use scumble_core::budget::Budget;
use scumble_core::plan::{self, Grain, Rect};

use crate::errors::OrRaise;

/// One tile: `core` is kept of what the model computes from `read`; both are (x, y, width, height) in pixels.
#[pyclass(frozen, eq, hash, skip_from_py_object, module = "scumble._native")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Tile(plan::Tile);

type RectTuple = (usize, usize, usize, usize);

fn rect_tuple(rect: Rect) -> RectTuple {
    (rect.x, rect.y, rect.width, rect.height)
}

#[pymethods]
impl Tile {
    /// Kept pixels, inside the picture; the cores of a plan cover the picture exactly once.
    #[getter]
    fn core(&self) -> RectTuple {
        rect_tuple(self.0.core)
    }

    /// Read pixels, inside the padded picture; origin and size are multiples of the stride.
    #[getter]
    fn read(&self) -> RectTuple {
        rect_tuple(self.0.read)
    }

    fn __repr__(&self) -> String {
        format!("Tile(core={:?}, read={:?})", self.core(), self.read())
    }
}

/// How a picture is cut into tiles; pure geometry.
///
/// The picture is thought padded, right and below, by reflection (the border pixel not repeated) to multiples of
/// `stride` and at least to `min_size`: a plan of one tile is that padded full frame. Tiles have no halo beyond its
/// border, start on multiples of `stride`, and differ by one stride at most. So a convolutional model gives the same
/// bits tiled as on the padded full frame.
///
/// Args:
///     width: columns of the picture.
///     height: rows of the picture.
///     tile: the largest side that a tile may read, halos included, in pixels; or two of them, across and down. A side
///         as long as the padded picture's is not cut and has no halo: so strips are made.
///     halo: how far an output pixel sees, in pixels: half the receptive field.
///     stride: product of the model's strides.
///     min_size: the smallest side that the model accepts.
///     fixed: whether every tile reads exactly `tile`: for graphs of one size; `min_size` is of no account.
///
/// Raises:
///     ParamError: for an empty picture, a zero stride, or a tile too small for its halos.
#[pyclass(frozen, eq, skip_from_py_object, module = "scumble._native")]
#[derive(Clone, PartialEq)]
pub struct TilePlan {
    pub(crate) inner: plan::TilePlan,
}

/// One side for both axes, or two.
#[derive(FromPyObject)]
enum Sides {
    One(usize),
    Two(usize, usize),
}

#[pymethods]
impl TilePlan {
    #[new]
    #[pyo3(signature = (
        width: "int", height: "int", *, tile: "int | tuple[int, int]", halo: "int", stride: "int" = 1,
        min_size: "int" = 1, fixed: "bool" = false
    ))]
    fn new(
        width: usize,
        height: usize,
        tile: Sides,
        halo: usize,
        stride: usize,
        min_size: usize,
        fixed: bool,
    ) -> PyResult<Self> {
        let tile = match tile {
            Sides::One(side) => (side, side),
            Sides::Two(across, down) => (across, down),
        };
        let cut = if fixed { plan::TilePlan::fixed } else { plan::TilePlan::cut };
        Ok(Self { inner: cut(width, height, tile, Grain { halo, stride, min_size }).or_raise()? })
    }

    /// Picks the tile size and the number of workers that finish soonest within a memory budget: a dry run.
    ///
    /// Tiles are about square, and strips of the picture's full width or height where halos would be most of the work.
    /// Counted are, for each worker, its weights and its tile's working set with Scumble's own buffers.
    ///
    /// Args:
    ///     width: columns of the picture.
    ///     height: rows of the picture.
    ///     halo: as for `TilePlan`.
    ///     stride: as for `TilePlan`.
    ///     min_size: as for `TilePlan`.
    ///     bytes_per_pixel: working set of the model per read pixel, from its manifest.
    ///     weights_bytes: size of the model's weights.
    ///     workers: the most workers wanted.
    ///     budget_bytes: bytes allowed in all.
    ///     taken_bytes: bytes of these that are taken whatever the plan, counted with the rest.
    ///
    /// Returns:
    ///     The plan, the number of workers, and the bytes that were counted.
    ///
    /// Raises:
    ///     MemoryBudgetTooSmall: when not even one worker with a small tile fits.
    ///     ParamError: as for `TilePlan`.
    #[staticmethod]
    #[pyo3(signature = (
        width: "int", height: "int", *, halo: "int", stride: "int", min_size: "int", bytes_per_pixel: "float",
        weights_bytes: "int", workers: "int", budget_bytes: "int",
        taken_bytes: "int" = 0
    ) -> "tuple[TilePlan, int, int]")]
    #[allow(clippy::too_many_arguments)]
    fn fit(
        width: usize,
        height: usize,
        halo: usize,
        stride: usize,
        min_size: usize,
        bytes_per_pixel: f64,
        weights_bytes: u64,
        workers: usize,
        budget_bytes: u64,
        taken_bytes: u64,
    ) -> PyResult<(Self, usize, u64)> {
        let budget = Budget { bytes_per_pixel, weights_bytes, workers, bytes: budget_bytes, taken: taken_bytes };
        let fitted = plan::TilePlan::fit(width, height, Grain { halo, stride, min_size }, budget).or_raise()?;
        Ok((Self { inner: fitted.plan }, fitted.workers, fitted.bytes))
    }

    /// Counts how many workers fit a memory budget with this plan; arguments are those of `fit`.
    ///
    /// Returns:
    ///     The number of workers, and the bytes that were counted.
    ///
    /// Raises:
    ///     MemoryBudgetTooSmall: when not even one fits.
    #[pyo3(signature = (
        *, bytes_per_pixel: "float", weights_bytes: "int", workers: "int", budget_bytes: "int",
        taken_bytes: "int" = 0
    ) -> "tuple[int, int]")]
    fn fit_workers(
        &self,
        bytes_per_pixel: f64,
        weights_bytes: u64,
        workers: usize,
        budget_bytes: u64,
        taken_bytes: u64,
    ) -> PyResult<(usize, u64)> {
        let budget = Budget { bytes_per_pixel, weights_bytes, workers, bytes: budget_bytes, taken: taken_bytes };
        self.inner.fit_workers(budget).or_raise()
    }

    /// The tiles, row by row.
    #[getter]
    fn tiles(&self) -> Vec<Tile> {
        self.inner.tiles.iter().copied().map(Tile).collect()
    }

    /// Columns of the picture.
    #[getter]
    fn width(&self) -> usize {
        self.inner.width
    }

    /// Rows of the picture.
    #[getter]
    fn height(&self) -> usize {
        self.inner.height
    }

    /// Pixels that the model computes, halos and padding included.
    #[getter]
    fn computed_pixels(&self) -> u64 {
        self.inner.computed_pixels()
    }

    /// Computed pixels per picture pixel; 1 at best.
    #[getter]
    fn overhead(&self) -> f64 {
        self.inner.overhead()
    }

    /// The distinct (width, height) of reads, the largest first.
    #[getter]
    fn shapes(&self) -> Vec<(usize, usize)> {
        self.inner.shapes()
    }

    fn __repr__(&self) -> String {
        let plan::TilePlan { width, height, tiles } = &self.inner;
        format!("<TilePlan of {width}x{height}: {} tiles reading {:?}>", tiles.len(), self.inner.shapes())
    }
}
