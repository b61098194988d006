//! A bilateral grid (Paris and Durand 2006): sums over cells of x, y and lightness, read back along the lightness.

/// Pixels of the working size a cell.
pub const CELL_PX: usize = 4;
/// Lightness (L) a cell.
pub const CELL_LIGHTNESS: f32 = 12.5;
/// Cells along the lightness.
pub const LAYERS: usize = 9;
/// Amount at which a cell weighs half of the most it can.
const SATURATION: f32 = 1.0;

/// Channels of a cell: sums of a and b, and the weight.
pub const CHANNELS: usize = 3;

/// How a picture of any size lies over a grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Cells along x.
    pub columns: usize,
    /// Cells along y.
    pub rows: usize,
    /// Pixels a cell along x.
    cell_x: f32,
    /// Pixels a cell along y.
    cell_y: f32,
}

/// Where a coordinate lies between two cells.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Between {
    low: usize,
    share: f32,
}

fn between(at: f32, cells: usize) -> Between {
    let low = (at as usize).min(cells - 2);
    Between { low, share: at - low as f32 }
}

fn depth(lightness: f32) -> Between {
    let light = if lightness > 0.0 { lightness.min(100.0) } else { 0.0 };
    between(light / CELL_LIGHTNESS, LAYERS)
}

/// How many cells a side of the grid has.
fn cells(pixels: usize) -> usize {
    pixels.div_ceil(CELL_PX) + 1
}

impl Extent {
    /// The grid of a picture at its working size.
    pub fn working(width: usize, height: usize) -> Self {
        let cell = CELL_PX as f32;
        Self { columns: cells(width), rows: cells(height), cell_x: cell, cell_y: cell }
    }

    /// The same grid under the same picture of another size, given the two sizes (width, height).
    pub fn stretched(working: (usize, usize), size: (usize, usize)) -> Self {
        let cell = |from: usize, to: usize| (CELL_PX * to) as f32 / from as f32;
        Self {
            columns: cells(working.0),
            rows: cells(working.1),
            cell_x: cell(working.0, size.0),
            cell_y: cell(working.1, size.1),
        }
    }

    fn column(&self, x: usize) -> Between {
        between((x as f32 + 0.5) / self.cell_x, self.columns)
    }

    fn row(&self, y: usize) -> Between {
        between((y as f32 + 0.5) / self.cell_y, self.rows)
    }

    /// Places of columns, to read rows with.
    pub fn columns_of(&self, columns: impl Iterator<Item = usize>) -> Vec<Column> {
        columns.map(|x| Column(self.column(x))).collect()
    }
}

/// Where a picture's column lies between two columns of cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column(Between);

impl Column {
    /// The left one of the two columns of cells.
    pub fn left(&self) -> usize {
        self.0.low
    }
}

/// One hinted pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hint {
    /// Column.
    pub x: usize,
    /// Row.
    pub y: usize,
    /// L of the pixel, 0 to 100.
    pub lightness: f32,
    /// Lab a and b wanted there.
    pub ab: [f32; 2],
}

/// Sums of hints: layer by layer, row by row, a row of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums {
    /// Cells along x.
    pub columns: usize,
    /// Cells along y.
    pub rows: usize,
    /// a times weight, b times weight, and weight, by layer, row, channel and column.
    pub values: Vec<f32>,
}

/// Sums under way, in whole numbers: the order of hints, and so of threads, changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Splat {
    extent: Extent,
    values: Vec<i64>,
}

/// What 1 is in sums under way: nothing is lost of a hint, and millions of them fit.
const UNIT: f32 = (1_u64 << 26) as f32;

impl Splat {
    /// No hints yet.
    pub fn new(extent: Extent) -> Self {
        Self { extent, values: vec![0; LAYERS * extent.rows * CHANNELS * extent.columns] }
    }

    /// Spreads a hint trilinearly over its eight cells.
    pub fn add(&mut self, hint: &Hint) {
        let Extent { columns, rows, .. } = self.extent;
        let (x, y, z) = (self.extent.column(hint.x), self.extent.row(hint.y), depth(hint.lightness));
        for corner in 0..8 {
            let [right, below, deeper] = [corner & 1, corner >> 1 & 1, corner >> 2];
            let part = |place: Between, far: usize| if far == 1 { place.share } else { 1.0 - place.share };
            let weight = UNIT * part(x, right) * part(y, below) * part(z, deeper);
            let at = ((z.low + deeper) * rows + y.low + below) * CHANNELS * columns + x.low + right;
            for (channel, value) in [weight * hint.ab[0], weight * hint.ab[1], weight].into_iter().enumerate() {
                let sum = &mut self.values[at + channel * columns];
                *sum = sum.saturating_add(value as i64);
            }
        }
    }

    /// Saturates: a cell of amount A weighs A / (A + 1), so that a wide stroke does not outweigh a dot as its area does.
    pub fn saturated(&self) -> Sums {
        let Extent { columns, rows, .. } = self.extent;
        let mut values: Vec<f32> = self.values.iter().map(|value| *value as f32 / UNIT).collect();
        for line in values.chunks_mut(CHANNELS * columns) {
            let (sums, amounts) = line.split_at_mut(2 * columns);
            let (a, b) = sums.split_at_mut(columns);
            for ((a, b), amount) in a.iter_mut().zip(b).zip(amounts) {
                let all = *amount + SATURATION;
                (*a, *b, *amount) = (*a / all, *b / all, *amount / all);
            }
        }
        Sums { columns, rows, values }
    }
}

impl Sums {
    /// Spreads hints over cells and saturates them.
    pub fn splat(extent: Extent, hints: impl Iterator<Item = Hint>) -> Self {
        let mut splat = Splat::new(extent);
        hints.for_each(|hint| splat.add(&hint));
        splat.saturated()
    }
}

/// One cell to read: a times weight, b times weight, weight, and nothing.
pub type Cell = [f32; 4];

/// A grid laid out for reading: row by row, column by column, the layers of a column side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    columns: usize,
    cells: Vec<Cell>,
}

/// A line of cells mixed for one row of the picture.
pub type GridRow = Vec<Cell>;

impl Grid {
    /// Lays the sums out for reading.
    pub fn from_sums(sums: &Sums) -> Self {
        let Sums { columns, rows, values } = sums;
        let mut cells = vec![[0.0; 4]; rows * columns * LAYERS];
        for (index, line) in values.chunks(CHANNELS * columns).enumerate() {
            let (z, y) = (index / rows, index % rows);
            for x in 0..*columns {
                cells[(y * columns + x) * LAYERS + z] = [line[x], line[columns + x], line[2 * columns + x], 0.0];
            }
        }
        Self { columns: *columns, cells }
    }

    /// Mixes the two rows of cells around row `y` of a picture.
    pub fn mix_row(&self, extent: &Extent, y: usize, row: &mut GridRow) {
        let Between { low, share } = extent.row(y);
        let line = self.columns * LAYERS;
        let (upper, lower) = (&self.cells[low * line..][..line], &self.cells[(low + 1) * line..][..line]);
        row.clear();
        row.extend(upper.iter().zip(lower).map(|(upper, lower)| mixed(upper, lower, share)));
    }

    /// The cells of one column of cells in one row of cells.
    pub fn column(&self, row: usize, column: usize) -> &[Cell] {
        &self.cells[(row * self.columns + column) * LAYERS..][..LAYERS]
    }

    /// The two rows of cells around row `y` of a picture.
    pub fn rows_around(extent: &Extent, y: usize) -> [usize; 2] {
        let low = extent.row(y).low;
        [low, low + 1]
    }
}

/// Reads a mixed row at one pixel.
#[inline(always)]
pub fn read(row: &[Cell], column: Column, lightness: f32) -> Cell {
    let Column(Between { low, share }) = column;
    let z = depth(lightness);
    let at = low * LAYERS + z.low;
    let near = mixed(&row[at], &row[at + LAYERS], share);
    let far = mixed(&row[at + 1], &row[at + LAYERS + 1], share);
    mixed(&near, &far, z.share)
}

/// Two products: a difference would bury a small value under the rounding of a large one beside it.
#[inline(always)]
fn mixed(low: &Cell, high: &Cell, share: f32) -> Cell {
    let rest = 1.0 - share;
    std::array::from_fn(|i| rest * low[i] + share * high[i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_hint_gives_its_whole_weight_and_colour(
            x in 0_usize..30, y in 0_usize..20, lightness in -5.0_f32..110.0, a in -90.0_f32..90.0,
        ) {
            let hint = Hint { x, y, lightness, ab: [a, 7.0] };
            let sums = Sums::splat(Extent::working(30, 20), std::iter::once(hint));
            let total = |channel: usize| -> f32 {
                let lines = sums.values.chunks(sums.columns).skip(channel).step_by(CHANNELS);
                // Saturation undone: w = A / (A + 1).
                let weights = sums.values.chunks(sums.columns).skip(2).step_by(CHANNELS);
                lines.zip(weights).flat_map(|(line, w)| line.iter().zip(w).map(|(v, w)| v / (1.0 - w))).sum()
            };
            prop_assert!((total(2) - 1.0).abs() < 1e-5);
            prop_assert!((total(0) - a).abs() < 1e-3 && (total(1) - 7.0).abs() < 1e-4);
        }

        #[test]
        fn reading_what_is_linear_in_the_cells_gives_it_back(
            x in 0_usize..90, y in 0_usize..60, lightness in 0.0_f32..100.0,
        ) {
            // The same grid under a picture three times as large.
            let extent = Extent::stretched((30, 20), (90, 60));
            let mut sums = Sums::splat(extent, std::iter::empty());
            let (columns, rows) = (sums.columns, sums.rows);
            for (i, value) in sums.values.iter_mut().enumerate() {
                let (column, row, z) = (i % columns, i / columns / CHANNELS % rows, i / columns / CHANNELS / rows);
                *value = column as f32 + 10.0 * row as f32 + 100.0 * z as f32;
            }
            let grid = Grid::from_sums(&sums);
            let mut row = GridRow::new();
            grid.mix_row(&extent, y, &mut row);
            let got = read(&row, extent.columns_of(x..x + 1)[0], lightness);
            let want = (x as f32 + 0.5) / 12.0 + 10.0 * (y as f32 + 0.5) / 12.0 + 100.0 * lightness / 12.5;
            prop_assert!((got[0] - want).abs() < 1e-2, "{got:?} {want}");
        }
    }
}
