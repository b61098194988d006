//! The runtime and sessions of the module.

use numpy::{IntoPyArray, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use scumble_core::session::{self, Array, Device, Port};
use scumble_core::{Error, loader};

use crate::arrays::values;
use crate::errors::OrRaise;
use crate::progress::run_detached;

/// Loads the ONNX Runtime library at this path and returns its version; a second call with the path does nothing.
///
/// Raises:
///     RuntimeNotFound: when the file is missing, no ONNX Runtime library, or older than 1.24.
#[pyfunction]
#[pyo3(signature = (library: "str") -> "str")]
pub fn init_runtime(py: Python<'_>, library: std::path::PathBuf) -> PyResult<String> {
    py.detach(|| loader::init_runtime(&library)).or_raise()
}

/// The execution providers that the loaded library was built with, by ONNX Runtime's names.
///
/// Raises:
///     RuntimeNotFound: before `init_runtime`.
#[pyfunction]
#[pyo3(signature = () -> "list[str]")]
pub fn available_providers() -> PyResult<Vec<String>> {
    loader::available_providers().or_raise()
}

/// How many threads of this process work at a time: the cores that it is given, less those to spare, at least 1.
///
/// However many calls there are at a time, their threads take turns at these.
#[pyfunction]
#[pyo3(signature = () -> "int")]
pub fn cores() -> usize {
    scumble_core::cores::cores()
}

/// Leaves so many of the machine's cores to others, such as the program that this process works for.
#[pyfunction]
#[pyo3(signature = (count: "int") -> "None")]
pub fn spare_cores(count: usize) {
    scumble_core::cores::spare(count);
}

/// One ONNX graph on one device. Each worker runs on one thread, with weights loaded when it is first needed.
///
/// Args:
///     model: the bytes of an ONNX file.
///     device: "cpu" or "cuda"; "staged" is the processor with all the steps of a card, for tests.
///     workers: tiles that run at a time, at least 1.
///     device_id: which card.
///     options: for ONNX Runtime's CUDA provider, by its own names, over Scumble's; `enable_cuda_graph` captures
///         tiles where every node runs on the card.
///
/// Raises:
///     ModelError: when the graph cannot be loaded.
///     ProviderUnavailable: when the device is not there; never falls back.
///     DeviceOutOfMemory: when the weights do not fit.
///     RuntimeNotFound: before `init_runtime`.
///     ParamError: for another device, or no workers.
#[pyclass(frozen, module = "scumble._native")]
pub struct Session {
    pub(crate) inner: session::Session,
}

/// A port as Python sees it: name, element type, sizes with None where any size goes.
type PortTuple = (String, String, Vec<Option<usize>>);

#[pymethods]
impl Session {
    #[new]
    #[pyo3(signature = (
        model: "bytes", *, device: "str" = "cpu", workers: "int" = 1, device_id: "int" = 0,
        options: "dict[str, str] | None" = None
    ))]
    fn new(
        py: Python<'_>,
        model: &[u8],
        device: &str,
        workers: usize,
        device_id: i32,
        options: Option<session::Options>,
    ) -> PyResult<Self> {
        let device = match device {
            "cpu" => Ok(Device::Cpu),
            "cuda" => Ok(Device::Cuda(device_id)),
            "staged" => Ok(Device::Staged),
            other => Err(Error::argument(format!("device is {other:?}; it must be \"cpu\" or \"cuda\""))),
        }
        .or_raise()?;
        let inner =
            py.detach(|| session::Session::new(model, device, options.unwrap_or_default(), workers)).or_raise()?;
        Ok(Self { inner })
    }

    /// The graph's inputs in order: (name, element type, sizes with None where any size goes).
    #[getter]
    fn inputs(&self) -> Vec<PortTuple> {
        self.inner.inputs().iter().map(port_tuple).collect()
    }

    /// The graph's outputs in order, as `inputs`.
    #[getter]
    fn outputs(&self) -> Vec<PortTuple> {
        self.inner.outputs().iter().map(port_tuple).collect()
    }

    /// ONNX Runtime's name of the provider that the graph really runs on.
    #[getter]
    fn provider(&self) -> &'static str {
        self.inner.device().provider()
    }

    /// The operators that each provider runs, by the provider's name, one for each node.
    ///
    /// What a card has no kernel for, or what is about shapes, runs on the processor.
    #[getter]
    fn nodes(&self) -> session::Nodes {
        self.inner.nodes().clone()
    }

    /// Whether tiles of one shape are captured as a CUDA graph.
    #[getter]
    fn captures_graphs(&self) -> bool {
        self.inner.captures()
    }

    /// How many tiles run at a time.
    #[getter]
    fn workers(&self) -> usize {
        self.inner.workers()
    }

    /// What its workers have done since it was made; of one call, take the difference of two.
    ///
    /// Returns:
    ///     "runs": tiles, blocks and whole runs that came to their end. "model_seconds": time within the model, summed
    ///     over workers; on a card, copies there and back are in it. "busy_seconds": time of workers on tiles, blocks
    ///     and runs, summed over them: the model's, reading, converting and writing.
    #[pyo3(signature = () -> "dict[str, float]")]
    fn statistics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = self.inner.statistics();
        let result = PyDict::new(py);
        result.set_item("runs", found.runs as f64)?;
        result.set_item("model_seconds", found.model.as_secs_f64())?;
        result.set_item("busy_seconds", found.busy.as_secs_f64())?;
        Ok(result)
    }

    /// Runs the graph once, on one thread, and returns every output.
    ///
    /// Args:
    ///     inputs: a float32 array for each of the graph's inputs.
    ///     progress: called at most 20 times a second with 0, at the end with 1; an exception from it stops the run.
    ///
    /// Raises:
    ///     ModelError: when names, types or shapes do not fit the graph, or it fails.
    #[pyo3(signature = (
        inputs: "dict[str, _Floats]",
        progress: "_Listener | None" = None
    ) -> "dict[str, _Floats]")]
    fn run<'py>(
        &self,
        py: Python<'py>,
        inputs: &Bound<'py, PyDict>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let arrays = arrays_from_dict(inputs)?;
        let outputs = run_detached(py, progress, |ticker| self.inner.run(&arrays, ticker))?;
        dict_from_arrays(py, outputs)
    }

    /// Runs the graph once for each of several inputs, side by side on as many workers as there are.
    ///
    /// Args:
    ///     runs: inputs as for `run`; each may have its own size.
    ///     progress: called with the share of runs done, at most 20 times a second, at the end with 1; an exception
    ///         from it stops the runs.
    ///
    /// Returns:
    ///     The outputs of each, as `run` gives them.
    ///
    /// Raises:
    ///     ModelError: as for `run`.
    #[pyo3(signature = (
        runs: "list[dict[str, _Floats]]",
        progress: "_Listener | None" = None
    ) -> "list[dict[str, _Floats]]")]
    fn run_all<'py>(
        &self,
        py: Python<'py>,
        runs: Vec<Bound<'py, PyDict>>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let arrays: Vec<_> = runs.iter().map(arrays_from_dict).collect::<PyResult<_>>()?;
        let arrays: Vec<&[(String, Array)]> = arrays.iter().map(Vec::as_slice).collect();
        let outputs = run_detached(py, progress, |ticker| self.inner.run_all(&arrays, ticker))?;
        outputs.into_iter().map(|outputs| dict_from_arrays(py, outputs)).collect()
    }
}

fn dict_from_arrays(py: Python<'_>, arrays: Vec<(String, Array)>) -> PyResult<Bound<'_, PyDict>> {
    let result = PyDict::new(py);
    for (name, Array { shape, data }) in arrays {
        let array: Bound<'_, PyArrayDyn<f32>> = data.into_pyarray(py).reshape(shape)?;
        result.set_item(name, array)?;
    }
    Ok(result)
}

fn port_tuple(port: &Port) -> PortTuple {
    (port.name.clone(), port.dtype.clone(), port.shape.clone())
}

/// Copies named float32 arrays.
///
/// # Errors
/// `ModelError` for an array of another type.
pub(crate) fn arrays_from_dict(arrays: &Bound<'_, PyDict>) -> PyResult<Vec<(String, Array)>> {
    let mut named = Vec::with_capacity(arrays.len());
    for (name, array) in arrays {
        let name: String = name.extract()?;
        let array: PyReadonlyArrayDyn<'_, f32> = array
            .extract()
            .map_err(|_| Error::signature(format!("input {name:?} must be a float32 array")))
            .or_raise()?;
        named.push((name, Array { shape: array.shape().to_vec(), data: values(&array).into_owned() }));
    }
    Ok(named)
}
