//! Runs a graph over the tiles of a plan on every worker at a time, each with its own buffers, kept between tiles.

use ort::memory::Allocator;
use ort::session::{IoBinding, RunOptions};
use ort::value::Tensor;

use crate::color::{PlaneRows, Sample};
use crate::error::{Error, Result};
use crate::image::Canvas;
use crate::plan::{Rect, Tile, TilePlan};
use crate::pool;
use crate::progress::Ticker;
use crate::recolor::Recoloring;
use crate::resample::Filter;
use crate::session::{Array, Session, run_options, terminate};
use crate::stitch::{Planes, fill_context, fill_lightness, stitch};

/// Writes an input's planes for a read rectangle.
type Fill<'a> = Box<dyn Fn(Rect, &mut [f32]) + Sync + 'a>;

/// What one input of the graph is given for a tile.
enum Feed<'a> {
    /// So many planes of the tile's size, written by the function.
    Tile(usize, Fill<'a>),
    /// The same array for every tile.
    Constant(&'a Array),
}

/// How an extra input of the colorizer follows the picture.
#[derive(Debug, Clone, PartialEq)]
pub enum Context {
    /// Planes (channels, h, w) of any size that span the whole picture, stretched to each tile.
    Stretched(Array, Filter),
    /// The same array for every tile, whatever its shape.
    Constant(Array),
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
    let feeds: Vec<(&str, Feed<'_>)> = inputs
        .iter()
        .map(|(name, planes)| {
            let feed = Feed::Tile(planes.data.len() / pixels, Box::new(|read, out: &mut [f32]| planes.fill(read, out)));
            (name.as_str(), feed)
        })
        .collect();
    let finish = |tile: &Tile, values: &[f32]| {
        // SAFETY: the canvas was made for this plan, whose cores do not overlap, and each tile has one thread.
        unsafe { stitch(&canvas, plan.height, tile, values) }
    };
    run_tiles(run, &feeds, channels, &finish, ticker)
}

/// Colours a picture tile by tile: its lightness goes in, Lab a and b come out and are fused with it into `job.dst`.
///
/// # Errors
/// As for `run_tiled`.
pub fn colorize_tiled<S: Sample>(
    run: Tiled<'_>,
    job: Recoloring<'_, S>,
    lightness_input: &str,
    context: &[(String, Context)],
    ticker: &mut Ticker<'_>,
) -> Result<()> {
    let plan = run.plan;
    job.check()?;
    let size = (job.src.layout().width, job.src.layout().height);
    if size != (plan.width, plan.height) {
        return Err(Error::argument("the picture and the plan differ in size"));
    }
    let lightness = |read: Rect, out: &mut [f32]| fill_lightness(job.src, job.transfer, read, out);
    let mut feeds = vec![(lightness_input, Feed::Tile(1, Box::new(lightness)))];
    for (name, context) in context {
        let feed = match context {
            Context::Constant(array) => Feed::Constant(array),
            Context::Stretched(array, filter) => {
                let Some(channels) = planes_of(array) else {
                    return Err(Error::argument(format!(
                        "context {name:?} has shape {:?}; it must be (channels, h, w)",
                        array.shape
                    )));
                };
                Feed::Tile(
                    channels,
                    Box::new(move |read, out: &mut [f32]| fill_context(array, size, *filter, read, out)),
                )
            }
        };
        feeds.push((name.as_str(), feed));
    }
    let finish = |tile: &Tile, values: &[f32]| {
        let Tile { core, read } = tile;
        let (a, b) = values.split_at(read.width * read.height);
        for y in core.y..core.y + core.height {
            let from = (y - read.y) * read.width + core.x - read.x;
            let chroma = PlaneRows { a: &a[from..from + core.width], b: &b[from..from + core.width] };
            // SAFETY: cores of a plan do not overlap, and each tile has one thread.
            unsafe { job.span(core.x, y, core.width, &chroma) };
        }
    };
    run_tiles(run, &feeds, 2, &finish, ticker)
}

/// Channels of an array of non-empty planes.
fn planes_of(array: &Array) -> Option<usize> {
    match array.shape[..] {
        [channels, height, width] if channels * height * width > 0 => Some(channels),
        _ => None,
    }
}

fn run_tiles(
    run: Tiled<'_>,
    feeds: &[(&str, Feed<'_>)],
    channels: usize,
    finish: &(dyn Fn(&Tile, &[f32]) + Sync),
    ticker: &mut Ticker<'_>,
) -> Result<()> {
    let Tiled { session, plan, output, workers } = run;
    if workers == 0 {
        return Err(Error::argument("tiles need at least one worker"));
    }
    session.check_names(feeds.iter().map(|(name, _)| *name))?;
    if !session.outputs().iter().any(|port| port.name == output) {
        return Err(Error::signature(format!("the model has no output {output:?}")));
    }
    let mut borrowed = session.borrow(plan.tiles.len().min(workers).min(session.workers()), ticker)?;
    let options = run_options()?;
    let mut workers: Vec<_> = borrowed.sessions().iter_mut().map(|session| Worker { session, buffers: None }).collect();
    pool::run(&mut workers, plan.tiles.len(), ticker, &|| terminate(&options), |worker, index| {
        let tile = &plan.tiles[index];
        worker.run(tile.read, feeds, (output, channels), &options, &|values| finish(tile, values))
    })
}

/// One session with the buffers of its last tile shape.
struct Worker<'a> {
    session: &'a mut ort::session::Session,
    buffers: Option<Buffers>,
}

struct Buffers {
    shape: (usize, usize),
    inputs: Vec<Tensor<f32>>,
    output: Tensor<f32>,
    binding: IoBinding,
}

impl Worker<'_> {
    fn run(
        &mut self,
        read: Rect,
        feeds: &[(&str, Feed<'_>)],
        (output, channels): (&str, usize),
        options: &RunOptions,
        finish: &dyn Fn(&[f32]),
    ) -> Result<()> {
        let shape = (read.width, read.height);
        let mut buffers = match self.buffers.take() {
            Some(buffers) if buffers.shape == shape => buffers,
            _ => Buffers::new(self.session, shape, feeds, (output, channels)).map_err(|e| failed(&e))?,
        };
        for ((name, feed), input) in feeds.iter().zip(&mut buffers.inputs) {
            if let Feed::Tile(_, fill) = feed {
                fill(read, input.extract_tensor_mut().1);
            }
            // Bound anew for each tile: devices other than the processor copy when binding.
            buffers.binding.bind_input(*name, input).map_err(|e| failed(&e))?;
        }
        drop(self.session.run_binding_with_options(&buffers.binding, options).map_err(|e| failed(&e))?);
        finish(buffers.output.extract_tensor().1);
        self.buffers = Some(buffers);
        Ok(())
    }
}

impl Buffers {
    fn new(
        session: &ort::session::Session,
        shape: (usize, usize),
        feeds: &[(&str, Feed<'_>)],
        (output_name, channels): (&str, usize),
    ) -> ort::Result<Self> {
        let allocator = Allocator::default();
        let mut inputs = Vec::with_capacity(feeds.len());
        for (_, feed) in feeds {
            inputs.push(match feed {
                Feed::Tile(planes, _) => Tensor::new(&allocator, [1, *planes, shape.1, shape.0])?,
                Feed::Constant(array) => {
                    let mut tensor = Tensor::new(&allocator, array.shape.clone())?;
                    tensor.extract_tensor_mut().1.copy_from_slice(&array.data);
                    tensor
                }
            });
        }
        let mut output = Tensor::new(&allocator, [1, channels, shape.1, shape.0])?;
        let mut binding = session.create_binding()?;
        binding.bind_output(output_name, &mut output)?;
        Ok(Self { shape, inputs, output, binding })
    }
}

fn failed(error: &ort::Error) -> Error {
    // ONNX Runtime's words, old and new, when an output does not fit the array bound for it.
    let words = ["shape verification failed", "computed output shape"];
    if words.iter().any(|words| error.message().contains(words)) {
        return Error::signature(
            "the model's output does not have its input's width and height, or the channels asked for",
        );
    }
    Error::from_ort(error, "running the model on a tile")
}
