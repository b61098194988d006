//! What a generator is told of a block of cells: hashed noise with the margin of each level, and the layout.

use crate::backgrounds::{Dice, noise::Patch};
use crate::error::{Error, Result};
use crate::session::Array;

/// What a generator asks of its inputs; all of it comes from the bundle's manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The side of a cell in pixels of the output.
    pub cell_px: usize,
    /// Cells that latents and layout show around a block.
    pub cell_margin: usize,
    /// How much of each level's noise is shown around a block, in its own pixels; level k has 2^k to a cell.
    pub noise_margins: Vec<usize>,
    /// The stream of the latents.
    pub stream_latents: i64,
    /// The stream of the noise of level 0; the others follow.
    pub stream_noise: i64,
}

impl Facts {
    /// # Errors
    /// `Argument` for what no net can have.
    pub fn check(&self) -> Result<()> {
        let margins_fit = self.noise_margins.iter().chain([&self.cell_margin]).all(|margin| *margin <= 4096);
        if !(4..=4096).contains(&self.cell_px) || !(1..=12).contains(&self.noise_margins.len()) || !margins_fit {
            return Err(Error::argument(
                "a generator has cells of 4 to 4096 pixels, 1 to 12 levels and margins of at most 4096",
            ));
        }
        Ok(())
    }
}

/// The plane that blocks are parts of.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// What the generator asks.
    pub facts: &'a Facts,
    /// Wanted colours at the cells of the picture, (channels, rows, columns).
    pub layout: &'a Array,
    /// Whether the plane repeats after the layout's rows and columns; else the layout goes on as it ends.
    pub wraps: bool,
    /// Where chance comes from.
    pub dice: Dice,
}

/// A block of the plane, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cells {
    /// First row.
    pub row: usize,
    /// First column.
    pub column: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Plane<'_> {
    /// Writes the latents of a block with their margin, (channels, height, width).
    pub fn fill_latents(&self, block: Cells, out: &mut [f32]) {
        self.fill_noise(self.facts.stream_latents, 1, self.facts.cell_margin, block, out);
    }

    /// Writes the noise of a level, one plane.
    pub fn fill_level(&self, level: usize, block: Cells, out: &mut [f32]) {
        let stream = self.facts.stream_noise + level as i64;
        self.fill_noise(stream, 1 << level, self.facts.noise_margins[level], block, out);
    }

    fn fill_noise(&self, stream: i64, scale: usize, margin: usize, block: Cells, out: &mut [f32]) {
        let (rows, columns) = (self.layout.shape[1] * scale, self.layout.shape[2] * scale);
        let patch = Patch {
            y: (block.row * scale) as i64 - margin as i64,
            x: (block.column * scale) as i64 - margin as i64,
            height: block.height * scale + 2 * margin,
            width: block.width * scale + 2 * margin,
            period: self.wraps.then_some((rows as i64, columns as i64)),
        };
        self.dice.fill_normal(stream, patch, out);
    }

    /// Writes the layout of a block with its margin, (channels, height, width).
    pub fn fill_layout(&self, block: Cells, out: &mut [f32]) {
        let (rows, columns) = (self.layout.shape[1], self.layout.shape[2]);
        let margin = self.facts.cell_margin;
        let (height, width) = (block.height + 2 * margin, block.width + 2 * margin);
        let place = |index: usize, first: usize, count: usize| {
            let cell = (first + index) as i64 - margin as i64;
            let last = count as i64;
            (if self.wraps { cell.rem_euclid(last) } else { cell.clamp(0, last - 1) }) as usize
        };
        let planes = self.layout.data.chunks_exact(rows * columns);
        for (plane, out) in planes.zip(out.chunks_exact_mut(height * width)) {
            for (y, line) in out.chunks_exact_mut(width).enumerate() {
                let from = &plane[place(y, block.row, rows) * columns..][..columns];
                for (x, value) in line.iter_mut().enumerate() {
                    *value = from[place(x, block.column, columns)];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts { cell_px: 8, cell_margin: 2, noise_margins: vec![3, 1], stream_latents: 1, stream_noise: 16 }
    }

    #[test]
    fn a_block_is_told_what_the_whole_is_told_at_its_place() {
        let facts = facts();
        let layout = Array { shape: vec![2, 4, 5], data: (0..40).map(|value| value as f32).collect() };
        for wraps in [false, true] {
            let plane = Plane { facts: &facts, layout: &layout, wraps, dice: Dice::new(9, Some((4, 0.3))) };
            let whole = Cells { row: 0, column: 0, height: 4, width: 5 };
            let part = Cells { row: 1, column: 2, height: 2, width: 3 };
            let (mut all, mut some) = (vec![0.0; 2 * 8 * 9], vec![0.0; 2 * 6 * 7]);
            plane.fill_layout(whole, &mut all);
            plane.fill_layout(part, &mut some);
            for y in 0..6 {
                assert_eq!(some[42 + y * 7..][..7], all[72 + (y + 1) * 9 + 2..][..7]);
            }
            let (mut all, mut some) = (vec![0.0; 10 * 12], vec![0.0; 6 * 8]);
            plane.fill_level(1, whole, &mut all);
            plane.fill_level(1, part, &mut some);
            for y in 0..6 {
                assert_eq!(some[y * 8..][..8], all[(y + 2) * 12 + 4..][..8]);
            }
        }
    }

    #[test]
    fn a_repeating_plane_repeats() {
        let facts = facts();
        let layout = Array { shape: vec![1, 3, 3], data: (0..9).map(|value| value as f32).collect() };
        let plane = Plane { facts: &facts, layout: &layout, wraps: true, dice: Dice::new(2, None) };
        let at = |row| {
            let block = Cells { row, column: 3, height: 1, width: 1 };
            let (mut latents, mut colours, mut noise) = (vec![0.0; 50], vec![0.0; 25], vec![0.0; 16]);
            plane.fill_latents(block, &mut latents);
            plane.fill_layout(block, &mut colours);
            plane.fill_level(1, block, &mut noise);
            (latents, colours, noise)
        };
        assert_eq!(at(1), at(4));
        assert_ne!(at(1), at(2));
    }
}
