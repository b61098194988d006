//! A curve's shape, and the polynomial that follows it.

use super::super::dispatch::Once;
use super::{OCTAVES, Power, SHIFT};

/// `gain · (value + shift)^exponent`, moved so that it is `top` at `white`, above a knee; a straight line up to there.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// See above.
    pub exponent: f64,
    /// See above.
    pub gain: f64,
    /// See above.
    pub shift: f64,
    /// See above.
    pub white: f32,
    /// What the curve is at `white`, exactly.
    pub top: f32,
    /// Values up to here lie on the line.
    pub knee: f32,
    /// Slope of the line.
    pub slope: f64,
    /// The line at 0.
    pub start: f64,
    /// The greatest value that is known; those beyond, and negative ones, are told. With the shift it must lie within 16
    /// octaves of the knee.
    pub limit: f32,
}

impl<const N: usize> Power<N> {
    /// Fits the power over an octave.
    pub fn new(shape: Shape) -> Self {
        let Shape { exponent, gain, shift, white, top, knee, slope, start, limit } = shape;
        let octave_of = |value: f32| (value + shift as f32).to_bits() >> SHIFT;
        let (lowest, highest) = (octave_of(knee), octave_of(limit));
        let mut factors = [0.0; OCTAVES];
        for octave in lowest..=highest {
            let begin = f64::from(f32::from_bits(octave << SHIFT));
            factors[octave as usize % OCTAVES] = (gain * begin.powf(exponent)) as f32;
        }
        let mut curve = Self {
            coefficients: fitted(exponent),
            factors,
            offset: 0.0,
            shift: (shift != 0.0).then_some(shift as f32),
            knee,
            slope: slope as f32,
            start: start as f32,
            limit: limit.to_bits(),
            is_short: lowest / 8 == highest / 8 && lowest % OCTAVES as u32 >= 8,
        };
        // As precise as the fused sum that it goes into.
        let ([power], [factor]) = curve.parts::<Once, 1>(&[white]);
        curve.offset = (f64::from(top) - f64::from(power) * f64::from(factor)) as f32;
        curve
    }
}

/// Coefficients, the first of them 1, of a polynomial in x that follows `(1 + x)^exponent` from x = 0 to 1: what
/// remains after the first meets the power's rise at Chebyshev points.
fn fitted<const N: usize>(exponent: f64) -> [f32; N] {
    let count = N - 1;
    let point = |i: usize| 0.5 - 0.5 * ((i as f64 + 0.5) * std::f64::consts::PI / count as f64).cos();
    let mut differences: [f64; N] = std::array::from_fn(|i| ((1.0 + point(i)).powf(exponent) - 1.0) / point(i));
    for order in 1..count {
        for i in (order..count).rev() {
            differences[i] = (differences[i] - differences[i - 1]) / (point(i) - point(i - order));
        }
    }
    // Newton's form, multiplied out from its last factor.
    let mut coefficients = [0.0; N];
    for k in (0..count).rev() {
        for i in (1..count).rev() {
            coefficients[i] = coefficients[i - 1] - point(k) * coefficients[i];
        }
        coefficients[0] = differences[k] - point(k) * coefficients[0];
    }
    let mut whole = [1.0; N];
    for (to, from) in whole[1..].iter_mut().zip(coefficients) {
        *to = from as f32;
    }
    whole
}
