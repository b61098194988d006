//! A slot: one session of a graph, with what it takes to run it.
//!
//! On the processor that is the session, which reads and writes the host's memory. On a card it is also a stream, memory
//! that the card copies by itself, and a thread: while one slot computes, another one's worker converts pixels and its
//! stream copies, so that transfers hide behind the work.

mod buffers;
mod capture;
mod copies;
mod cudart;
mod lane;
mod options;
mod placement;
mod runner;

pub(crate) use buffers::{Buffers, Layout, Named};
pub(crate) use lane::run_options;
pub use options::Options;
pub use placement::Nodes;

use std::sync::Arc;

use ort::environment::Environment;
use ort::ep::ArbitrarilyConfigurableExecutionProvider;
use ort::session::RunOptions;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};

use crate::budget::give_back;
use crate::error::{Error, Result};
use crate::loader;
use crate::session::Device;
use copies::Copies;
use lane::Lane;

/// One session and its tensors. The order of the fields is that in which they go: a session before its stream.
#[derive(Debug)]
pub(crate) struct Slot {
    buffers: Option<Buffers>,
    session: ort::session::Session,
    lane: Option<Lane>,
}

/// What is wanted of a slot.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub device: Device,
    /// For the CUDA provider.
    pub options: Options,
}

impl Slot {
    /// Loads a graph.
    ///
    /// # Errors
    /// `RuntimeNotStarted`, `ProviderUnavailable`, `OutOfMemory`, `Model`; `Argument` for options that are not free.
    pub fn load(model: &[u8], wanted: &Wanted) -> Result<Self> {
        match wanted.device {
            Device::Cpu => Ok(Self { buffers: None, session: committed(processor()?, model)?, lane: None }),
            Device::Staged => Self::with_lane(committed(processor()?, model)?, Arc::new(copies::Plain), false),
            Device::Cuda(id) => Self::on_card(model, id, &wanted.options),
        }
    }

    fn on_card(model: &[u8], id: i32, wanted: &Options) -> Result<Self> {
        let unavailable =
            |reason: String| Error::ProviderUnavailable { provider: Device::Cuda(id).provider().into(), reason };
        if !loader::available_providers()?.iter().any(|name| name == Device::Cuda(id).provider()) {
            return Err(unavailable("the installed ONNX Runtime is built without it".into()));
        }
        let _quiet = capture::quiet();
        let copies: Arc<dyn Copies> = Arc::new(cudart::CudaCopies::new(cudart::Cudart::shared()?, id)?);
        let options = options::options(wanted, id, copies.stream())?;
        let load = |options: &Options| {
            let mut cuda = ort::ep::CUDA::default();
            for (name, value) in options {
                cuda = cuda.with_arbitrary_config(name, value);
            }
            let builder = processor()?.with_execution_providers([cuda.build().error_on_failure()]);
            committed(builder.map_err(|e| memory_or(&e, unavailable))?, model)
        };
        let (mut session, mut captures) = match load(&options) {
            Err(Error::Model { reason }) if options::captures(&options) && cannot_be_captured(&reason) => {
                (load(&options::without_graphs(options.clone()))?, false)
            }
            other => (other?, options::captures(&options)),
        };
        let mut nodes = placed(&session)?;
        if captures && nodes.keys().any(|name| name != Device::Cuda(id).provider()) {
            // What the processor does in between cannot be captured; without graphs it runs all the same.
            captures = false;
            drop(session);
            session = load(&options::without_graphs(options))?;
            nodes = placed(&session)?;
        }
        if nodes.get(Device::Cuda(id).provider()).is_none_or(Vec::is_empty) {
            return Err(unavailable("it runs none of the graph's nodes".into()));
        }
        Self::with_lane(session, Arc::clone(&copies), captures) // the stream outlives the session, whatever fails
    }

    fn with_lane(session: ort::session::Session, copies: Arc<dyn Copies>, captures: bool) -> Result<Self> {
        let lane = Lane::new(&session, copies, captures)?;
        Ok(Self { buffers: None, session, lane: Some(lane) })
    }

    /// The session.
    pub fn session(&self) -> &ort::session::Session {
        &self.session
    }

    /// Which provider runs which operators.
    ///
    /// # Errors
    /// `Model` when ONNX Runtime does not tell.
    pub fn nodes(&self) -> Result<Nodes> {
        placed(&self.session)
    }

    /// Whether runs on tensors that stay where they are become CUDA graphs.
    pub fn captures(&self) -> bool {
        self.lane.as_ref().is_some_and(|lane| lane.captures)
    }

    /// Whether it must not be used again: a run failed on a card, whose state is then unknown and whose memory is full.
    pub fn is_broken(&self) -> bool {
        self.lane.as_ref().is_some_and(|lane| lane.broken)
    }

    /// Lets go what is kept for the next run: nothing on the processor, where memory is the host's; on a card the
    /// tensors stay, whose addresses graphs were captured with.
    pub fn rest(&mut self) {
        if self.lane.is_none() {
            self.buffers = None;
        }
    }

    /// Tensors with a layout: those of the last run where they have it, else new ones. The second is true for new ones,
    /// whose inputs are zeros.
    ///
    /// # Errors
    /// `OutOfMemory`, `Model`, `ModelSignature`.
    pub fn buffers(&mut self, layout: Layout, during: &str) -> Result<(&mut Buffers, bool)> {
        if self.buffers.as_ref().is_some_and(|buffers| *buffers.layout() == layout) {
            return Ok((self.buffers.as_mut().ok_or_else(lost)?, false));
        }
        let _quiet = self.lane.is_some().then(capture::quiet);
        self.buffers = None;
        let made = match &mut self.lane {
            None => Buffers::new(&self.session, layout, None, |_| false, during),
            Some(lane) => lane.buffers(&self.session, layout, during),
        };
        Ok((self.buffers.insert(made?), true))
    }

    /// Runs the graph on the tensors that `buffers` gave, and returns the output's numbers.
    ///
    /// # Errors
    /// Those that `failed` makes of ONNX Runtime's; `OutOfMemory`, `ProviderUnavailable`, `Worker`.
    pub fn run(&mut self, options: &RunOptions, failed: &(dyn Fn(&ort::Error) -> Error + Sync)) -> Result<&[f32]> {
        let Self { buffers, session, lane } = self;
        let buffers = buffers.as_mut().ok_or_else(lost)?;
        match lane {
            None => drop(session.run_binding_with_options(&buffers.binding, options).map_err(|e| failed(&e))?),
            Some(lane) => lane.run(session, buffers, options, failed)?,
        }
        Ok(buffers.output())
    }

    /// Does something else with the session, on its thread if it has one.
    ///
    /// # Errors
    /// Those of the work, `Worker`.
    pub fn with<T: Send>(&mut self, work: impl FnOnce(&mut ort::session::Session) -> Result<T> + Send) -> Result<T> {
        let Self { session, lane, .. } = self;
        match lane {
            None => work(session),
            Some(lane) => lane.with(|| work(session)),
        }
    }
}

/// Lets slots go.
pub(crate) fn retire(slots: Vec<Slot>) {
    let _quiet = slots.iter().any(|slot| slot.lane.is_some()).then(capture::quiet);
    drop(slots);
}

/// Whether ONNX Runtime refused a session for its CUDA graphs: for loops in it, or nodes left to the processor.
fn cannot_be_captured(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["cuda graph feature", "graph capture feature"].iter().any(|words| reason.contains(words))
}

fn placed(session: &ort::session::Session) -> Result<Nodes> {
    placement::nodes_by_provider(session).map_err(|e| Error::from_ort(&e, "looking at the model"))
}

fn lost() -> Error {
    Error::Worker { reason: "it has no tensors".into() }
}

fn memory_or<R>(error: &ort::Error<R>, other: impl Fn(String) -> Error) -> Error {
    match Error::from_ort(error, "starting the card's provider") {
        memory @ Error::OutOfMemory { .. } => memory,
        _ => other(error.message().to_owned()),
    }
}

fn committed(mut builder: SessionBuilder, model: &[u8]) -> Result<ort::session::Session> {
    let loaded = builder.commit_from_memory(model).map_err(|e| match Error::from_ort(&e, "loading the model") {
        Error::ModelSignature { reason } => Error::Model { reason },
        other => other,
    });
    give_back();
    loaded
}

/// A builder of sessions on the processor.
fn processor() -> Result<SessionBuilder> {
    single_threaded(loader::environment()?).map_err(|e| Error::from_ort(&e, "preparing the model"))
}

/// Options for one thread a session; spinning would burn a second core while waiting.
///
/// Without memory patterns: a session that has seen a shape once would lay it out again in one block and keep both, so
/// that tiles of one shape took twice the memory (303 and 135 bytes a pixel for a small U-Net), in the same time.
fn single_threaded(environment: &Environment) -> ort::Result<SessionBuilder> {
    let builder = ort::session::Session::builder(environment)?;
    let builder = builder.with_intra_threads(1)?.with_inter_threads(1)?;
    let builder = builder.with_intra_op_spinning(false)?.with_inter_op_spinning(false)?;
    let builder = builder.with_config_entry(placement::RECORD, "1")?;
    Ok(builder.with_memory_pattern(false)?.with_optimization_level(GraphOptimizationLevel::All)?)
}
