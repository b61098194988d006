//! Means of several planes at a time over square windows, row by row: nothing but the rows' sums is kept.

/// Calls `emit` for each row of a picture of `width` × `height` with the means of `N` planes over the windows of so many
/// pixels to each side, cut off at the borders.
///
/// Rows hold the planes one after the other. `row` writes those of row `y`, and is asked for each row twice. Sums are
/// f64, so that sliding leaves no drift.
pub fn box_means<const N: usize>(
    (width, height): (usize, usize),
    radius: usize,
    mut row: impl FnMut(usize, &mut [f32]),
    mut emit: impl FnMut(usize, &[f32]),
) {
    let radius = radius.min(width.max(height)); // beyond that nothing changes
    let mut values = vec![0.0_f32; N * width];
    let mut sums = vec![0.0_f64; N * width];
    let mut means = vec![0.0_f32; N * width];
    let count = |i: usize, size: usize| (i + radius).min(size - 1) - i.saturating_sub(radius) + 1;
    let shares: Vec<f64> = (0..width).map(|x| 1.0 / count(x, width) as f64).collect();
    for y in 0..height + radius {
        if y < height {
            row(y, &mut values);
            sums.iter_mut().zip(&values).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let Some(middle) = y.checked_sub(radius) else { continue };
        if let Some(above) = middle.checked_sub(radius + 1) {
            row(above, &mut values);
            sums.iter_mut().zip(&values).for_each(|(sum, value)| *sum -= f64::from(*value));
        }
        let share = 1.0 / count(middle, height) as f64;
        slide::<N>(&sums, radius, (&shares, share), &mut means);
        emit(middle, &means);
    }
}

/// Slides the window along a row of column sums: the planes side by side, so that none waits for its own last sum.
fn slide<const N: usize>(columns: &[f64], radius: usize, (shares, share): (&[f64], f64), means: &mut [f32]) {
    let width = shares.len();
    let columns: [&[f64]; N] = std::array::from_fn(|n| &columns[n * width..][..width]);
    let mut sums: [f64; N] = columns.map(|column| column[..radius.min(width)].iter().sum());
    for x in 0..width {
        if x + radius < width {
            (0..N).for_each(|n| sums[n] += columns[n][x + radius]);
        }
        if x > radius {
            (0..N).for_each(|n| sums[n] -= columns[n][x - radius - 1]);
        }
        let share = shares[x] * share;
        (0..N).for_each(|n| means[n * width + x] = (sums[n] * share) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_mean_is_the_plain_mean() {
        let planes: [Vec<f32>; 2] = [37, 53].map(|step| (0..35).map(|i| ((i * step) % 11) as f32).collect());
        for radius in [0, 1, 2, 9] {
            let mut found = [vec![], vec![]];
            let row = |y: usize, out: &mut [f32]| {
                out[..7].copy_from_slice(&planes[0][y * 7..][..7]);
                out[7..].copy_from_slice(&planes[1][y * 7..][..7]);
            };
            box_means::<2>((7, 5), radius, row, |_, means| {
                found[0].extend_from_slice(&means[..7]);
                found[1].extend_from_slice(&means[7..]);
            });
            for (plane, found) in planes.iter().zip(&found) {
                assert_eq!(found.len(), 35);
                for (i, got) in found.iter().enumerate() {
                    let (x, y) = (i % 7, i / 7);
                    let is_near = |j: usize| (j % 7).abs_diff(x) <= radius && (j / 7).abs_diff(y) <= radius;
                    let values: Vec<f32> = (0..35).filter(|j| is_near(*j)).map(|j| plane[j]).collect();
                    let want = values.iter().sum::<f32>() / values.len() as f32;
                    assert!((got - want).abs() < 1e-5, "radius {radius} at {x},{y}");
                }
            }
        }
    }
}
