//! Curves as polynomials over halves of octaves: the coefficients of all segments fit into vector registers.

#[cfg(target_arch = "x86_64")]
mod narrow;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod wide;

use super::Lane;
use super::bounds::{smaller, unit};
use super::dispatch::{Level, level};
use super::{BLOCK, ROUNDER};

/// Segments of a curve: two in each octave.
const SEGMENTS: usize = 16;
/// Shifting a float so far leaves its exponent and the bit that tells the halves of an octave apart.
const SHIFT: u32 = f32::MANTISSA_DIGITS - 2;
/// Bits of 1, which those of greater and of negative numbers exceed.
const ONE: u32 = 1.0_f32.to_bits();
/// The last float before 1, which lies in the last segment and gives the same code.
const BELOW_ONE: f32 = 1.0 - f32::EPSILON / 2.0;

/// A curve for values from 0 to white: a straight line up to a knee, then polynomials of `N` coefficients.
#[derive(Debug)]
pub struct Segments<const N: usize> {
    /// Coefficients of rising powers of the value, each for all segments, found by the last bits of their place.
    rows: [[f32; SEGMENTS]; N],
    first: i32,
    knee: f32,
    slope: f32,
    top: f32,
}

/// Where a curve is made of what.
#[derive(Debug, Clone, Copy)]
pub struct Domain {
    /// Where segments begin: a power of 2 or half as much again. The first one reaches down to the knee.
    pub start: f32,
    /// Values up to here are multiplied by the slope.
    pub knee: f32,
    /// See `knee`.
    pub slope: f64,
    /// The greatest value: 1, or the greatest code.
    pub white: f32,
}

/// What a curve is applied to: floats, of which 0 to 1 are known, or codes, which all are.
pub trait Value: Copy {
    /// Whether there are none beyond white.
    const IS_CODE: bool;

    /// As a float.
    fn float(self) -> f32;

    /// # Safety
    /// The processor must have AVX-512 F.
    #[cfg(target_arch = "x86_64")]
    unsafe fn load_avx512(values: &[Self; 16]) -> std::arch::x86_64::__m512;

    /// # Safety
    /// The processor must have AVX2.
    #[cfg(target_arch = "x86_64")]
    unsafe fn load_avx2(values: &[Self; 8]) -> std::arch::x86_64::__m256;
}

/// Codes, rounded from a curve's values.
pub trait Code: Copy {
    /// The nearest code to a value from 0 to the greatest code.
    fn nearest(value: f32) -> Self;

    /// # Safety
    /// The processor must have AVX-512 F, BW and DQ.
    #[cfg(target_arch = "x86_64")]
    unsafe fn apply_avx512<const N: usize>(curve: &Segments<N>, from: &Lane, to: &mut [Self; BLOCK]);

    /// # Safety
    /// The processor must have AVX2.
    #[cfg(target_arch = "x86_64")]
    unsafe fn apply_avx2<const N: usize>(curve: &Segments<N>, from: &Lane, to: &mut [Self; BLOCK]);
}

impl<const N: usize> Segments<N> {
    /// An even number of coefficients may fill all 16 segments; 1 then is found in the first one. That lies far above
    /// the curve there if the curve bends as roots do, so that the lesser is the curve's top, as it must be.
    const IS_CAPPED: bool = N.is_multiple_of(2);

    /// Fits `curve` between the knee and white, at most 16 segments from the start.
    pub fn new(curve: impl Fn(f64) -> f64, domain: Domain) -> Self {
        let Domain { start, knee, slope, white } = domain;
        let end = if white > 1.0 { (white as u32).next_power_of_two() as f32 } else { 1.0 };
        let first = start.to_bits() >> SHIFT;
        let place = |segment: usize| f64::from(f32::from_bits((first + segment as u32) << SHIFT));
        let count = ((end.to_bits() >> SHIFT) - first) as usize;
        let mut rows = [[0.0; SEGMENTS]; N];
        for segment in 0..SEGMENTS {
            let fitted = segment.min(count - 1);
            let low = if fitted == 0 { f64::from(knee) } else { place(fitted) };
            let coefficients = interpolated::<N>(&curve, low, place(fitted + 1));
            for (row, coefficient) in rows.iter_mut().zip(coefficients) {
                row[(first as usize + segment) % SEGMENTS] = coefficient as f32;
            }
        }
        let top = curve(f64::from(white)) as f32;
        let mut segments = Self { rows, first: first as i32, knee, slope: slope as f32, top };
        if count < SEGMENTS {
            // White is exactly white.
            let place = (white.to_bits() >> SHIFT) as usize % SEGMENTS;
            segments.rows[0][place] += top - segments.sum(white, place);
        }
        segments
    }

    /// Writes the curve at each value; returns whether there are floats beyond 0 to 1, for which it knows nothing.
    #[inline(always)]
    pub fn apply<V: Value>(&self, from: &[V; BLOCK], to: &mut Lane) -> bool {
        match level() {
            // SAFETY: the processor has the features.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { self.apply_avx512(from, to) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { self.apply_avx2(from, to) },
            _ => self.apply_plain(from, to),
        }
    }

    fn apply_plain<V: Value>(&self, from: &[V; BLOCK], to: &mut Lane) -> bool {
        let mut beyond = false;
        for (value, x) in to.iter_mut().zip(from) {
            *value = self.at(x.float());
            beyond |= !V::IS_CODE & (x.float().to_bits() > ONE);
        }
        beyond
    }

    /// Writes the code nearest to the curve at each value, taken as 0 to 1; NaN counts as 0.
    #[inline(always)]
    pub fn apply_rounded<C: Code>(&self, from: &Lane, to: &mut [C; BLOCK]) {
        match level() {
            // SAFETY: the processor has the features.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { C::apply_avx512(self, from, to) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { C::apply_avx2(self, from, to) },
            _ => self.apply_rounded_plain(from, to),
        }
    }

    fn apply_rounded_plain<C: Code>(&self, from: &Lane, to: &mut [C; BLOCK]) {
        for (code, x) in to.iter_mut().zip(from) {
            *code = C::nearest(self.at(smaller(unit(*x), BELOW_ONE)));
        }
    }

    /// The curve at one value from 0 to white.
    pub fn at(&self, x: f32) -> f32 {
        let place = ((x.to_bits() >> SHIFT) as i32).max(self.first);
        let sum = self.sum(x, place as usize % SEGMENTS);
        let power = if Self::IS_CAPPED { smaller(self.top, sum) } else { sum };
        if x <= self.knee { x * self.slope } else { power }
    }

    fn sum(&self, x: f32, place: usize) -> f32 {
        let mut sum = self.rows[N - 1][place];
        for row in self.rows[..N - 1].iter().rev() {
            sum = sum * x + row[place];
        }
        sum
    }
}

/// A kind of value, as floats, and how vectors of it are loaded.
macro_rules! value {
    ($kind:ty, $is_code:literal, $load:ident) => {
        impl Value for $kind {
            const IS_CODE: bool = $is_code;

            #[inline(always)]
            fn float(self) -> f32 {
                self.into()
            }

            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn load_avx512(values: &[Self; 16]) -> std::arch::x86_64::__m512 {
                // SAFETY: the caller's promise.
                unsafe { wide::$load(values) }
            }

            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn load_avx2(values: &[Self; 8]) -> std::arch::x86_64::__m256 {
                // SAFETY: the caller's promise.
                unsafe { narrow::$load(values) }
            }
        }
    };
}

value!(f32, false, floats);
value!(u16, true, codes);

/// A kind of code, and how vectors of it are written.
macro_rules! code {
    ($kind:ty, $apply_avx512:ident, $apply_avx2:ident) => {
        impl Code for $kind {
            #[inline(always)]
            fn nearest(value: f32) -> Self {
                (value + ROUNDER).to_bits() as Self
            }

            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn apply_avx512<const N: usize>(curve: &Segments<N>, from: &Lane, to: &mut [Self; BLOCK]) {
                // SAFETY: the caller's promise.
                unsafe { curve.$apply_avx512(from, to) }
            }

            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn apply_avx2<const N: usize>(curve: &Segments<N>, from: &Lane, to: &mut [Self; BLOCK]) {
                // SAFETY: the caller's promise.
                unsafe { curve.$apply_avx2(from, to) }
            }
        }
    };
}

code!(u8, apply_u8_avx512, apply_u8_avx2);
code!(u16, apply_u16_avx512, apply_u16_avx2);

/// Coefficients of the polynomial that meets `curve` at `N` Chebyshev points between `low` and `high`.
fn interpolated<const N: usize>(curve: &impl Fn(f64) -> f64, low: f64, high: f64) -> [f64; N] {
    let angle = |i: usize| (i as f64 + 0.5) * std::f64::consts::PI / N as f64;
    let points: [f64; N] = std::array::from_fn(|i| 0.5 * (low + high) - 0.5 * (high - low) * angle(i).cos());
    let mut differences = points.map(curve);
    for order in 1..N {
        for i in (order..N).rev() {
            differences[i] = (differences[i] - differences[i - 1]) / (points[i] - points[i - order]);
        }
    }
    // Newton's form, multiplied out from its last factor.
    let mut coefficients = [0.0; N];
    for (difference, point) in differences.into_iter().zip(points).rev() {
        for i in (1..N).rev() {
            coefficients[i] = coefficients[i - 1] - point * coefficients[i];
        }
        coefficients[0] = difference - point * coefficients[0];
    }
    coefficients
}
