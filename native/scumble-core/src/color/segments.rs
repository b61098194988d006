//! Curves as polynomials over halves of octaves: the coefficients of all segments fit into vector registers.

use super::Lane;
use super::bounds::unit;
use super::dispatch::{Level, level};

/// Segments of a curve: two in each octave.
const SEGMENTS: usize = 16;
/// Shifting a float so far leaves its exponent and the bit that tells the halves of an octave apart.
const SHIFT: u32 = f32::MANTISSA_DIGITS - 2;

/// A curve for values of 0 to 1: a straight line up to a knee, then polynomials of `N` coefficients.
#[derive(Debug)]
pub struct Segments<const N: usize> {
    /// Coefficients of rising powers of the value, each for all segments, found by the last bits of their place.
    rows: [[f32; SEGMENTS]; N],
    first: i32,
    knee: f32,
    slope: f32,
    top: f32,
}

/// Bits of 1, which those of greater and of negative numbers exceed.
const ONE: u32 = 1.0_f32.to_bits();

impl<const N: usize> Segments<N> {
    /// Fits `curve` between `knee` and 1. The segments begin at `start`, a power of 2 or half as much again, not below
    /// 2^-8; the first one reaches down to the knee. Below it values are multiplied by `slope`.
    ///
    /// With 16 segments 1 would be found in the first one. That lies far above the curve there if `N` is even and the
    /// curve bends as roots do, so that the result is the curve's top, as it must be.
    pub fn new(curve: impl Fn(f64) -> f64, start: f32, knee: f32, slope: f64) -> Self {
        let first = start.to_bits() >> SHIFT;
        let place = |segment: usize| f64::from(f32::from_bits((first + segment as u32) << SHIFT));
        let count = ((ONE >> SHIFT) - first) as usize;
        let mut rows = [[0.0; SEGMENTS]; N];
        for segment in 0..SEGMENTS {
            let fitted = segment.min(count - 1);
            let low = if fitted == 0 { f64::from(knee) } else { place(fitted) };
            let coefficients = interpolated::<N>(&curve, low, place(fitted + 1));
            for (row, coefficient) in rows.iter_mut().zip(coefficients) {
                row[(first as usize + segment) % SEGMENTS] = coefficient as f32;
            }
        }
        let top = curve(1.0) as f32;
        let mut segments = Self { rows, first: first as i32, knee, slope: slope as f32, top };
        if count < SEGMENTS {
            // White is exactly white.
            let place = (ONE >> SHIFT) as usize % SEGMENTS;
            segments.rows[0][place] += top - segments.sum(1.0, place);
        }
        segments
    }

    /// Writes the curve at each value of 0 to 1; returns whether there are others, for which it knows nothing.
    #[inline(always)]
    pub fn apply(&self, from: &Lane, to: &mut Lane) -> bool {
        self.apply_to::<false>(from, to)
    }

    /// Writes the curve at each value, taken as 0 to 1; NaN counts as 0.
    #[inline(always)]
    pub fn apply_clamped(&self, from: &Lane, to: &mut Lane) {
        self.apply_to::<true>(from, to);
    }

    #[inline(always)]
    fn apply_to<const CLAMPS: bool>(&self, from: &Lane, to: &mut Lane) -> bool {
        match level() {
            // SAFETY: the processor has the features.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { self.apply_avx512::<CLAMPS>(from, to) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { self.apply_avx2::<CLAMPS>(from, to) },
            _ => self.apply_plain::<CLAMPS>(from, to),
        }
    }

    fn apply_plain<const CLAMPS: bool>(&self, from: &Lane, to: &mut Lane) -> bool {
        let mut beyond = false;
        for (value, from) in to.iter_mut().zip(from) {
            let x = if CLAMPS { unit(*from) } else { *from };
            *value = self.at(x);
            beyond |= x.to_bits() > ONE;
        }
        beyond
    }

    /// The curve at one value from 0 to 1.
    pub fn at(&self, x: f32) -> f32 {
        let place = ((x.to_bits() >> SHIFT) as i32).max(self.first);
        let sum = self.sum(x, place as usize % SEGMENTS);
        let power = if self.top < sum { self.top } else { sum };
        if x <= self.knee { x * self.slope } else { power }
    }

    fn sum(&self, x: f32, place: usize) -> f32 {
        let mut sum = self.rows[N - 1][place];
        for row in self.rows[..N - 1].iter().rev() {
            sum = sum * x + row[place];
        }
        sum
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq")]
    fn apply_avx512<const CLAMPS: bool>(&self, from: &Lane, to: &mut Lane) -> bool {
        use std::arch::x86_64::*;
        // SAFETY: a row holds the 16 floats that are read.
        let rows = self.rows.each_ref().map(|row| unsafe { _mm512_loadu_ps(row.as_ptr()) });
        let (first, top) = (_mm512_set1_epi32(self.first), _mm512_set1_ps(self.top));
        let (knee, slope) = (_mm512_set1_ps(self.knee), _mm512_set1_ps(self.slope));
        let one = _mm512_set1_ps(1.0);
        let mut beyond = 0;
        for (from, to) in from.as_chunks::<16>().0.iter().zip(to.as_chunks_mut::<16>().0) {
            // SAFETY: the chunk holds the 16 floats that are read.
            let mut x = unsafe { _mm512_loadu_ps(from.as_ptr()) };
            if CLAMPS {
                x = _mm512_min_ps(_mm512_max_ps(x, _mm512_setzero_ps()), one);
            } else {
                beyond |= _mm512_cmpgt_epu32_mask(_mm512_castps_si512(x), _mm512_castps_si512(one));
            }
            // The last four bits of a place say which entry of a row is taken.
            let place = _mm512_max_epi32(_mm512_srli_epi32::<SHIFT>(_mm512_castps_si512(x)), first);
            let mut sum = _mm512_permutexvar_ps(place, rows[N - 1]);
            for row in rows[..N - 1].iter().rev() {
                sum = _mm512_add_ps(_mm512_mul_ps(sum, x), _mm512_permutexvar_ps(place, *row));
            }
            let is_line = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(x, knee);
            let value = _mm512_mask_mul_ps(_mm512_min_ps(top, sum), is_line, x, slope);
            // SAFETY: the chunk holds the 16 floats that are written.
            unsafe { _mm512_storeu_ps(to.as_mut_ptr(), value) };
        }
        beyond != 0
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn apply_avx2<const CLAMPS: bool>(&self, from: &Lane, to: &mut Lane) -> bool {
        use std::arch::x86_64::*;
        let rows = self.rows.each_ref().map(|row| {
            // SAFETY: a row holds twice the 8 floats that are read.
            unsafe { [_mm256_loadu_ps(row.as_ptr()), _mm256_loadu_ps(row.as_ptr().add(8))] }
        });
        let (first, top) = (_mm256_set1_epi32(self.first), _mm256_set1_ps(self.top));
        let (knee, slope) = (_mm256_set1_ps(self.knee), _mm256_set1_ps(self.slope));
        let one = _mm256_set1_ps(1.0);
        let mut most = _mm256_setzero_si256();
        for (from, to) in from.as_chunks::<8>().0.iter().zip(to.as_chunks_mut::<8>().0) {
            // SAFETY: the chunk holds the 8 floats that are read.
            let mut x = unsafe { _mm256_loadu_ps(from.as_ptr()) };
            if CLAMPS {
                x = _mm256_min_ps(_mm256_max_ps(x, _mm256_setzero_ps()), one);
            } else {
                most = _mm256_max_epu32(most, _mm256_castps_si256(x));
            }
            let place = _mm256_max_epi32(_mm256_srli_epi32::<{ SHIFT as i32 }>(_mm256_castps_si256(x)), first);
            // Bit 3 tells the halves of a row apart; a blend looks at the sign.
            let is_upper = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(place));
            let of = |row: [__m256; 2]| {
                let [lower, upper] = row.map(|half| _mm256_permutevar8x32_ps(half, place));
                _mm256_blendv_ps(lower, upper, is_upper)
            };
            let mut sum = of(rows[N - 1]);
            for row in rows[..N - 1].iter().rev() {
                sum = _mm256_add_ps(_mm256_mul_ps(sum, x), of(*row));
            }
            let is_line = _mm256_cmp_ps::<_CMP_LE_OQ>(x, knee);
            let value = _mm256_blendv_ps(_mm256_min_ps(top, sum), _mm256_mul_ps(x, slope), is_line);
            // SAFETY: the chunk holds the 8 floats that are written.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), value) };
        }
        let limit = _mm256_castps_si256(one);
        _mm256_movemask_epi8(_mm256_cmpeq_epi32(_mm256_max_epu32(most, limit), limit)) != -1
    }
}

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
        let short: Segments<5> = Segments::new(|x| x * x, 1.0 / 32.0, 0.04, 0.04);
        assert_eq!((curve.at(1.0), curve.at(0.0), short.at(1.0)), (1.0, 0.0, 1.0));
        assert_eq!((curve.at(0.001), short.at(0.03)), (0.001 * 22.4, 0.03 * 0.04));
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        let curve = square_root();
        for start in (0..ONE).step_by(99_991) {
            let lane: Lane = std::array::from_fn(|i| f32::from_bits((start + 739 * i as u32).min(ONE)));
            let want = lane.map(|value| curve.at(value).to_bits());
            let mut got = [9.0; BLOCK];
            for beyond in [None, Some(-0.5), Some(f32::NAN), Some(1.000_001)] {
                let mut lane = lane;
                lane[77] = beyond.unwrap_or(lane[77]);
                let check = |is_beyond: bool, got: &Lane| {
                    assert_eq!(is_beyond, beyond.is_some());
                    assert!((0..BLOCK).all(|i| i == 77 || got[i].to_bits() == want[i]));
                };
                check(curve.apply_plain::<false>(&lane, &mut got), &got);
                check(curve.apply(&lane, &mut got), &got);
                #[cfg(target_arch = "x86_64")]
                if level() >= Level::Avx2 {
                    // SAFETY: the processor has AVX2.
                    check(unsafe { curve.apply_avx2::<false>(&lane, &mut got) }, &got);
                }
                curve.apply_plain::<true>(&lane, &mut got);
                let mut fast = [9.0; BLOCK];
                curve.apply_clamped(&lane, &mut fast);
                assert_eq!(fast.map(f32::to_bits), got.map(f32::to_bits));
            }
        }
    }
}
