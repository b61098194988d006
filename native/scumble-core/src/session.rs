//! One graph on one device, as several single-threaded ONNX Runtime sessions that workers borrow.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use ort::environment::Environment;
use ort::session::RunOptions;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::value::{TensorRef, ValueType};

use crate::budget::give_back;
use crate::error::{Error, Result};
use crate::loader;
use crate::pool;
use crate::progress::{REPORT_INTERVAL, Ticker};

/// Where a graph runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    Cpu,
    /// An NVIDIA card, by number.
    Cuda(i32),
}

impl Device {
    /// ONNX Runtime's name of the provider that serves the device.
    pub fn provider(self) -> &'static str {
        use ort::ep::ExecutionProvider;
        match self {
            Self::Cpu => <ort::ep::CPU as ExecutionProvider>::NAME,
            Self::Cuda(_) => <ort::ep::CUDA as ExecutionProvider>::NAME,
        }
    }
}

/// An input or output of a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name in the graph.
    pub name: String,
    /// Its element type, as ONNX Runtime spells it: `f32`, `i64`, …
    pub dtype: String,
    /// Its size along each axis; `None` where any size goes.
    pub shape: Vec<Option<usize>>,
}

/// Values of one tensor with its shape, in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Size along each axis.
    pub shape: Vec<usize>,
    /// The values.
    pub data: Vec<f32>,
}

/// One graph on one device. Any number of threads may use it at a time; they wait for each other's sessions.
#[derive(Debug)]
pub struct Session {
    model: Vec<u8>,
    loaded: Mutex<Loaded>,
    returned: Condvar,
    workers: usize,
    device: Device,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

/// The sessions that exist: loaded when first needed, so that weights nobody uses take no memory.
#[derive(Debug)]
struct Loaded {
    idle: Vec<ort::session::Session>,
    count: usize,
}

impl Session {
    /// Loads `model` (the bytes of an ONNX file) once now, and up to `workers` times when that many run at a time.
    ///
    /// # Errors
    /// `RuntimeNotStarted`, `ProviderUnavailable`, `OutOfMemory`, `Model`; `Argument` for zero workers.
    pub fn new(model: &[u8], device: Device, workers: usize) -> Result<Self> {
        if workers == 0 {
            return Err(Error::argument("a session needs at least one worker"));
        }
        let first = load(model, device)?;
        let (inputs, outputs) = (ports(first.inputs()), ports(first.outputs()));
        let loaded = Mutex::new(Loaded { idle: vec![first], count: 1 });
        Ok(Self { model: model.to_vec(), loaded, returned: Condvar::new(), workers, device, inputs, outputs })
    }

    /// The graph's inputs, in order.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// The graph's outputs, in order.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// How many tiles can run at a time.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// The device that the graph really runs on.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Runs the graph once, on a worker; the calling thread reports progress and can cancel within the run.
    ///
    /// # Errors
    /// `ModelSignature` when names or shapes do not fit, `Model`, `OutOfMemory`, `Cancelled`.
    pub fn run(&self, inputs: &[(String, Array)], ticker: &mut Ticker<'_>) -> Result<Vec<(String, Array)>> {
        Ok(self.run_all(&[inputs], ticker)?.pop().unwrap_or_default())
    }

    /// Runs the graph once for each of several inputs, on all workers; outputs come in the inputs' order.
    ///
    /// # Errors
    /// As for `run`.
    pub fn run_all(&self, runs: &[&[(String, Array)]], ticker: &mut Ticker<'_>) -> Result<Vec<Vec<(String, Array)>>> {
        for inputs in runs {
            self.check_names(inputs.iter().map(|(name, _)| name.as_str()))?;
        }
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let mut borrowed = self.borrow(runs.len().min(self.workers), ticker)?;
        let options = run_options()?;
        let results: Vec<_> = runs.iter().map(|_| Mutex::new(Vec::new())).collect();
        pool::run(borrowed.sessions(), runs.len(), ticker, &|| terminate(&options), |session, index| {
            let outputs = run_once(session, runs[index], &options)?;
            *results[index].lock().unwrap_or_else(PoisonError::into_inner) = outputs;
            Ok(())
        })?;
        Ok(results.into_iter().map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
    }

    /// Refuses inputs that the graph lacks, and names those that the call lacks.
    pub(crate) fn check_names<'n>(&self, given: impl Iterator<Item = &'n str>) -> Result<()> {
        let given: Vec<&str> = given.collect();
        let wanted: Vec<&str> = self.inputs.iter().map(|port| port.name.as_str()).collect();
        if let Some(unknown) = given.iter().find(|name| !wanted.contains(name)) {
            return Err(Error::signature(format!(
                "the model has no input {unknown:?}; its inputs are {}",
                wanted.join(", ")
            )));
        }
        match wanted.iter().find(|name| !given.contains(name)) {
            Some(missing) => Err(Error::signature(format!("the model's input {missing:?} was not given"))),
            None => Ok(()),
        }
    }

    /// Takes up to `most` sessions: idle ones, new ones while fewer than `workers` exist, or else waits for one.
    ///
    /// # Errors
    /// `Cancelled` while waiting; those of loading.
    pub(crate) fn borrow(&self, most: usize, ticker: &mut Ticker<'_>) -> Result<Borrowed<'_>> {
        let mut borrowed = Borrowed { sessions: Vec::new(), owner: self };
        loop {
            let mut loaded = self.lock();
            let kept = loaded.idle.len().saturating_sub(most);
            borrowed.sessions = loaded.idle.split_off(kept);
            let missing = (most - borrowed.sessions.len()).min(self.workers - loaded.count);
            loaded.count += missing;
            if borrowed.sessions.is_empty() && missing == 0 {
                drop(self.returned.wait_timeout(loaded, REPORT_INTERVAL).unwrap_or_else(PoisonError::into_inner));
                ticker.tick(0.0)?;
                continue;
            }
            drop(loaded);
            for failed in (0..missing).rev() {
                let session = load(&self.model, self.device).inspect_err(|_| self.lock().count -= failed + 1)?;
                borrowed.sessions.push(session);
            }
            return Ok(borrowed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sessions in use; they go back when this is dropped.
pub(crate) struct Borrowed<'a> {
    sessions: Vec<ort::session::Session>,
    owner: &'a Session,
}

impl Borrowed<'_> {
    pub(crate) fn sessions(&mut self) -> &mut [ort::session::Session] {
        &mut self.sessions
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        self.owner.lock().idle.append(&mut self.sessions);
        self.owner.returned.notify_all();
    }
}

/// New options for one call; `terminate` on them ends every run that uses them.
pub(crate) fn run_options() -> Result<RunOptions> {
    RunOptions::new().map_err(|e| Error::from_ort(&e, "preparing a run"))
}

/// Asks runs to end soon.
pub(crate) fn terminate(options: &RunOptions) {
    // Failing to interrupt only means that the run ends by itself, later.
    let _ = options.terminate();
}

fn load(model: &[u8], device: Device) -> Result<ort::session::Session> {
    let mut builder =
        single_threaded(loader::environment()?).map_err(|e| Error::from_ort(&e, "preparing the model"))?;
    if let Device::Cuda(id) = device {
        let unavailable = |reason: String| Error::ProviderUnavailable { provider: device.provider().into(), reason };
        if !loader::available_providers()?.iter().any(|name| name == device.provider()) {
            return Err(unavailable("the installed ONNX Runtime is built without it".into()));
        }
        let cuda = ort::ep::CUDA::default().with_device_id(id).build().error_on_failure();
        builder = builder.with_execution_providers([cuda]).map_err(|e| unavailable(e.message().to_owned()))?;
    }
    let loaded = builder.commit_from_memory(model).map_err(|e| match Error::from_ort(&e, "loading the model") {
        Error::ModelSignature { reason } => Error::Model { reason },
        other => other,
    });
    give_back();
    loaded
}

/// Options for one thread a session; spinning would burn a second core while waiting.
///
/// Without memory patterns: a session that has seen a shape once would lay it out again in one block and keep both, so
/// that tiles of one shape took twice the memory (303 and 135 bytes a pixel for a small U-Net), in the same time.
fn single_threaded(environment: &Environment) -> ort::Result<SessionBuilder> {
    let builder = ort::session::Session::builder(environment)?;
    let builder = builder.with_intra_threads(1)?.with_inter_threads(1)?;
    let builder = builder.with_intra_op_spinning(false)?.with_inter_op_spinning(false)?;
    Ok(builder.with_memory_pattern(false)?.with_optimization_level(GraphOptimizationLevel::All)?)
}

fn ports(outlets: &[ort::value::Outlet]) -> Vec<Port> {
    let port = |outlet: &ort::value::Outlet| match outlet.dtype() {
        ValueType::Tensor { ty, shape, .. } => Port {
            name: outlet.name().to_owned(),
            dtype: ty.to_string(),
            shape: shape.iter().map(|size| usize::try_from(*size).ok()).collect(),
        },
        other => Port { name: outlet.name().to_owned(), dtype: other.to_string(), shape: Vec::new() },
    };
    outlets.iter().map(port).collect()
}

fn run_once(
    session: &mut ort::session::Session,
    inputs: &[(String, Array)],
    options: &RunOptions,
) -> Result<Vec<(String, Array)>> {
    let failed = |e: ort::Error| Error::from_ort(&e, "running the model");
    let mut values = Vec::with_capacity(inputs.len());
    for (name, array) in inputs {
        let tensor = TensorRef::from_array_view((array.shape.clone(), array.data.as_slice())).map_err(failed)?;
        values.push((name.as_str(), tensor));
    }
    let outputs = session.run_with_options(values, options).map_err(failed)?;
    let mut arrays = Vec::with_capacity(outputs.len());
    for (name, value) in &outputs {
        let (shape, data) = value
            .try_extract_tensor::<f32>()
            .map_err(|_| Error::signature(format!("the model's output {name:?} is {}, not f32", value.dtype())))?;
        let shape = shape.iter().map(|size| usize::try_from(*size).unwrap_or(0)).collect();
        arrays.push((name.to_owned(), Array { shape, data: data.to_vec() }));
    }
    Ok(arrays)
}
