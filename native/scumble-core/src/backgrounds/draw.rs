//! Draws for pictures: single numbers by name and place, and smooth fields over a lattice; of one seed or of two.

use super::noise::{Folded, Patch, fill, normal, uniform};

/// Where chance comes from: a seed, and perhaps a second one that is approached.
#[derive(Debug, Clone, Copy)]
pub struct Dice {
    seed: u64,
    other: Option<(u64, [f32; 2])>,
}

impl Dice {
    /// Draws of `seed`, on the way to those of `other`: 0 is all the first, 1 all the second.
    ///
    /// Between the two, draws are turned (not averaged) as normal numbers, so that they stay as varied as either's.
    pub fn new(seed: u64, other: Option<(u64, f32)>) -> Self {
        match other {
            Some((other, share)) if share >= 1.0 => Self { seed: other, other: None },
            Some((other, share)) if share > 0.0 => {
                let (sine, cosine) = sine_cosine(0.25 * share);
                Self { seed, other: Some((other, [cosine, sine])) }
            }
            _ => Self { seed, other: None },
        }
    }

    /// The seed of what has no middle way, such as grain: the first one until the second is reached.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// An even draw from 0 to 1.
    pub fn uniform(&self, stream: i64, y: i64, x: i64, channel: i64) -> f32 {
        let draw = |seed: u64| uniform(Folded::new(seed, stream).with(y).with(x).with(channel).bits());
        let first = draw(self.seed);
        match self.other {
            None => first,
            Some((other, [cosine, sine])) => {
                even_from_normal(cosine * normal_from_even(first) + sine * normal_from_even(draw(other)))
            }
        }
    }

    /// Nearly normal draws of a patch, (channels, height, width), with a deviation of 1 between two seeds too.
    pub fn fill_normal(&self, stream: i64, patch: Patch, out: &mut [f32]) {
        fill(self.seed, stream, patch, out, normal);
        if let Some((other, [cosine, sine])) = self.other {
            let mut second = vec![0.0; out.len()];
            fill(other, stream, patch, &mut second, normal);
            out.iter_mut().zip(second).for_each(|(value, other)| *value = cosine * *value + sine * other);
        }
    }
}

/// A normal number of an even draw: the logistic approximation of the quantile, which `even_from_normal` inverts.
fn normal_from_even(even: f32) -> f32 {
    let even = even.clamp(1e-6, 1.0 - 1e-6);
    (log2(even) - log2(1.0 - even)) * LOGISTIC
}

fn even_from_normal(normal: f32) -> f32 {
    1.0 / (1.0 + exp2(-normal * (1.0 / LOGISTIC)))
}

/// ln 2 · √3 / π: logistic numbers in binary logarithms, with a deviation of 1.
const LOGISTIC: f32 = 0.382_149_6;

/// 2 to the power `x`, to about 2e-7; plain arithmetic, so that every machine gives the same bits.
#[inline(always)]
pub fn exp2(x: f32) -> f32 {
    let x = x.clamp(-100.0, 100.0);
    let whole = x.floor();
    let f = x - whole;
    let p = 2.188_908_5e-4_f32;
    let p = p * f + 1.238_434_7e-3;
    let p = p * f + 9.684_971e-3;
    let p = p * f + 5.548_022e-2;
    let p = p * f + 2.402_305_5e-1;
    let p = p * f + 0.999_999_6 * std::f32::consts::LN_2;
    let p = p * f + 1.0;
    p * f32::from_bits(((whole as i32 + 127) as u32) << 23)
}

/// The binary logarithm of a positive normal number, to about 1e-6.
#[inline(always)]
pub fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let shifted = bits.wrapping_sub(0x3F35_04F3); // mantissas from √½ to √2
    let exponent = (shifted as i32) >> 23;
    let mantissa = f32::from_bits(bits.wrapping_sub((exponent as u32) << 23));
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let s = t * t;
    let series = 2.885_39 + s * (0.961_800_75 + s * (0.576_584_4 + s * 0.434_259_65));
    exponent as f32 + t * series
}

/// Sine and cosine of an angle counted in turns, to about 1e-6.
#[inline(always)]
pub fn sine_cosine(turns: f32) -> (f32, f32) {
    (sine(turns), sine(turns + 0.25))
}

/// Sine of an angle counted in turns, to about 1e-6.
#[inline(always)]
pub fn sine(turns: f32) -> f32 {
    let wrapped = turns - (turns + 0.5).floor(); // -½ to ½
    let folded = if wrapped.abs() > 0.25 { 0.5_f32.copysign(wrapped) - wrapped } else { wrapped };
    let s = folded * folded;
    let p = 39.537_014_f32;
    let p = p * s - 76.549_83;
    let p = p * s + 81.601_006;
    let p = p * s - 41.341_656;
    let p = p * s + std::f32::consts::TAU;
    folded * p
}

/// A smooth step from 0 at `low` to 1 at `high`.
#[inline(always)]
pub fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A field of even draws, one for each point of a lattice over the picture, smoothed by a cubic B-spline.
#[derive(Debug, Clone)]
pub struct Field {
    values: Vec<f32>,
    columns: usize,
    counts: [f32; 2],
}

/// Lattice points kept around the picture, so that warped places find values too.
const MARGIN: i64 = 6;

impl Field {
    /// Draws a field of `nx` by `ny` cells over the picture; it repeats after them where `wrap` is set.
    pub fn new(dice: Dice, stream: i64, channel: i64, (nx, ny): (usize, usize), wrap: bool) -> Self {
        let (nx, ny) = (nx.max(1) as i64, ny.max(1) as i64);
        let place = |i: i64, n: i64| if wrap { i.rem_euclid(n) } else { i };
        let mut values = Vec::with_capacity(((nx + 2 * MARGIN) * (ny + 2 * MARGIN)) as usize);
        for y in -MARGIN..ny + MARGIN {
            for x in -MARGIN..nx + MARGIN {
                values.push(dice.uniform(stream, place(y, ny), place(x, nx), channel));
            }
        }
        Self { values, columns: (nx + 2 * MARGIN) as usize, counts: [nx as f32, ny as f32] }
    }

    /// The field at a place: 0 to 1 across the picture both ways, somewhat beyond is allowed. Mean ½, within 0 to 1.
    #[inline(always)]
    pub fn at(&self, u: f32, v: f32) -> f32 {
        let (column, wx) = self.cell(u * self.counts[0], self.columns);
        let (row, wy) = self.cell(v * self.counts[1], self.values.len() / self.columns);
        let mut sum = 0.0;
        for (j, wy) in wy.iter().enumerate() {
            let start = (row + j) * self.columns + column;
            if let Some(line) = self.values.get(start..start + 4) {
                sum += wy * (wx[0] * line[0] + wx[1] * line[1] + wx[2] * line[2] + wx[3] * line[3]);
            }
        }
        sum
    }

    #[inline(always)]
    fn cell(&self, place: f32, count: usize) -> (usize, [f32; 4]) {
        let place = (place - 0.5 + MARGIN as f32).clamp(1.0, count as f32 - 3.001);
        let cell = place.floor();
        (cell as usize - 1, spline_weights(place - cell))
    }
}

/// Weights of the four nearest points of a uniform cubic B-spline, `t` from the second of them.
#[inline(always)]
pub fn spline_weights(t: f32) -> [f32; 4] {
    let (s, r) = (t * t, 1.0 - t);
    let cube = s * t;
    [r * r * r / 6.0, (3.0 * cube - 6.0 * s + 4.0) / 6.0, (-3.0 * cube + 3.0 * s + 3.0 * t + 1.0) / 6.0, cube / 6.0]
}

/// Derivatives of `spline_weights`.
#[inline(always)]
pub fn spline_slopes(t: f32) -> [f32; 4] {
    let r = 1.0 - t;
    [-0.5 * r * r, 1.5 * t * t - 2.0 * t, -1.5 * t * t + t + 0.5, 0.5 * t * t]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_functions_agree_with_the_systems() {
        for i in -4000..4000 {
            let x = i as f32 / 250.0;
            let (sine, cosine) = sine_cosine(x / 4.0);
            let angle = f64::from(x) / 4.0 * std::f64::consts::TAU;
            assert!((f64::from(sine) - angle.sin()).abs() < 2e-6, "sine of {x}");
            assert!((f64::from(cosine) - angle.cos()).abs() < 2e-6, "cosine of {x}");
            assert!((f64::from(exp2(x)) / f64::from(x).exp2() - 1.0).abs() < 1e-6, "2^{x}");
            let positive = exp2(x);
            assert!((log2(positive) - x).abs() < 1e-5, "log2 of {positive}");
        }
    }

    #[test]
    fn between_two_seeds_draws_stay_even() {
        let dice = Dice::new(3, Some((4, 0.5)));
        let draws: Vec<f32> = (0..20_000).map(|x| dice.uniform(1, 0, x, 0)).collect();
        let mean = draws.iter().sum::<f32>() / 20_000.0;
        let spread = draws.iter().map(|d| (d - mean) * (d - mean)).sum::<f32>() / 20_000.0;
        assert!((mean - 0.5).abs() < 0.01 && (spread - 1.0 / 12.0).abs() < 0.008, "{mean} {spread}");
        let near = Dice::new(3, Some((4, 1e-4)));
        assert!((near.uniform(1, 0, 5, 0) - Dice::new(3, None).uniform(1, 0, 5, 0)).abs() < 1e-3);
        assert_eq!(Dice::new(3, Some((4, 1.0))).uniform(1, 0, 5, 0), Dice::new(4, None).uniform(1, 0, 5, 0));
    }

    #[test]
    fn a_wrapped_field_repeats() {
        let field = Field::new(Dice::new(9, None), 2, 0, (4, 3), true);
        for i in 0..50 {
            let t = i as f32 / 50.0;
            assert!((field.at(t, 0.0) - field.at(t, 1.0)).abs() < 1e-5);
            assert!((field.at(0.0, t) - field.at(1.0, t)).abs() < 1e-5);
        }
    }
}
