//! Pure geometry: how a picture is cut into tiles that a convolutional model computes exactly.

mod axis;
mod fit;
#[cfg(test)]
mod tests;

pub use fit::Fitted;

use crate::error::{Error, Result};
use axis::Axis;

/// No side is longer, so that sums cannot overflow.
const LARGEST: usize = 1 << 24;

/// No plan has more tiles, so that none takes gigabytes to write down.
const MOST_TILES: usize = 1 << 22;

/// A rectangle of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rect {
    /// Leftmost column.
    pub x: usize,
    /// Topmost row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// One tile: what the model reads, and the part of its output that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    /// Kept pixels, inside the picture; the cores of a plan cover the picture exactly once.
    pub core: Rect,
    /// Read pixels, inside the padded picture: origin and size are multiples of the stride.
    pub read: Rect,
}

/// What a model asks of tiles, in pixels; all of it comes from the bundle's manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grain {
    /// How far an output pixel sees: half the receptive field.
    pub halo: usize,
    /// Product of the model's strides; tile origins are multiples of it.
    pub stride: usize,
    /// The smallest side that the model accepts.
    pub min_size: usize,
}

impl Grain {
    fn check(&self) -> Result<()> {
        if self.stride == 0 || self.min_size == 0 {
            return Err(Error::argument("stride and min_size must be at least 1"));
        }
        if self.halo.max(self.stride).max(self.min_size) > LARGEST {
            return Err(Error::argument(format!("halo, stride and min_size must be at most {LARGEST}")));
        }
        Ok(())
    }

    /// The halo in whole strides, so that reads which start on the grid also end on it.
    fn aligned_halo(&self) -> usize {
        self.halo.next_multiple_of(self.stride)
    }

    /// The smallest tile from which every plan can be made: both halos and one stride of core.
    fn smallest_tile(&self) -> usize {
        (2 * self.aligned_halo() + self.stride).max(self.min_size.next_multiple_of(self.stride))
    }
}

fn check_size(width: usize, height: usize) -> Result<()> {
    if !(1..=LARGEST).contains(&width) || !(1..=LARGEST).contains(&height) {
        return Err(Error::argument(format!("a picture's sides must be from 1 to {LARGEST} pixels")));
    }
    Ok(())
}

/// How a picture is cut.
///
/// The picture is thought padded, right and below, by reflection to multiples of the stride and at least to the
/// smallest size: a plan of one tile is that padded full frame. Reads have no halo beyond the padded picture's
/// border, their sides differ by one stride at most, and cores share the work evenly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TilePlan {
    /// Columns of the picture.
    pub width: usize,
    /// Rows of the picture.
    pub height: usize,
    /// Row by row.
    pub tiles: Vec<Tile>,
}

impl TilePlan {
    /// Cuts a picture of `width` × `height` into tiles of at most `tile` × `tile` read pixels.
    ///
    /// # Errors
    /// `Argument` for an empty picture, a zero stride or minimum size, or a tile too small for its halo (not when
    /// the whole padded picture fits one tile).
    pub fn new(width: usize, height: usize, tile: usize, grain: Grain) -> Result<Self> {
        Self::cut(width, height, (tile, tile), grain)
    }

    /// Cuts a picture into tiles of at most `tile` read pixels, across and down. A side that is whole has no halo: so
    /// are strips of the picture's full width made.
    ///
    /// # Errors
    /// As for `new`.
    pub fn cut(width: usize, height: usize, tile: (usize, usize), grain: Grain) -> Result<Self> {
        grain.check()?;
        check_size(width, height)?;
        Self::of_axes((width, height), &Axis::cut(width, tile.0, grain)?, &Axis::cut(height, tile.1, grain)?)
    }

    /// Cuts a picture into tiles of exactly `tile` read pixels, across and down: for graphs of one fixed size. A
    /// picture smaller than that is padded to it.
    ///
    /// # Errors
    /// As for `new`; a tile's sides must be multiples of the stride.
    pub fn fixed(width: usize, height: usize, tile: (usize, usize), grain: Grain) -> Result<Self> {
        grain.check()?;
        check_size(width, height)?;
        let axis = |size: usize, tile: usize| {
            if tile == 0 || !tile.is_multiple_of(grain.stride) {
                let reason = format!("a fixed tile of {tile} pixels is no multiple of the stride {}", grain.stride);
                return Err(Error::argument(reason));
            }
            Axis::cut(size, tile, Grain { min_size: tile, ..grain })
        };
        Self::of_axes((width, height), &axis(width, tile.0)?, &axis(height, tile.1)?)
    }

    fn of_axes((width, height): (usize, usize), columns: &Axis, rows: &Axis) -> Result<Self> {
        let count = rows.spans.len() * columns.spans.len();
        if count > MOST_TILES {
            let reason = format!("so small tiles would be {count} of them, and a plan has {MOST_TILES} at most");
            return Err(Error::argument(reason));
        }
        let tiles = rows.spans.iter().flat_map(|row| {
            columns.spans.iter().map(|column| Tile {
                core: Rect { x: column.core, y: row.core, width: column.core_size, height: row.core_size },
                read: Rect { x: column.read, y: row.read, width: column.read_size, height: row.read_size },
            })
        });
        Ok(Self { width, height, tiles: tiles.collect() })
    }

    /// Pixels that the model computes, halos and padding included.
    pub fn computed_pixels(&self) -> u64 {
        self.tiles.iter().map(|tile| (tile.read.width * tile.read.height) as u64).sum()
    }

    /// Computed pixels per picture pixel, 1 at best.
    pub fn overhead(&self) -> f64 {
        self.computed_pixels() as f64 / (self.width * self.height) as f64
    }

    /// The same cores with reads of one shape, for sessions to which each further one costs more than a stride of halo:
    /// shorter reads become as long as the longest, inside the same padded picture.
    #[must_use]
    pub fn uniform(mut self) -> Self {
        let reads = || self.tiles.iter().map(|tile| tile.read);
        let most = |side: fn(Rect) -> usize| reads().map(side).max().unwrap_or(0);
        let (width, height) = (most(|read| read.width), most(|read| read.height));
        let (right, bottom) = (most(|read| read.x + read.width), most(|read| read.y + read.height));
        for Tile { read, .. } in &mut self.tiles {
            *read = Rect { x: read.x.min(right - width), y: read.y.min(bottom - height), width, height };
        }
        self
    }

    /// The distinct (width, height) of reads, the largest first.
    pub fn shapes(&self) -> Vec<(usize, usize)> {
        let mut shapes: Vec<_> = self.tiles.iter().map(|tile| (tile.read.width, tile.read.height)).collect();
        shapes.sort_unstable_by(|one, other| other.cmp(one));
        shapes.dedup();
        shapes
    }
}
