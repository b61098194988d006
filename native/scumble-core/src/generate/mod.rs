//! Pictures of any size from a convolutional generator: blocks of its endless plane, straight into the picture.
//!
//! Every block is told the noise of its place, hashed from seed and coordinates, with the margins that the net's valid
//! convolutions use up; so blocks are what the whole picture is, by construction, and seams cannot be.

mod blocks;
mod inputs;
mod writing;

pub use blocks::{Axis, Fitted, fit};
pub use inputs::Facts;
pub use writing::Value;

use ort::session::RunOptions;

use crate::backgrounds::Dice;
use crate::backgrounds::scene::LONGEST_SIDE;
use crate::error::{Error, Result};
use crate::image::Canvas;
use crate::meter::Meter;
use crate::pool;
use crate::progress::Ticker;
use crate::session::{Array, Session, terminate};
use crate::slot::{self, Layout, Slot};
use inputs::{Cells, Plane};
use writing::Picture;

/// Names of the graph's inputs, but for the noise of its levels, and of its output.
const LATENTS: &str = "latents";
const LAYOUT: &str = "layout";
const LATENT: &str = "latent";
const STYLE: &str = "style";
const DETAIL: &str = "detail";
const OUTPUT: &str = "rgb";

/// How much larger or smaller than trained a picture can be shown.
pub const SCALES: [f64; 2] = [0.5, 8.0];

/// How strongly the net may add to the layout.
pub const DETAILS: [f32; 2] = [0.0, 4.0];

/// What is to be generated.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Wanted colours at the cells, (channels, rows, columns); it spans the picture.
    pub layout: Array,
    /// The global vector, (1, n).
    pub latent: Array,
    /// Weights of the styles, (1, n).
    pub style: Array,
    /// How strongly the net adds to the layout, within `DETAILS`; 1 is as it learnt.
    pub detail: f32,
    /// Where chance starts.
    pub seed: u64,
    /// A second seed, and how far the picture is on the way to it, 0 to 1.
    pub blend: Option<(u64, f32)>,
    /// Whether the picture repeats; it then shows all cells of the layout, exactly once.
    pub seamless: bool,
    /// How large the plane is shown, within `SCALES`; of no account where the picture repeats.
    pub scale: f64,
}

/// How the work is shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The most cells of a block, down and across.
    pub cells: (usize, usize),
    /// Workers to use, if fewer than the session has.
    pub workers: usize,
}

/// The axes of a picture of `size` (width, height), rows first.
///
/// # Errors
/// `Argument` for a size or scale out of range, or no cells.
pub fn axes(size: (usize, usize), cell_px: usize, period: Option<(usize, usize)>, scale: f64) -> Result<(Axis, Axis)> {
    let sides = 1..=LONGEST_SIDE;
    if !sides.contains(&size.0) || !sides.contains(&size.1) {
        return Err(Error::argument(format!("a picture's sides are 1 to {LONGEST_SIDE} pixels, not {size:?}")));
    }
    if !(SCALES[0]..=SCALES[1]).contains(&scale) {
        return Err(Error::argument(format!("scale is {scale}; it must be {} to {}", SCALES[0], SCALES[1])));
    }
    if !(4..=4096).contains(&cell_px) || period.is_some_and(|(rows, columns)| rows == 0 || columns == 0) {
        return Err(Error::argument("a plane has cells of 4 to 4096 pixels, and a period at least one of them"));
    }
    let rows = Axis::new(size.1, cell_px, period.map(|period| period.0), scale);
    Ok((rows, Axis::new(size.0, cell_px, period.map(|period| period.1), scale)))
}

/// Generates the whole picture `out`, of three channels: codes rounded by chance, or numbers as the net gives them,
/// 0 to 1.
///
/// # Errors
/// `Argument` for values out of range, `ModelSignature` when the graph is no generator of these facts, `Model`,
/// `OutOfMemory`, `Cancelled`.
pub fn generate<S: Value>(
    session: &Session,
    facts: &Facts,
    wish: &Wish,
    share: Share,
    out: &Canvas<'_, S>,
    ticker: &mut Ticker<'_>,
) -> Result<()> {
    facts.check()?;
    let [_, rows, columns] = wish.layout.shape[..] else {
        return Err(Error::argument("a layout has the shape (channels, rows, columns)"));
    };
    if wish.layout.data.is_empty() || wish.blend.is_some_and(|(_, share)| !(0.0..=1.0).contains(&share)) {
        return Err(Error::argument("a layout has cells, and the way to a second seed goes from 0 to 1"));
    }
    if !(DETAILS[0]..=DETAILS[1]).contains(&wish.detail) {
        return Err(Error::argument(format!("detail is {}; it must be {} to {}", wish.detail, DETAILS[0], DETAILS[1])));
    }
    let layout = out.layout();
    if layout.channels != 3 || share.cells.0 == 0 || share.cells.1 == 0 || share.workers == 0 {
        return Err(Error::argument("generating takes three channels, blocks of at least one cell, and a worker"));
    }
    let period = wish.seamless.then_some((rows, columns));
    let (down, across) = axes((layout.width, layout.height), facts.cell_px, period, wish.scale)?;
    let ((rows, tall), (columns, wide)) = (down.blocks(share.cells.0), across.blocks(share.cells.1));
    let dice = Dice::new(wish.seed, wish.blend);
    let plane = Plane { facts, layout: &wish.layout, wraps: wish.seamless, dice };
    let picture = Picture { canvas: out, rows: down, columns: across, seed: dice.seed() };
    let ports = Ports::new(session, facts, wish)?;
    let count = rows.len() * columns.len();
    let mut borrowed = session.borrow(count.min(share.workers).min(session.workers()), ticker)?;
    let options = slot::run_options(session.device())?;
    let meter = session.meter();
    let mut workers: Vec<_> =
        borrowed.slots().iter_mut().map(|slot| Worker { slot, meter, has_constants: false }).collect();
    pool::run(&mut workers, count, ticker, &|| terminate(&options), |worker, index| {
        let (row, column) = (rows[index / columns.len()], columns[index % columns.len()]);
        let cells = Cells { row: row.cell, column: column.cell, height: tall, width: wide };
        meter.busy(|| {
            let values = worker.run(&plane, &ports, wish, cells, &options)?;
            let size = (tall * facts.cell_px, wide * facts.cell_px);
            // SAFETY: blocks do not share pixels, and each has one thread.
            unsafe { picture.write(row, column, size, facts.cell_px, values) };
            Ok(())
        })
    })
}

/// What the graph says of itself.
struct Ports {
    latents: usize,
    noise: Vec<String>,
}

impl Ports {
    fn new(session: &Session, facts: &Facts, wish: &Wish) -> Result<Self> {
        let noise: Vec<String> = (0..facts.noise_margins.len()).map(|level| format!("noise_{level}")).collect();
        session.check_names(
            [LATENTS, LAYOUT, LATENT, STYLE, DETAIL].into_iter().chain(noise.iter().map(String::as_str)),
        )?;
        if !session.outputs().iter().any(|port| port.name == OUTPUT) {
            return Err(Error::signature(format!("the model has no output {OUTPUT:?}")));
        }
        let fixed = |name: &str, axis: usize| {
            let port = session.inputs().iter().find(|port| port.name == name);
            port.and_then(|port| port.shape.get(axis).copied().flatten())
        };
        let given = [(LATENT, last(&wish.latent)), (STYLE, last(&wish.style)), (DETAIL, 1)];
        for (name, given) in [(LAYOUT, wish.layout.shape[0])].into_iter().chain(given) {
            if fixed(name, 1) != Some(given) {
                return Err(Error::signature(format!(
                    "the model's input {name:?} takes {}, not {given} channels",
                    fixed(name, 1).map_or_else(|| "no fixed number of".to_owned(), |count| count.to_string())
                )));
            }
        }
        let latents = fixed(LATENTS, 1)
            .ok_or_else(|| Error::signature(format!("the model's input {LATENTS:?} has no fixed channels")))?;
        Ok(Self { latents, noise })
    }

    /// The tensors of a block: latents, layout, the three that are the same for every block, noise.
    fn layout(&self, facts: &Facts, wish: &Wish, cells: Cells) -> Layout {
        let block = |name: &str, channels: usize, scale: usize, margin: usize| {
            let size = [cells.height * scale + 2 * margin, cells.width * scale + 2 * margin];
            (name.to_owned(), vec![1, channels, size[0], size[1]])
        };
        let row = |name: &str, count: usize| (name.to_owned(), vec![1, count]);
        let mut inputs = vec![
            block(LATENTS, self.latents, 1, facts.cell_margin),
            block(LAYOUT, wish.layout.shape[0], 1, facts.cell_margin),
            row(LATENT, wish.latent.data.len()),
            row(STYLE, wish.style.data.len()),
            row(DETAIL, 1),
        ];
        let levels = self.noise.iter().zip(&facts.noise_margins).enumerate();
        inputs.extend(levels.map(|(level, (name, margin))| block(name, 1, 1 << level, *margin)));
        Layout { inputs, output: block(OUTPUT, 3, facts.cell_px, 0) }
    }
}

fn last(array: &Array) -> usize {
    array.shape.last().copied().unwrap_or(0)
}

/// One slot, and whether its tensors have what is the same for every block; all blocks of a picture have one shape.
struct Worker<'a> {
    slot: &'a mut Slot,
    meter: &'a Meter,
    has_constants: bool,
}

impl Worker<'_> {
    /// Runs the net on a block and returns its RGB, -1 to 1, (3, height, width).
    fn run(
        &mut self,
        plane: &Plane<'_>,
        ports: &Ports,
        wish: &Wish,
        cells: Cells,
        options: &RunOptions,
    ) -> Result<&[f32]> {
        let (buffers, are_new) = self.slot.buffers(ports.layout(plane.facts, wish, cells), GENERATING)?;
        let constants = [&wish.latent.data[..], &wish.style.data, std::slice::from_ref(&wish.detail)];
        if are_new || !self.has_constants {
            buffers.inputs(2..5).into_iter().zip(constants).for_each(|(input, values)| input.copy_from_slice(values));
            self.has_constants = true;
        }
        plane.fill_latents(cells, buffers.inputs(0..1).remove(0));
        plane.fill_layout(cells, buffers.inputs(1..2).remove(0));
        for (level, noise) in buffers.inputs(5..5 + ports.noise.len()).into_iter().enumerate() {
            plane.fill_level(level, cells, noise);
        }
        self.meter.model(|| self.slot.run(options, &failed))
    }
}

const GENERATING: &str = "generating a block of the picture";

fn failed(error: &ort::Error) -> Error {
    match Error::from_ort(error, GENERATING) {
        Error::Model { reason } if ["shape", "dimension"].iter().any(|word| reason.to_lowercase().contains(word)) => {
            Error::signature(format!("the model and the margins or cells of its manifest do not fit: {reason}"))
        }
        other => other,
    }
}
