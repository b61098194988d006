//! Runs a graph over the tiles of a plan on every worker at a time, each with its own buffers, kept between tiles.

use ort::session::RunOptions;

use crate::color::{PlaneRows, Sample};
use crate::error::{Error, Result};
use crate::hints::SpreadHints;
use crate::hints::retouch::retouch;
use crate::hints::touch::{Missing, working_size};
use crate::hints::wanted::Wanted;
use crate::image::Canvas;
use crate::meter::Meter;
use crate::plan::{Rect, Tile, TilePlan};
use crate::pool;
use crate::progress::Ticker;
use crate::recolor::Recoloring;
use crate::resample::Filter;
use crate::session::{Array, Device, Session, terminate};
use crate::slot::{self, Layout, Named, Slot};
use crate::stitch::{Planes, fill_context, fill_lightness, stitch};

/// Writes inputs' planes for a read rectangle.
pub(crate) type Fill<'a> = Box<dyn Fn(Rect, &mut [&mut [f32]]) + Sync + 'a>;

/// In which order a graph's tensors have their axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axes {
    /// (1, channels, height, width).
    Nchw,
    /// (1, height, width, channels).
    Nhwc,
}

impl Axes {
    fn shape(self, channels: usize, (width, height): (usize, usize)) -> Vec<usize> {
        match self {
            Self::Nchw => vec![1, channels, height, width],
            Self::Nhwc => vec![1, height, width, channels],
        }
    }
}

/// What of the graph's outputs is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept<'a> {
    pub output: &'a str,
    pub channels: usize,
    /// Output pixels to one of the input, along each axis.
    pub scale: usize,
    /// Of the output and of the inputs that are planes.
    pub axes: Axes,
}

/// What inputs of the graph are given for a tile.
pub(crate) enum Feed<'a> {
    /// Planes of the tile's size, written by one function: names, and how many planes.
    Tile(Vec<(&'a str, usize)>, Fill<'a>),
    /// The same array for every tile.
    Constant(&'a str, &'a Array),
}

impl<'a> Feed<'a> {
    fn names(&self) -> Vec<&'a str> {
        match self {
            Self::Tile(inputs, _) => inputs.iter().map(|(name, _)| *name).collect(),
            Self::Constant(name, _) => vec![name],
        }
    }

    /// The inputs' names and sizes for tiles of a shape (width, height).
    fn inputs(&self, shape: (usize, usize), axes: Axes) -> Vec<Named> {
        match self {
            Self::Tile(inputs, _) => {
                inputs.iter().map(|(name, planes)| ((*name).to_owned(), axes.shape(*planes, shape))).collect()
            }
            Self::Constant(name, array) => vec![((*name).to_owned(), array.shape.clone())],
        }
    }
}

/// How an extra input of the colorizer follows the picture.
#[derive(Debug, Clone, PartialEq)]
pub enum Context {
    /// Planes (channels, h, w) of any size that span the whole picture, stretched to each tile.
    Stretched(Array, Filter),
    /// The same array for every tile, whatever its shape.
    Constant(Array),
}

/// Hints spread over the picture, as two inputs of the colorizer.
#[derive(Debug, Clone, Copy)]
pub struct SpreadInputs<'a> {
    /// The input for Lab a and b.
    pub ab: &'a str,
    /// The input for the confidence.
    pub confidence: &'a str,
    /// The hints, read along each tile's own lightness; zeros without.
    pub hints: Option<&'a SpreadHints>,
}

/// What the colorizer is given.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The input for L, 0 to 100.
    pub lightness: &'a str,
    /// Further inputs.
    pub context: &'a [(String, Context)],
    /// Inputs for spread hints, if the graph has them.
    pub spread: Option<SpreadInputs<'a>>,
}

/// What is run over tiles: a graph, one of its outputs, a plan, and how many workers at most.
#[derive(Clone, Copy)]
pub struct Tiled<'a> {
    /// The graph.
    pub session: &'a Session,
    /// The picture's plan.
    pub plan: &'a TilePlan,
    /// The output that is kept.
    pub output: &'a str,
    /// Workers to use, if fewer than the session has.
    pub workers: usize,
}

impl<'a> Tiled<'a> {
    /// The output as planes of the picture's size.
    fn planes(&self, channels: usize) -> Kept<'a> {
        Kept { output: self.output, channels, scale: 1, axes: Axes::Nchw }
    }
}

/// Runs a graph whose inputs and output have the picture's size: `planes` are (channels, height, width).
///
/// # Errors
/// `Argument` when sizes do not fit; `ModelSignature` when the graph does not; `Model`, `OutOfMemory`, `Cancelled`.
pub fn run_tiled(
    run: Tiled<'_>,
    inputs: &[(String, Planes<'_>)],
    out: &mut [f32],
    ticker: &mut Ticker<'_>,
) -> Result<()> {
    let plan = run.plan;
    let pixels = plan.width * plan.height;
    if inputs.iter().any(|(_, planes)| (planes.width, planes.height) != (plan.width, plan.height)) {
        return Err(Error::argument("an input and the plan differ in size"));
    }
    if out.is_empty() || !out.len().is_multiple_of(pixels) {
        return Err(Error::argument("the output array and the plan differ in size"));
    }
    let channels = out.len() / pixels;
    let canvas = Canvas::from_slice(out, plan.width, plan.height * channels, 1)?;
    let feeds: Vec<Feed<'_>> = inputs
        .iter()
        .map(|(name, planes)| {
            let input = vec![(name.as_str(), planes.data.len() / pixels)];
            Feed::Tile(input, Box::new(|read, out: &mut [&mut [f32]]| planes.fill(read, out[0])))
        })
        .collect();
    let finish = |tile: &Tile, values: &[f32]| {
        // SAFETY: the canvas was made for this plan, whose cores do not overlap, and each tile has one thread.
        unsafe { stitch(&canvas, plan.height, tile, values) }
    };
    run_tiles(run, &feeds, run.planes(channels), &finish, ticker)
}

/// Colours a picture tile by tile: its lightness goes in, Lab a and b come out and are fused with it into `job.dst`.
///
/// Where pixels are `wanted` in certain colours, what the net lacked there is taken back around them in the end, over
/// all tiles at once, and they get those colours.
///
/// # Errors
/// As for `run_tiled`.
pub fn colorize_tiled<S: Sample>(
    run: Tiled<'_>,
    job: Recoloring<'_, S>,
    told: Told<'_>,
    wanted: &Wanted<'_>,
    ticker: &mut Ticker<'_>,
) -> Result<()> {
    job.check()?;
    let size = (job.src.layout().width, job.src.layout().height);
    if size != (run.plan.width, run.plan.height) {
        return Err(Error::argument("the picture and the plan differ in size"));
    }
    let mut feeds = vec![lightness_feed(job, size, told)];
    for (name, context) in told.context {
        feeds.push(context_feed(name, context, size)?);
    }
    let color = |tile: &Tile, values: &[f32], measure: &mut dyn FnMut(usize, &PlaneRows<'_>)| {
        let Tile { core, read } = tile;
        let (a, b) = values.split_at(read.width * read.height);
        for y in core.y..core.y + core.height {
            let from = (y - read.y) * read.width + core.x - read.x;
            let chroma = PlaneRows { a: &a[from..from + core.width], b: &b[from..from + core.width] };
            measure(y, &chroma);
            // SAFETY: cores of a plan do not overlap, and each tile has one thread.
            unsafe { job.span(core.x, y, core.width, &chroma) };
        }
    };
    if wanted.is_empty() {
        return run_tiles(run, &feeds, run.planes(2), &|tile, values| color(tile, values, &mut |_, _| ()), ticker);
    }
    let working = told.spread.and_then(|spread| spread.hints).map_or_else(|| working_size(size), SpreadHints::working);
    let missing = Missing::new(job.src, job.transfer, working)?;
    let finish = |tile: &Tile, values: &[f32]| {
        let columns = tile.core.x..tile.core.x + tile.core.width;
        let (mut pixels, mut found) = (Vec::new(), Vec::new());
        color(tile, values, &mut |y, chroma| {
            wanted.row(y, columns.clone(), &mut pixels);
            missing.measure(&pixels, columns.clone(), chroma, &mut found);
            missing.add(&found);
            found.clear();
        });
    };
    ticker.part((0.0, 0.95), |ticker| run_tiles(run, &feeds, run.planes(2), &finish, ticker))?;
    let workers = run.workers.min(run.session.workers());
    ticker.part((0.95, 1.0), |ticker| retouch(job, &missing.touch(), wanted, workers, ticker))?;
    ticker.tell(1.0)
}

/// Lightness, and the spread hints that are read along it.
fn lightness_feed<'a, S: Sample>(job: Recoloring<'a, S>, size: (usize, usize), told: Told<'a>) -> Feed<'a> {
    let fill = move |read: Rect, out: &mut [&mut [f32]]| {
        let [lightness, spread @ ..] = out else { return };
        fill_lightness(job.src, job.transfer, read, lightness);
        let [ab, confidence] = spread else { return };
        match told.spread.and_then(|spread| spread.hints) {
            Some(hints) => hints.slice_tile(size, read, lightness, (ab, confidence)),
            None => [ab, confidence].into_iter().for_each(|planes| planes.fill(0.0)),
        }
    };
    let spread = told.spread.map(|spread| [(spread.ab, 2), (spread.confidence, 1)]);
    Feed::Tile(std::iter::once((told.lightness, 1)).chain(spread.into_iter().flatten()).collect(), Box::new(fill))
}

fn context_feed<'a>(name: &'a str, context: &'a Context, size: (usize, usize)) -> Result<Feed<'a>> {
    match context {
        Context::Constant(array) => Ok(Feed::Constant(name, array)),
        Context::Stretched(array, filter) => {
            let Some(channels) = planes_of(array) else {
                let reason = format!("context {name:?} has shape {:?}; it must be (channels, h, w)", array.shape);
                return Err(Error::argument(reason));
            };
            let fill = move |read, out: &mut [&mut [f32]]| fill_context(array, size, *filter, read, out[0]);
            Ok(Feed::Tile(vec![(name, channels)], Box::new(fill)))
        }
    }
}

/// Channels of an array of non-empty planes.
fn planes_of(array: &Array) -> Option<usize> {
    match array.shape[..] {
        [channels, height, width] if channels * height * width > 0 => Some(channels),
        _ => None,
    }
}

/// Runs the graph on every tile; `finish` gets a tile's output, in the order of `kept.axes`.
///
/// # Errors
/// As for `run_tiled`.
pub(crate) fn run_tiles(
    run: Tiled<'_>,
    feeds: &[Feed<'_>],
    kept: Kept<'_>,
    finish: &(dyn Fn(&Tile, &[f32]) + Sync),
    ticker: &mut Ticker<'_>,
) -> Result<()> {
    let Tiled { session, plan, workers, .. } = run;
    if workers == 0 {
        return Err(Error::argument("tiles need at least one worker"));
    }
    let names: Vec<&str> = feeds.iter().flat_map(Feed::names).collect();
    if let Some(twice) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
        return Err(Error::argument(format!("the input {:?} is given twice", twice.1)));
    }
    session.check_names(names.into_iter())?;
    if !session.outputs().iter().any(|port| port.name == kept.output) {
        return Err(Error::signature(format!("the model has no output {:?}", kept.output)));
    }
    let mut borrowed = session.borrow(plan.tiles.len().min(workers).min(session.workers()), ticker)?;
    let options = slot::run_options(session.device())?;
    let meter = session.meter();
    let mut workers: Vec<_> =
        borrowed.slots().iter_mut().map(|slot| Worker { slot, meter, has_constants: false }).collect();
    // On a card tensors are pinned, and graphs captured, for one shape.
    let uniform = (session.device() != Device::Cpu).then(|| plan.clone().uniform());
    let plan = uniform.as_ref().unwrap_or(plan);
    // There and back, so that more tiles of one shape follow each other: a worker's tensors are made anew for another.
    let mut order: Vec<&Tile> = plan.tiles.iter().collect();
    order.chunk_by_mut(|one, other| one.core.y == other.core.y).skip(1).step_by(2).for_each(<[_]>::reverse);
    let work = |index: usize| order[index].read.width * order[index].read.height;
    pool::run_weighed(&mut workers, order.len(), &work, ticker, &|| terminate(&options), |worker, index| {
        let tile = order[index];
        meter.busy(|| worker.run(tile.read, feeds, kept, &options, &|values| finish(tile, values)))
    })
}

/// One slot, and whether its tensors have the feeds that do not change.
struct Worker<'a> {
    slot: &'a mut Slot,
    meter: &'a Meter,
    has_constants: bool,
}

impl Worker<'_> {
    fn run(
        &mut self,
        read: Rect,
        feeds: &[Feed<'_>],
        kept: Kept<'_>,
        options: &RunOptions,
        finish: &dyn Fn(&[f32]),
    ) -> Result<()> {
        let shape = (read.width, read.height);
        let inputs = feeds.iter().flat_map(|feed| feed.inputs(shape, kept.axes)).collect();
        let grown = (shape.0 * kept.scale, shape.1 * kept.scale);
        let output = (kept.output.to_owned(), kept.axes.shape(kept.channels, grown));
        let (buffers, are_new) = self.slot.buffers(Layout { inputs, output }, RUNNING)?;
        let mut first = 0;
        for feed in feeds {
            let which = first..first + feed.names().len();
            first = which.end;
            match feed {
                Feed::Tile(_, fill) => fill(read, &mut buffers.inputs(which)),
                Feed::Constant(_, array) if are_new || !self.has_constants => {
                    buffers.inputs(which).into_iter().for_each(|values| values.copy_from_slice(&array.data));
                }
                Feed::Constant(..) => {}
            }
        }
        self.has_constants = true;
        finish(self.meter.model(|| self.slot.run(options, &failed))?);
        Ok(())
    }
}

const RUNNING: &str = "running the model on a tile";

fn failed(error: &ort::Error) -> Error {
    // ONNX Runtime's words, old and new, when an output does not fit the array bound for it.
    let words = ["shape verification failed", "computed output shape"];
    if words.iter().any(|words| error.message().contains(words)) {
        return Error::signature(
            "the model's output does not have its input's width and height, scaled, or the channels asked for",
        );
    }
    Error::from_ort(error, RUNNING)
}
