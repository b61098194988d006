//! Curves as polynomials over halves of octaves: the coefficients of all segments fit into vector registers.

use super::Lane;
use super::dispatch::{Level, level};

/// Segments of a curve: two in each octave.
const SEGMENTS: usize = 16;
/// Shifting a float so far leaves its exponent and the bit that tells the halves of an octave apart.
const SHIFT: u32 = f32::MANTISSA_DIGITS - 2;

/// An odd curve for values of −1 to 1: a straight line up to a knee, then polynomials of `N` coefficients.
#[derive(Debug)]
pub struct Segments<const N: usize> {
    /// Coefficients of rising powers of the value, each for all segments.
    rows: [[f32; SEGMENTS]; N],
    first: i32,
    knee: f32,
    slope: f32,
    top: f32,
}

impl<const N: usize> Segments<N> {
    /// Fits `curve` between `knee` and 1. The segments begin at `start`, a power of 2 or half as much again, not below
    /// 2^-8; the first one reaches down to the knee. Below it values are multiplied by `slope`.
    pub fn new(curve: impl Fn(f64) -> f64, start: f32, knee: f32, slope: f64) -> Self {
        let first = start.to_bits() >> SHIFT;
        let place = |segment: usize| f64::from(f32::from_bits((first + segment as u32) << SHIFT));
        let count = (1.0_f32.to_bits() >> SHIFT) as usize - first as usize;
        let mut rows = [[0.0; SEGMENTS]; N];
        for segment in 0..SEGMENTS {
            let fitted = segment.min(count - 1);
            let low = if fitted == 0 { f64::from(knee) } else { place(fitted) };
            let coefficients = interpolated::<N>(&curve, low, place(fitted + 1));
            for (row, coefficient) in rows.iter_mut().zip(coefficients) {
                row[segment] = coefficient as f32;
            }
        }
        let top = curve(1.0) as f32;
        let mut segments = Self { rows, first: first as i32, knee, slope: slope as f32, top };
        // White is exactly white.
        let miss = top - segments.sum(1.0, count - 1);
        segments.rows[0][count - 1..].iter_mut().for_each(|constant| *constant += miss);
        segments
    }

    /// The curve at each value, which must be from −1 to 1; NaN stays NaN.
    #[inline(always)]
    pub fn apply(&self, lane: &mut Lane) {
        match level() {
            // SAFETY: the processor has the features.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { self.apply_avx512(lane) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { self.apply_avx2(lane) },
            _ => lane.iter_mut().for_each(|value| *value = self.at(*value)),
        }
    }

    /// The curve at one value from −1 to 1.
    pub fn at(&self, signed: f32) -> f32 {
        let x = signed.abs();
        let segment = ((x.to_bits() >> SHIFT) as i32 - self.first).clamp(0, SEGMENTS as i32 - 1);
        let sum = self.sum(x, segment as usize);
        let power = if self.top < sum { self.top } else { sum };
        let value = if x <= self.knee { x * self.slope } else { power };
        f32::from_bits(value.to_bits() | (signed.to_bits() & SIGN))
    }

    fn sum(&self, x: f32, segment: usize) -> f32 {
        let mut sum = self.rows[N - 1][segment];
        for row in self.rows[..N - 1].iter().rev() {
            sum = sum * x + row[segment];
        }
        sum
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq")]
    fn apply_avx512(&self, lane: &mut Lane) {
        use std::arch::x86_64::*;
        // SAFETY: a row holds the 16 floats that are read.
        let rows = self.rows.each_ref().map(|row| unsafe { _mm512_loadu_ps(row.as_ptr()) });
        let (first, last) = (_mm512_set1_epi32(self.first), _mm512_set1_epi32(SEGMENTS as i32 - 1));
        let (knee, slope, top) = (_mm512_set1_ps(self.knee), _mm512_set1_ps(self.slope), _mm512_set1_ps(self.top));
        let sign = _mm512_set1_ps(-0.0);
        for values in lane.as_chunks_mut::<16>().0 {
            // SAFETY: the chunk holds the 16 floats that are read, and written below.
            let signed = unsafe { _mm512_loadu_ps(values.as_ptr()) };
            let x = _mm512_andnot_ps(sign, signed);
            let leading = _mm512_srli_epi32::<SHIFT>(_mm512_castps_si512(x));
            let segment = _mm512_max_epi32(_mm512_sub_epi32(leading, first), _mm512_setzero_si512());
            let segment = _mm512_min_epi32(segment, last);
            let mut sum = _mm512_permutexvar_ps(segment, rows[N - 1]);
            for row in rows[..N - 1].iter().rev() {
                sum = _mm512_add_ps(_mm512_mul_ps(sum, x), _mm512_permutexvar_ps(segment, *row));
            }
            let is_line = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(x, knee);
            let value = _mm512_mask_mul_ps(_mm512_min_ps(top, sum), is_line, x, slope);
            let value = _mm512_or_ps(value, _mm512_and_ps(sign, signed));
            // SAFETY: as above.
            unsafe { _mm512_storeu_ps(values.as_mut_ptr(), value) };
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn apply_avx2(&self, lane: &mut Lane) {
        use std::arch::x86_64::*;
        let rows = self.rows.each_ref().map(|row| {
            // SAFETY: a row holds twice the 8 floats that are read.
            unsafe { [_mm256_loadu_ps(row.as_ptr()), _mm256_loadu_ps(row.as_ptr().add(8))] }
        });
        let (first, last) = (_mm256_set1_epi32(self.first), _mm256_set1_epi32(SEGMENTS as i32 - 1));
        let (knee, slope, top) = (_mm256_set1_ps(self.knee), _mm256_set1_ps(self.slope), _mm256_set1_ps(self.top));
        let sign = _mm256_set1_ps(-0.0);
        for values in lane.as_chunks_mut::<8>().0 {
            // SAFETY: the chunk holds the 8 floats that are read, and written below.
            let signed = unsafe { _mm256_loadu_ps(values.as_ptr()) };
            let x = _mm256_andnot_ps(sign, signed);
            let leading = _mm256_srli_epi32::<{ SHIFT as i32 }>(_mm256_castps_si256(x));
            let segment = _mm256_max_epi32(_mm256_sub_epi32(leading, first), _mm256_setzero_si256());
            let segment = _mm256_min_epi32(segment, last);
            // Bit 3 tells the halves of a row apart; a blend looks at the sign.
            let is_upper = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(segment));
            let of = |row: [__m256; 2]| {
                let [lower, upper] = row.map(|half| _mm256_permutevar8x32_ps(half, segment));
                _mm256_blendv_ps(lower, upper, is_upper)
            };
            let mut sum = of(rows[N - 1]);
            for row in rows[..N - 1].iter().rev() {
                sum = _mm256_add_ps(_mm256_mul_ps(sum, x), of(*row));
            }
            let is_line = _mm256_cmp_ps::<_CMP_LE_OQ>(x, knee);
            let value = _mm256_blendv_ps(_mm256_min_ps(top, sum), _mm256_mul_ps(x, slope), is_line);
            let value = _mm256_or_ps(value, _mm256_and_ps(sign, signed));
            // SAFETY: as above.
            unsafe { _mm256_storeu_ps(values.as_mut_ptr(), value) };
        }
    }
}

const SIGN: u32 = 1 << 31;

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

#[cfg(test)]
mod tests {
    use super::super::BLOCK;
    use super::*;

    fn square_root() -> Segments<6> {
        Segments::new(f64::sqrt, 1.0 / 256.0, 0.002, 22.4)
    }

    #[test]
    fn the_curve_is_met_and_white_is_exact() {
        let curve = square_root();
        for i in 2_001..1_000_000_u32 {
            let x = i as f32 * 1e-6;
            let want = f64::from(x).sqrt();
            assert!((f64::from(curve.at(x)) - want).abs() < 1.2e-6, "{x}: {}, not {want}", curve.at(x));
        }
        assert_eq!((curve.at(1.0), curve.at(-1.0), curve.at(0.0)), (1.0, -1.0, 0.0));
        assert_eq!(curve.at(0.001), 0.001 * 22.4);
        assert!(curve.at(f32::NAN).is_nan());
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        let curve = square_root();
        for start in (0..0x3f80_0000_u32).step_by(99_991) {
            let lane: Lane = std::array::from_fn(|i| {
                let bits = (start + 739 * i as u32).min(0x3f80_0000);
                f32::from_bits(if i % 3 == 0 { bits | SIGN } else { bits })
            });
            let want = lane.map(|value| curve.at(value).to_bits());
            let mut best = lane;
            curve.apply(&mut best);
            assert_eq!(best.map(f32::to_bits), want);
            #[cfg(target_arch = "x86_64")]
            if level() >= Level::Avx2 {
                let mut narrow = lane;
                // SAFETY: the processor has AVX2.
                unsafe { curve.apply_avx2(&mut narrow) };
                assert_eq!(narrow.map(f32::to_bits), want);
            }
        }
        assert_eq!(BLOCK % 16, 0);
    }
}
