//! One graph on one device, as several single-threaded ONNX Runtime sessions that workers borrow.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use ort::session::RunOptions;
use ort::value::{TensorRef, ValueType};

use crate::error::{Error, Result};
use crate::meter::{Meter, Statistics};
use crate::pool;
use crate::progress::{REPORT_INTERVAL, Ticker};
use crate::slot::{self, Slot};
pub use crate::slot::{Nodes, Options};

/// Where a graph runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    Cpu,
    /// An NVIDIA card, by number.
    Cuda(i32),
    /// The processor, with all the steps of a card: memory apart, copies, a thread for each session. For tests.
    Staged,
}

impl Device {
    /// ONNX Runtime's name of the provider that serves the device.
    pub fn provider(self) -> &'static str {
        use ort::ep::ExecutionProvider;
        match self {
            Self::Cpu | Self::Staged => <ort::ep::CPU as ExecutionProvider>::NAME,
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
    wanted: slot::Wanted,
    loaded: Mutex<Loaded>,
    returned: Condvar,
    workers: usize,
    nodes: Nodes,
    captures: bool,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    meter: Meter,
}

/// The sessions that exist: loaded when first needed, so that weights nobody uses take no memory.
#[derive(Debug)]
struct Loaded {
    idle: Vec<Slot>,
    count: usize,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        slot::retire(std::mem::take(&mut self.idle));
    }
}

impl Session {
    /// Loads `model` (the bytes of an ONNX file) once now, and up to `workers` times when that many run at a time.
    /// `options` are for the provider of a card, over Scumble's own.
    ///
    /// # Errors
    /// `RuntimeNotStarted`, `ProviderUnavailable`, `OutOfMemory`, `Model`; `Argument` for zero workers, or options that
    /// Scumble chooses itself or that are not for the device.
    pub fn new(model: &[u8], device: Device, options: Options, workers: usize) -> Result<Self> {
        if workers == 0 {
            return Err(Error::argument("a session needs at least one worker"));
        }
        if !options.is_empty() && !matches!(device, Device::Cuda(_)) {
            return Err(Error::argument("provider options are for a card"));
        }
        let wanted = slot::Wanted { device, options };
        let first = Slot::load(model, &wanted)?;
        Ok(Self {
            model: model.to_vec(),
            wanted,
            returned: Condvar::new(),
            workers,
            nodes: first.nodes()?,
            captures: first.captures(),
            inputs: ports(first.session().inputs()),
            outputs: ports(first.session().outputs()),
            loaded: Mutex::new(Loaded { idle: vec![first], count: 1 }),
            meter: Meter::default(),
        })
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
        self.wanted.device
    }

    /// Which provider runs which operators: some may be left to the processor by a card.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// Whether runs over tiles of one shape become CUDA graphs.
    pub fn captures(&self) -> bool {
        self.captures
    }

    /// What its workers have done since it was made.
    pub fn statistics(&self) -> Statistics {
        self.meter.statistics()
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
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
        let options = slot::run_options(self.device())?;
        let results: Vec<_> = runs.iter().map(|_| Mutex::new(Vec::new())).collect();
        // What a run costs goes with the values that it is given.
        let work = |index: usize| runs[index].iter().map(|(_, array)| array.data.len()).sum();
        pool::run_weighed(borrowed.slots(), runs.len(), &work, ticker, &|| terminate(&options), |slot, index| {
            let run = |session: &mut _| run_once(session, runs[index], &options, &self.meter);
            let outputs = self.meter.busy(|| slot.with(run))?;
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
        let mut borrowed = Borrowed { slots: Vec::new(), owner: self };
        loop {
            let mut loaded = self.lock();
            let kept = loaded.idle.len().saturating_sub(most);
            borrowed.slots = loaded.idle.split_off(kept);
            let missing = (most - borrowed.slots.len()).min(self.workers - loaded.count);
            loaded.count += missing;
            if borrowed.slots.is_empty() && missing == 0 {
                drop(self.returned.wait_timeout(loaded, REPORT_INTERVAL).unwrap_or_else(PoisonError::into_inner));
                ticker.tick(0.0)?;
                continue;
            }
            drop(loaded);
            for failed in (0..missing).rev() {
                let slot = Slot::load(&self.model, &self.wanted).inspect_err(|_| self.lock().count -= failed + 1)?;
                borrowed.slots.push(slot);
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
    slots: Vec<Slot>,
    owner: &'a Session,
}

impl Borrowed<'_> {
    pub(crate) fn slots(&mut self) -> &mut [Slot] {
        &mut self.slots
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        let (broken, mut whole): (Vec<_>, Vec<_>) = self.slots.drain(..).partition(Slot::is_broken);
        whole.iter_mut().for_each(Slot::rest);
        let lost = broken.len();
        slot::retire(broken); // before others are loaded in their place
        let mut loaded = self.owner.lock();
        loaded.count -= lost;
        loaded.idle.append(&mut whole);
        drop(loaded);
        self.owner.returned.notify_all();
    }
}

/// Asks runs to end soon.
pub(crate) fn terminate(options: &RunOptions) {
    // Failing to interrupt only means that the run ends by itself, later.
    let _ = options.terminate();
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
    meter: &Meter,
) -> Result<Vec<(String, Array)>> {
    let failed = |e: ort::Error| Error::from_ort(&e, "running the model");
    let mut values = Vec::with_capacity(inputs.len());
    for (name, array) in inputs {
        let tensor = TensorRef::from_array_view((array.shape.clone(), array.data.as_slice())).map_err(failed)?;
        values.push((name.as_str(), tensor));
    }
    let outputs = meter.model(|| session.run_with_options(values, options)).map_err(failed)?;
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
