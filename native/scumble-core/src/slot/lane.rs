//! What a slot has on a card: copies on a stream of its own, a thread, and captured graphs.

use std::sync::Arc;

use ort::session::RunOptions;

use super::buffers::{Buffers, Graph, Layout};
use super::copies::Copies;
use super::runner::Runner;
use super::{capture, placement};
use crate::error::{Error, Result};
use crate::session::Device;

/// CUDA graphs that a slot keeps, one for each shape; what comes after them runs without.
const MOST_GRAPHS: u32 = 8;
/// The run option with a graph's number, and the number that means none.
const GRAPH_ID: &str = "gpu_graph_id";
const NO_GRAPH: &str = "-1";

/// What a slot has on a device that is apart from the host.
#[derive(Debug)]
pub(super) struct Lane {
    copies: Arc<dyn Copies>,
    runner: Runner,
    inputs: Vec<bool>,
    outputs: Vec<bool>,
    pub captures: bool,
    graphs: u32,
    /// A run failed: its state is unknown, and its memory full.
    pub broken: bool,
}

impl Lane {
    /// A lane for a session, whose stream is that of `copies`.
    ///
    /// # Errors
    /// `Model` when ONNX Runtime does not tell where tensors lie, `Worker` without a thread.
    pub fn new(session: &ort::session::Session, copies: Arc<dyn Copies>, captures: bool) -> Result<Self> {
        let (inputs, outputs) = match copies.stream() {
            Some(_) => placement::on_device(session).map_err(|e| Error::from_ort(&e, "looking at the model"))?,
            None => (vec![true; session.inputs().len()], vec![true; session.outputs().len()]),
        };
        Ok(Self { copies, runner: Runner::new()?, inputs, outputs, captures, graphs: 0, broken: false })
    }

    /// Tensors with a layout, on the device where the session wants them there.
    ///
    /// # Errors
    /// `OutOfMemory`, after which the lane is broken; `ProviderUnavailable`, `Model`.
    pub fn buffers(&mut self, session: &ort::session::Session, layout: Layout, during: &str) -> Result<Buffers> {
        let named = |outlets: &[ort::value::Outlet], on_device: &[bool], name: &str| {
            outlets.iter().zip(on_device).any(|(outlet, on_device)| *on_device && outlet.name() == name)
        };
        let staged =
            |name: &str| named(session.inputs(), &self.inputs, name) || named(session.outputs(), &self.outputs, name);
        let made = Buffers::new(session, layout, Some(&*self.copies), staged, during);
        self.broken |= matches!(made, Err(Error::OutOfMemory { .. }));
        let mut buffers = made?;
        if self.captures && self.graphs < MOST_GRAPHS {
            self.graphs += 1;
            buffers.graph = Some(Graph { id: self.graphs, captured: false });
        }
        Ok(buffers)
    }

    /// Copies, runs and copies back, on the slot's thread.
    pub fn run(
        &mut self,
        session: &mut ort::session::Session,
        buffers: &mut Buffers,
        options: &RunOptions,
        failed: &(dyn Fn(&ort::Error) -> Error + Sync),
    ) -> Result<()> {
        let first = buffers.graph.is_some_and(|graph| !graph.captured);
        // One run without, so that nothing has to be allocated while the graph is captured.
        let warm_up = first.then(|| graph_options(Some(NO_GRAPH))).transpose()?;
        let number = buffers.graph.map_or_else(|| NO_GRAPH.to_owned(), |graph| graph.id.to_string());
        let marked = self.captures.then(|| graph_options(Some(&number))).transpose()?;
        // A graph's run cannot be ended early: one that is cut off while it captures would leave the stream capturing.
        let options = marked.as_ref().unwrap_or(options);
        let copies = &*self.copies;
        let mut steps = || {
            buffers.upload(copies)?;
            for options in warm_up.iter().chain([options]) {
                drop(session.run_binding_with_options(&buffers.binding, options).map_err(|e| failed(&e))?);
            }
            buffers.download(copies)
        };
        // What a run that failed has left queued still reads the host's memory; its own error is the one to tell.
        let work = || steps().inspect_err(|_| drop(copies.finish()));
        let result = if first {
            let _alone = capture::alone();
            self.runner.call(work)
        } else {
            let _quiet = capture::quiet();
            self.runner.call(work)
        };
        self.settled(result)?;
        if let Some(graph) = &mut buffers.graph {
            graph.captured = true;
        }
        Ok(())
    }

    /// Does something with the session on the slot's thread.
    ///
    /// # Errors
    /// Those of the work, `Worker`.
    pub fn with<T: Send>(&mut self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let _quiet = capture::quiet();
        let result = self.runner.call(work);
        self.settled(result)
    }

    /// A run that failed for any other reason than being told to end leaves the card's state unknown.
    fn settled<T>(&mut self, result: Result<Result<T>>) -> Result<T> {
        let result = result.and_then(|result| result);
        self.broken |= match &result {
            Ok(_) | Err(Error::ModelSignature { .. }) => false,
            Err(Error::Model { reason }) => !reason.contains("terminate flag"),
            Err(_) => true,
        };
        result
    }
}

/// New options for one call; what they tell all runs of a card is to capture nothing but tiles.
pub(crate) fn run_options(device: Device) -> Result<RunOptions> {
    graph_options(if matches!(device, Device::Cuda(_)) { Some(NO_GRAPH) } else { None })
}

fn graph_options(graph: Option<&str>) -> Result<RunOptions> {
    let failed = |e: ort::Error| Error::from_ort(&e, "preparing a run");
    let mut options = RunOptions::new().map_err(failed)?;
    if let Some(graph) = graph {
        options.set(GRAPH_ID, graph).map_err(failed)?;
    }
    Ok(options)
}
