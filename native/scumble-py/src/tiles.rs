//! Running a session over the tiles of a plan.

use numpy::{PyArray3, PyArrayMethods, PyReadonlyArray2, PyReadonlyArray3, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use scumble_core::Error;
use scumble_core::recolor::Recoloring;
use scumble_core::resample::Filter;
use scumble_core::stitch::Planes;
use scumble_core::tiles::{self, Context, SpreadInputs, Tiled, Told};

use crate::arrays::{Destination, Source, mask_view, values, with_sample_type};
use crate::engine::{Session, arrays_from_dict};
use crate::errors::OrRaise;
use crate::hints::SpreadHints;
use crate::plan::TilePlan;
use crate::progress::run_detached;
use crate::space::Meaning;
use crate::wanted::Wishes;

#[pymethods]
impl Session {
    /// Runs the graph over every tile of a plan, on all idle workers, and stitches one output into `out`.
    ///
    /// Args:
    ///     plan: the picture's plan.
    ///     inputs: for each of the graph's inputs, an array (channels, height, width) of the picture's size.
    ///     output: which output; it must have its tile's width and height.
    ///     out: written, (channels, height, width), in C order.
    ///     workers: use at most so many of the session's workers.
    ///     progress: called with the share of tiles done, at most 20 times a second; an exception from it stops the
    ///         work, within a tile too. What `out` holds then is undefined.
    ///
    /// Raises:
    ///     ModelError: when names or shapes do not fit the graph, or it fails.
    ///     DeviceOutOfMemory: when a tile does not fit.
    ///     ParamError: when the arrays and the plan differ in size.
    #[pyo3(signature = (
        plan: "TilePlan", inputs: "dict[str, _Floats]", output: "str",
        out: "_Floats", *, workers: "int | None" = None,
        progress: "_Listener | None" = None
    ) -> "None")]
    #[allow(clippy::too_many_arguments)]
    fn run_tiled<'py>(
        &self,
        py: Python<'py>,
        plan: &Bound<'py, TilePlan>,
        inputs: &Bound<'py, PyDict>,
        output: &str,
        out: &Bound<'py, PyArray3<f32>>,
        workers: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let plan = &plan.get().inner;
        let mut named: Vec<(String, PyReadonlyArray3<'py, f32>)> = Vec::with_capacity(inputs.len());
        for (name, array) in inputs {
            let name: String = name.extract()?;
            let array = array
                .extract()
                .map_err(|_| Error::argument(format!("input {name:?} must be float32, (channels, height, width)")))
                .or_raise()?;
            named.push((name, array));
        }
        let data: Vec<_> = named.iter().map(|(_, array)| values(array)).collect();
        let planes: Vec<(String, Planes<'_>)> = named
            .iter()
            .zip(&data)
            .map(|((name, array), data)| {
                (name.clone(), Planes { data, height: array.shape()[1], width: array.shape()[2] })
            })
            .collect();
        let in_c_order = out.is_c_contiguous();
        let mut out = out
            .try_readwrite()
            .map_err(|_| Error::argument("out is read-only, or in use by another call"))
            .or_raise()?;
        if out.shape()[1..] != [plan.height, plan.width] {
            return Err(Error::argument("out and the plan differ in size")).or_raise();
        }
        let out = match out.as_slice_mut() {
            Ok(values) if in_c_order => values,
            _ => return Err(Error::argument("out must be in C order")).or_raise(),
        };
        let run = Tiled { session: &self.inner, plan, output, workers: workers.unwrap_or(usize::MAX) };
        run_detached(py, progress, |ticker| tiles::run_tiled(run, &planes, out, ticker))
    }

    /// Colours a picture tile by tile, without an array of the picture's size.
    ///
    /// For each tile, lightness is read from `src`, chroma is predicted, and both are fused into `dst`.
    ///
    /// Args:
    ///     plan: the picture's plan.
    ///     src: uint8, uint16, float16 or float32, shape (height, width, 1 to 4); alpha last.
    ///     dst: the same type and size, 3 channels, or 4 when `src` has alpha; shares no memory with `src`.
    ///     context: an array for each further input of the graph: (channels, h, w) of any size, spanning the whole
    ///         picture; or of any shape where its filter is "constant".
    ///     lightness_input: the graph's input for L (1, 1, tile height, tile width), 0 to 100.
    ///     output: the graph's output for Lab a and b (1, 2, tile height, tile width).
    ///     context_filter: for each context "bilinear" (the default), "nearest" (masks) or "constant" (given to
    ///         every tile as it is).
    ///     spread_inputs: the graph's inputs for spread hints, if it has them: a and b (1, 2, tile height, tile width),
    ///         and confidence (1, 1, tile height, tile width).
    ///     spread: the hints for them, read along each tile's lightness at its place in the picture, as
    ///         `SpreadHints.slice` reads the whole; zeros without.
    ///     strength: 0 keeps the source's own chroma, 1 takes the predicted one.
    ///     mask: shape (height, width); 0 keeps a pixel bit for bit, 255 takes the strength in full.
    ///     hint_xy: as for `recolor_guided`; what the prediction lacks is added when all tiles are done, over them all.
    ///     hint_ab: as for `recolor_guided`.
    ///     strokes: as for `recolor_guided`.
    ///     strokes_transfer: as for `recolor_guided`.
    ///     transfer: "srgb", "linear" or a profile's space.
    ///     workers: as for `run_tiled`.
    ///     progress: as for `run_tiled`.
    ///
    /// Raises:
    ///     ModelError: when names or shapes do not fit the graph, or it fails.
    ///     DeviceOutOfMemory: when a tile does not fit.
    ///     ParamError: when arrays, plan or values do not fit.
    #[pyo3(signature = (
        plan: "TilePlan", src: "_Pixels", dst: "_Pixels",
        context: "dict[str, _Floats]", *, lightness_input: "str", output: "str",
        context_filter: "dict[str, str] | None" = None,
        spread_inputs: "tuple[str, str] | None" = None, spread: "SpreadHints | None" = None,
        strength: "float" = 1.0, mask: "_Mask | None" = None,
        hint_xy: "_Places | None" = None, hint_ab: "_Floats | None" = None,
        strokes: "_Pixels | None" = None, strokes_transfer: "str | ColorSpace" = Meaning::Srgb,
        transfer: "str | ColorSpace" = Meaning::Srgb, workers: "int | None" = None,
        progress: "_Listener | None" = None
    ) -> "None")]
    #[allow(clippy::too_many_arguments)]
    fn colorize_tiled<'py>(
        &self,
        py: Python<'py>,
        plan: &Bound<'py, TilePlan>,
        src: &Bound<'py, PyUntypedArray>,
        dst: &Bound<'py, PyUntypedArray>,
        context: &Bound<'py, PyDict>,
        lightness_input: &str,
        output: &str,
        context_filter: Option<&Bound<'py, PyDict>>,
        spread_inputs: Option<(String, String)>,
        spread: Option<Bound<'py, SpreadHints>>,
        strength: f32,
        mask: Option<PyReadonlyArray2<'py, u8>>,
        hint_xy: Option<PyReadonlyArray2<'py, i32>>,
        hint_ab: Option<PyReadonlyArray2<'py, f32>>,
        strokes: Option<Bound<'py, PyUntypedArray>>,
        strokes_transfer: Meaning,
        transfer: Meaning,
        workers: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let plan = &plan.get().inner;
        let transfer = transfer.transfer();
        let context = contexts(context, context_filter)?;
        if spread.is_some() && spread_inputs.is_none() {
            return Err(Error::argument("spread is given with spread_inputs, the inputs it goes to")).or_raise();
        }
        let hints = spread.as_ref().map(|spread| &spread.get().inner);
        let spread = spread_inputs.as_ref().map(|(ab, confidence)| SpreadInputs { ab, confidence, hints });
        let told = Told { lightness: lightness_input, context: &context, spread };
        let xy = hint_xy.as_ref();
        let wishes = Wishes { xy, ab: hint_ab.as_ref(), strokes: strokes.as_ref(), transfer: &strokes_transfer };
        let held = wishes.read()?;
        let run = Tiled { session: &self.inner, plan, output, workers: workers.unwrap_or(usize::MAX) };
        with_sample_type!(src, S => {
            let source = Source::<S>::new(src)?;
            let mut destination = Destination::<S>::new(dst, &source)?;
            held.memory().map_or(Ok(()), |memory| destination.keep_off(memory, "the strokes"))?;
            let canvas = destination.canvas()?;
            let mask = mask.as_ref().map(mask_view).transpose()?;
            let job = Recoloring { src: source.view()?, dst: &canvas, transfer, strength, mask, adds: false };
            let size = (job.src.layout().width, job.src.layout().height);
            held.with(size, |wanted| {
                run_detached(py, progress, |ticker| tiles::colorize_tiled(run, job, told, wanted, ticker))
            })
        })
    }
}

fn contexts(arrays: &Bound<'_, PyDict>, filters: Option<&Bound<'_, PyDict>>) -> PyResult<Vec<(String, Context)>> {
    let mut contexts = Vec::with_capacity(arrays.len());
    for (name, array) in arrays_from_dict(arrays)? {
        let filter = filters.map(|filters| filters.get_item(&name)).transpose()?.flatten();
        let filter: String = filter.map_or(Ok("bilinear".to_owned()), |filter| filter.extract())?;
        let context = match filter.as_str() {
            "bilinear" => Context::Stretched(array, Filter::Bilinear),
            "nearest" => Context::Stretched(array, Filter::Nearest),
            "constant" => Context::Constant(array),
            other => {
                let reason = format!(
                    "context_filter of {name:?} is {other:?}; it must be \"bilinear\", \"nearest\" or \"constant\""
                );
                return Err(Error::argument(reason)).or_raise();
            }
        };
        contexts.push((name, context));
    }
    Ok(contexts)
}
