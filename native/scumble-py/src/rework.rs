//! Running any image-to-image session over the tiles of a picture.

use numpy::PyUntypedArray;
use pyo3::prelude::*;
use scumble_core::Error;
use scumble_core::rework::{self, Ports, Reworking};
use scumble_core::tiles::{Axes, Tiled};

use crate::arrays::{Destination, Source, with_sample_type};
use crate::engine::Session;
use crate::errors::OrRaise;
use crate::plan::TilePlan;
use crate::progress::run_detached;
use crate::space::Meaning;

#[pymethods]
impl Session {
    /// Runs an image-to-image graph over every tile of a picture, without an array of the picture's size.
    ///
    /// The graph is given sRGB codes stretched to its range, gray ones three times where it takes three channels. What
    /// it gives back goes the same way; codes are rounded, floats are not clipped. Alpha is carried over, along
    /// straight lines where the picture grows.
    ///
    /// Args:
    ///     plan: the picture's plan.
    ///     src: uint8, uint16, float16 or float32, shape (height, width, 1 to 4); alpha last.
    ///     dst: the same type, (height * scale, width * scale, colours of the output), and alpha when `src` has it;
    ///         shares no memory with `src`.
    ///     input: the graph's only input.
    ///     output: which output.
    ///     channels: channels of the input and of the output, 1 or 3 each.
    ///     scale: output pixels to one of the input along each axis, 1 to 16.
    ///     value_range: the numbers that stand for black and white.
    ///     axes: "nchw" or "nhwc", of input and output.
    ///     colour: for a graph of one channel, the one colour of `src` that goes in and comes out; the others and alpha
    ///         stay in `dst` as they are, but for alpha, which is written.
    ///     transfer: "srgb", "linear" or a profile's space; light is encoded for the graph, codes stay as they are.
    ///     workers: as for `run_tiled`.
    ///     progress: as for `run_tiled`.
    ///
    /// Raises:
    ///     ModelError: when names or shapes do not fit the graph, or it fails.
    ///     DeviceOutOfMemory: when a tile does not fit.
    ///     ParamError: when arrays, plan or values do not fit.
    #[pyo3(signature = (
        plan: "TilePlan", src: "_Pixels", dst: "_Pixels", *, input: "str", output: "str", channels: "tuple[int, int]",
        scale: "int" = 1, value_range: "tuple[float, float]" = (0.0, 1.0), axes: "str" = "nchw",
        colour: "int | None" = None, transfer: "str | ColorSpace" = Meaning::Srgb, workers: "int | None" = None,
        progress: "_Listener | None" = None
    ) -> "None")]
    #[allow(clippy::too_many_arguments)]
    fn rework_tiled<'py>(
        &self,
        py: Python<'py>,
        plan: &Bound<'py, TilePlan>,
        src: &Bound<'py, PyUntypedArray>,
        dst: &Bound<'py, PyUntypedArray>,
        input: &str,
        output: &str,
        channels: (usize, usize),
        scale: usize,
        value_range: (f32, f32),
        axes: &str,
        colour: Option<usize>,
        transfer: Meaning,
        workers: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let is_light = transfer.is_light();
        let axes = match axes {
            "nchw" => Axes::Nchw,
            "nhwc" => Axes::Nhwc,
            other => {
                let reason = format!("axes is {other:?}; it must be \"nchw\" or \"nhwc\"");
                return Err(Error::argument(reason)).or_raise();
            }
        };
        let ports = Ports { input, channels, scale, axes, range: value_range };
        let plan = &plan.get().inner;
        let run = Tiled { session: &self.inner, plan, output, workers: workers.unwrap_or(usize::MAX) };
        with_sample_type!(src, S => {
            let source = Source::<S>::new(src)?;
            let mut destination = Destination::<S>::new(dst, &source)?;
            let canvas = destination.canvas()?;
            let job = Reworking { src: source.view()?, dst: &canvas, is_light, colour };
            run_detached(py, progress, |ticker| rework::rework_tiled(run, job, ports, ticker))
        })
    }
}
