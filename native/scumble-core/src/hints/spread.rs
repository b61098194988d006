//! Spreads the sums of a bilateral grid: a few separable Gaussians of growing width and falling share, added up.

use super::grid::{CHANNELS, LAYERS, Sums};
use crate::color::fast_path;

/// One term of the kernel: share · exp(−(dx² + dy²) / 2 xy² − dz² / 2 z²), distances in cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Weight of the term.
    pub share: f32,
    /// Sigma along x and y, in cells.
    pub xy: f32,
    /// Sigma along the lightness, in cells.
    pub z: f32,
}

const fn scale(share: f32, xy: f32, z: f32) -> Scale {
    Scale { share, xy, z }
}

/// The kernel that carries hints over the picture.
pub const SCALES: [Scale; 5] = [
    scale(1.0, 1.0, 0.35),
    scale(1.0 / 4.0, 2.0, 0.35),
    scale(1.0 / 16.0, 4.0, 0.35),
    scale(1.0 / 64.0, 8.0, 0.4),
    scale(1.0 / 256.0, 16.0, 0.5),
];

/// What a term may lack, at any distance, as a share of the widest term.
const NEGLIGIBLE: f32 = 1e-7;

/// Convolves the sums with the kernel, over all pairs of cells; outside the grid is nothing.
///
/// Empty rows and layers are passed over, so that a few hints cost little.
pub fn spread(sums: &Sums, scales: &[Scale]) -> Sums {
    let Sums { columns, rows, values } = sums;
    let line = CHANNELS * columns;
    let filled: Vec<Vec<usize>> = values
        .chunks(rows * line)
        .map(|layer| {
            (0..*rows).filter(|y| layer[y * line + 2 * columns..][..*columns].iter().any(|w| *w > 0.0)).collect()
        })
        .collect();
    let mut out = vec![0.0; values.len()];
    let mut across: Vec<f32> = Vec::new();
    let mut layer = vec![0.0; rows * line];
    for (z, filled) in filled.iter().enumerate().filter(|(_, filled)| !filled.is_empty()) {
        for group in scales.chunk_by(|one, other| one.z == other.z) {
            layer.fill(0.0);
            for scale in group {
                let reach = reach(*scale, scales);
                let gauss = gaussian(scale.xy, 1.0, reach.min((*rows).max(*columns)));
                across.clear();
                across.resize(filled.len() * line, 0.0);
                for (y, to) in filled.iter().zip(across.chunks_mut(line)) {
                    let from = &values[(z * rows + y) * line..][..line];
                    for (from, to) in from.chunks(*columns).zip(to.chunks_mut(*columns)) {
                        blur_row(from, &gauss, to);
                    }
                }
                let down = gaussian(scale.xy, scale.share, gauss.len() / 2);
                blur_rows(&across, filled, &down, &mut layer);
            }
            let deep = gaussian(group[0].z, 1.0, LAYERS);
            for (to, out) in out.chunks_mut(rows * line).enumerate() {
                let weight = deep[LAYERS + to - z];
                if weight > 1e-20 {
                    add_row(out, weight, &layer);
                }
            }
        }
    }
    Sums { columns: *columns, rows: *rows, values: out }
}

/// Cells beyond which a term is negligible beside the widest one.
fn reach(scale: Scale, scales: &[Scale]) -> usize {
    let narrowness = |scale: Scale| 0.5 / (scale.xy * scale.xy);
    let widest = scales.iter().fold(scale, |widest, other| if other.xy > widest.xy { *other } else { widest });
    let extra = narrowness(scale) - narrowness(widest);
    if extra <= 0.0 {
        return usize::MAX;
    }
    ((scale.share / widest.share / NEGLIGIBLE).ln().max(0.0) / extra).sqrt().ceil() as usize
}

/// factor · exp(−d² / 2 sigma²) for d from −reach to reach.
fn gaussian(sigma: f32, factor: f32, reach: usize) -> Vec<f32> {
    let value = |i: usize| {
        let distance = i.abs_diff(reach) as f32;
        factor * (-(distance * distance) / (2.0 * sigma * sigma)).exp()
    };
    (0..=2 * reach).map(value).collect()
}

/// Convolves one row of cells with a kernel of odd length, added to `out`.
fn blur_row(row: &[f32], kernel: &[f32], out: &mut [f32]) {
    let reach = kernel.len() / 2;
    for (x, value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
        let (first, end) = (x.saturating_sub(reach), (x + reach + 1).min(row.len()));
        add_row(&mut out[first..end], *value, &kernel[first + reach - x..][..end - first]);
    }
}

/// Convolves rows lying at `places` down their columns, added to all rows of `out`.
fn blur_rows(rows: &[f32], places: &[usize], kernel: &[f32], out: &mut [f32]) {
    let (line, reach) = (rows.len() / places.len(), kernel.len() / 2);
    for (to, out) in out.chunks_mut(line).enumerate() {
        let first = places.partition_point(|y| y + reach < to);
        let end = places.partition_point(|y| *y <= to + reach);
        let near = places[first..end].iter().zip(rows[first * line..end * line].chunks(line));
        let mut four: [(f32, &[f32]); 4] = [(0.0, &[]); 4];
        let mut held = 0;
        for (y, row) in near {
            four[held] = (kernel[to + reach - y], row);
            held += 1;
            if held == 4 {
                add_four(out, four);
                held = 0;
            }
        }
        four[..held].iter().for_each(|(weight, row)| add_row(out, *weight, row));
    }
}

fast_path! {
    fn add_row<>(out: &mut [f32], weight: f32, row: &[f32]) = add_row_body;
}

#[inline(always)]
fn add_row_body(out: &mut [f32], weight: f32, row: &[f32]) {
    for (out, value) in out.iter_mut().zip(row) {
        *out += weight * value;
    }
}

fast_path! {
    /// Four rows at a time: the sum is loaded and stored once.
    fn add_four<>(out: &mut [f32], rows: [(f32, &[f32]); 4]) = add_four_body;
}

#[inline(always)]
fn add_four_body(out: &mut [f32], rows: [(f32, &[f32]); 4]) {
    let [(w0, r0), (w1, r1), (w2, r2), (w3, r3)] = rows.map(|(weight, row)| (weight, &row[..out.len()]));
    for i in 0..out.len() {
        out[i] += (w0 * r0[i] + w1 * r1[i]) + (w2 * r2[i] + w3 * r3[i]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hints::grid::{Extent, Hint};

    fn plain(sums: &Sums, scales: &[Scale]) -> Vec<f64> {
        let Sums { columns, rows, values } = sums;
        let place = |i: usize| {
            let line = i / columns;
            ((i % columns) as f64, (line / CHANNELS % rows) as f64, (line / CHANNELS / rows) as f64, line % CHANNELS)
        };
        let mut out = vec![0.0; values.len()];
        for (i, value) in values.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            let (x, y, z, channel) = place(i);
            for (j, out) in out.iter_mut().enumerate().filter(|(j, _)| place(*j).3 == channel) {
                let (dx, dy, dz) = (place(j).0 - x, place(j).1 - y, place(j).2 - z);
                let term = |s: &Scale| {
                    let [share, xy, depth] = [s.share, s.xy, s.z].map(f64::from);
                    share * (-(dx * dx + dy * dy) / (2.0 * xy * xy) - dz * dz / (2.0 * depth * depth)).exp()
                };
                *out += f64::from(*value) * scales.iter().map(term).sum::<f64>();
            }
        }
        out
    }

    #[test]
    fn spreading_is_the_sum_over_all_pairs() {
        let hints = [(3, 4, 20.0, 30.0), (170, 90, 71.0, -50.0), (40, 8, 99.0, 10.0), (41, 60, 0.0, 5.0)];
        let hints = hints.map(|(x, y, lightness, a)| Hint { x, y, lightness, ab: [a, -a] });
        let sums = Sums::splat(Extent::working(180, 97), hints.into_iter());
        for scales in [&SCALES[..], &SCALES[..3]] {
            let (fast, want) = (spread(&sums, scales), plain(&sums, scales));
            let most = |channel: usize| {
                let lines = fast.values.chunks(fast.columns).zip(want.chunks(fast.columns)).skip(channel).step_by(3);
                let apart = lines.flat_map(|(got, want)| got.iter().zip(want).map(|(g, w)| (f64::from(*g) - w).abs()));
                apart.fold(0.0, f64::max)
            };
            assert!(most(2) < 1e-6 && most(0) < 3e-5, "{} {}", most(2), most(0));
        }
    }
}
