//! Counter-based noise on the global integer grid: a hash of (seed, stream, y, x, channel), the same everywhere.
//!
//! Whole numbers modulo 2^64 alone (splitmix64; Steele, Lea and Flood 2014), so that every machine, tile and order
//! of work gives the same bits, and torch can draw the same noise.

/// One step of splitmix64.
#[inline(always)]
pub fn splitmix64(z: u64) -> u64 {
    let z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A hash that has taken some of its values; each further one is folded in as a two's complement number.
#[derive(Debug, Clone, Copy)]
pub struct Folded(u64);

impl Folded {
    /// Starts with a seed and a stream, which keeps draws for different purposes apart.
    #[inline(always)]
    pub fn new(seed: u64, stream: i64) -> Self {
        Self(seed).with(stream)
    }

    /// Folds in one more value.
    #[inline(always)]
    pub fn with(self, value: i64) -> Self {
        Self(splitmix64(self.0 ^ value as u64))
    }

    /// The 64 bits.
    #[inline(always)]
    pub fn bits(self) -> u64 {
        self.0
    }
}

/// The hash of one sample of the grid.
#[inline(always)]
pub fn hash(seed: u64, stream: i64, y: i64, x: i64, channel: i64) -> u64 {
    Folded::new(seed, stream).with(y).with(x).with(channel).bits()
}

/// A hash as an even draw from 0 to 1, in steps of 2^-24.
#[inline(always)]
pub fn uniform(bits: u64) -> f32 {
    (((bits >> 40) as f64 + 0.5) * (1.0 / 16_777_216.0)) as f32
}

/// A hash as a nearly normal draw, within ±3.5: the sum of four even ones (Irwin and Hall), mean 0, deviation 1.
#[inline(always)]
pub fn normal(bits: u64) -> f32 {
    let field = |shift: u32| (bits >> shift) & 0xFFFF;
    let sum = (field(0) + field(16) + field(32) + field(48) + 2) as f32;
    (sum * (1.0 / 65536.0) - 2.0) * SQRT_3
}

const SQRT_3: f32 = 1.732_050_8;

/// A rectangle of the grid; it may start anywhere, below zero too.
#[derive(Debug, Clone, Copy)]
pub struct Patch {
    /// First row.
    pub y: i64,
    /// First column.
    pub x: i64,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Rows and columns after which the grid repeats; none where it never does.
    pub period: Option<(i64, i64)>,
}

/// Draws `out`, (channels, height, width) in C order, with `draw` of each sample's hash.
pub fn fill(seed: u64, stream: i64, patch: Patch, out: &mut [f32], draw: impl Fn(u64) -> f32) {
    let plane = (patch.height * patch.width).max(1);
    let wrapped = |value: i64, period: Option<i64>| period.map_or(value, |period| value.rem_euclid(period));
    let base = Folded::new(seed, stream);
    for (channel, plane) in out.chunks_mut(plane).enumerate() {
        for (row, line) in plane.chunks_mut(patch.width.max(1)).enumerate() {
            let folded = base.with(wrapped(patch.y + row as i64, patch.period.map(|p| p.0)));
            for (column, value) in line.iter_mut().enumerate() {
                let x = wrapped(patch.x + column as i64, patch.period.map(|p| p.1));
                *value = draw(folded.with(x).with(channel as i64).bits());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The first outputs for the seed 1234567, as published with the reference implementation.
        let mut state = 1_234_567_u64;
        let first = [6_457_827_717_110_365_317_u64, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        for want in first {
            assert_eq!(splitmix64(state), want);
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        }
    }

    #[test]
    fn draws_have_the_promised_moments() {
        let count = 200_000;
        let (mut sum, mut squares, mut even) = (0.0_f64, 0.0_f64, 0.0_f64);
        for x in 0..count {
            let bits = hash(7, 1, -3, x, 0);
            let value = f64::from(normal(bits));
            sum += value;
            squares += value * value;
            even += f64::from(uniform(bits));
        }
        let n = count as f64;
        assert!((sum / n).abs() < 0.01 && (squares / n - 1.0).abs() < 0.01 && (even / n - 0.5).abs() < 0.003);
    }

    #[test]
    fn a_patch_is_part_of_any_larger_one_and_wraps() {
        let (mut whole, mut part) = (vec![0.0; 2 * 9 * 7], vec![0.0; 2 * 3 * 2]);
        let large = Patch { y: -4, x: -2, height: 9, width: 7, period: None };
        fill(5, 3, large, &mut whole, normal);
        fill(5, 3, Patch { y: -1, x: 1, height: 3, width: 2, period: None }, &mut part, normal);
        for channel in 0..2 {
            for row in 0..3 {
                let from = channel * 63 + (row + 3) * 7 + 3;
                assert_eq!(part[channel * 6 + row * 2..][..2], whole[from..from + 2]);
            }
        }
        fill(5, 3, Patch { period: Some((4, 5)), ..large }, &mut whole, uniform);
        assert_eq!(whole[..7], whole[4 * 7..5 * 7]);
        assert_eq!(whole[0], whole[5]);
    }
}
