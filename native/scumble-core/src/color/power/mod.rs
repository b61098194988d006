//! Curves that are powers: a number's exponent finds the octave's factor, its mantissa the place in every octave.

mod fit;
mod kinds;
#[cfg(target_arch = "x86_64")]
mod narrow;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod wide;

use super::BLOCK;
use super::bounds::unit;
use super::dispatch::{Level, Once, Plain, Rounding, level};
pub use fit::Shape;
pub use kinds::{Code, Value};

/// Octaves that are told apart, by the last bits of the exponent.
const OCTAVES: usize = 16;
/// Shifting a float so far leaves its exponent.
const SHIFT: u32 = f32::MANTISSA_DIGITS - 1;
/// The bits of the mantissa.
const MANTISSA: u32 = (1 << SHIFT) - 1;
const ONE: u32 = 1.0_f32.to_bits();
/// The greatest float of the octave that 1 begins.
pub const BELOW_TWO: f32 = 2.0 - f32::EPSILON;

/// A curve whose power is a polynomial of `N` coefficients.
#[derive(Debug)]
pub struct Power<const N: usize> {
    /// Of rising powers of what the mantissa is above 1; the first is 1.
    coefficients: [f32; N],
    /// What the polynomial is multiplied by, found by the last four bits of the exponent.
    factors: [f32; OCTAVES],
    offset: f32,
    /// None where there is no need of it.
    shift: Option<f32>,
    knee: f32,
    slope: f32,
    start: f32,
    limit: u32,
    /// Whether three bits of the exponent are enough.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code))]
    is_short: bool,
}

impl<const N: usize> Power<N> {
    /// Writes the curve at each value of whole blocks; returns whether there are floats for which it knows nothing.
    #[inline(always)]
    pub fn apply<V: Value>(&self, from: &[V], to: &mut [f32]) -> bool {
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

    fn apply_plain<V: Value>(&self, from: &[V], to: &mut [f32]) -> bool {
        let mut most = 0;
        for (from, to) in from.as_chunks::<BLOCK>().0.iter().zip(to.as_chunks_mut::<BLOCK>().0) {
            let x = from.map(V::float);
            *to = self.by::<Plain, BLOCK>(&x);
            most = x.iter().fold(most, |most, x| most.max(x.to_bits()));
        }
        !V::IS_CODE && most > self.limit
    }

    /// Writes the code nearest to the curve at each value of whole blocks, taken as 0 to 1; NaN counts as 0.
    #[inline(always)]
    pub fn apply_rounded<C: Code>(&self, from: &[f32], to: &mut [C]) {
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

    fn apply_rounded_plain<C: Code>(&self, from: &[f32], to: &mut [C]) {
        for (from, to) in from.as_chunks::<BLOCK>().0.iter().zip(to.as_chunks_mut::<BLOCK>().0) {
            *to = self.by::<Plain, BLOCK>(&from.map(unit)).map(C::nearest);
        }
    }

    /// Whether it knows a value; of the negative ones, which are those of the greatest bits, not even zero.
    #[inline(always)]
    pub fn knows(&self, x: f32) -> bool {
        x.to_bits() <= self.limit
    }

    /// The curve at one value that it knows.
    pub fn at(&self, x: f32) -> f32 {
        self.by::<Once, 1>(&[x])[0]
    }

    /// The curve at many values, step by step: loops of vectors.
    #[inline(always)]
    fn by<R: Rounding, const COUNT: usize>(&self, x: &[f32; COUNT]) -> [f32; COUNT] {
        let (mut values, factors) = self.parts::<R, COUNT>(x);
        for (i, x) in x.iter().enumerate() {
            let line = R::sum(*x, self.slope, self.start);
            values[i] = if *x > self.knee { R::sum(values[i], factors[i], self.offset) } else { line };
        }
        values
    }

    /// The polynomials and what they are multiplied by.
    #[inline(always)]
    fn parts<R: Rounding, const COUNT: usize>(&self, x: &[f32; COUNT]) -> ([f32; COUNT], [f32; COUNT]) {
        let base = self.shift.map_or(*x, |shift| x.map(|x| x + shift));
        let mut sum = [self.coefficients[N - 1]; COUNT];
        for coefficient in self.coefficients[..N - 1].iter().rev() {
            for (sum, base) in sum.iter_mut().zip(&base) {
                let place = f32::from_bits(base.to_bits() & MANTISSA | ONE) - 1.0;
                *sum = R::sum(*sum, place, *coefficient);
            }
        }
        (sum, base.map(|base| self.factors[(base.to_bits() >> SHIFT) as usize % OCTAVES]))
    }
}
