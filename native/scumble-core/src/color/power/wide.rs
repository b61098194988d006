//! Curves in AVX-512: a register holds the factors of all octaves.

use std::arch::x86_64::*;

use super::{MANTISSA, ONE, Power, SHIFT, Value};

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn floats(values: &[f32; 16]) -> __m512 {
    // SAFETY: 16 floats are read.
    unsafe { _mm512_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn codes(values: &[u16; 16]) -> __m512 {
    // SAFETY: 16 codes are read.
    let codes = unsafe { _mm256_loadu_si256(values.as_ptr().cast::<__m256i>()) };
    _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(codes))
}

/// Four vectors of values.
#[inline(always)]
fn quarters<T>(values: &[T; 64]) -> &[[T; 16]; 4] {
    match values.as_chunks().0.first_chunk() {
        Some(parts) => parts,
        None => unreachable!(),
    }
}

/// A curve in registers.
struct Wide<const N: usize> {
    coefficients: [__m512; N],
    factors: __m512,
    offset: __m512,
    shift: __m512,
    knee: __m512,
    slope: __m512,
    start: __m512,
}

impl<const N: usize> Wide<N> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn of(curve: &Power<N>) -> Self {
        Self {
            coefficients: curve.coefficients.map(|coefficient| _mm512_set1_ps(coefficient)),
            factors: floats(&curve.factors),
            offset: _mm512_set1_ps(curve.offset),
            shift: _mm512_set1_ps(curve.shift.unwrap_or(0.0)),
            knee: _mm512_set1_ps(curve.knee),
            slope: _mm512_set1_ps(curve.slope),
            start: _mm512_set1_ps(curve.start),
        }
    }

    /// The curve at four vectors at once, step by step: else those of one would wait for each other.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn at<const IS_SHIFTED: bool, const HAS_START: bool>(&self, x: [__m512; 4]) -> [__m512; 4] {
        let base = x.map(|x| if IS_SHIFTED { _mm512_add_ps(x, self.shift) } else { x });
        let bits = base.map(|base| _mm512_castps_si512(base));
        let (mantissa, one) = (_mm512_set1_epi32(MANTISSA as i32), _mm512_set1_epi32(ONE as i32));
        let place = bits.map(|bits| {
            let place = _mm512_or_si512(_mm512_and_si512(bits, mantissa), one);
            _mm512_sub_ps(_mm512_castsi512_ps(place), _mm512_castsi512_ps(one))
        });
        let mut sum = [self.coefficients[N - 1]; 4];
        for coefficient in self.coefficients[..N - 1].iter().rev() {
            for i in 0..4 {
                sum[i] = _mm512_fmadd_ps(sum[i], place[i], *coefficient);
            }
        }
        for i in 0..4 {
            // The last four bits of a place say which factor is taken.
            let factor = _mm512_permutexvar_ps(_mm512_srli_epi32::<SHIFT>(bits[i]), self.factors);
            let is_line = _mm512_cmp_ps_mask::<_CMP_NGT_UQ>(x[i], self.knee);
            let power = _mm512_fmadd_ps(sum[i], factor, self.offset);
            sum[i] = if HAS_START {
                _mm512_mask_mov_ps(power, is_line, _mm512_fmadd_ps(x[i], self.slope, self.start))
            } else {
                _mm512_mask_mul_ps(power, is_line, x[i], self.slope)
            };
        }
        sum
    }

    /// The nearest codes, some of those below 0 not yet limited to it. What is no number becomes the least of all.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn nearest(&self, from: &[[f32; 16]; 4]) -> [__m512i; 4] {
        // Of two, the least is the second one if that is no number.
        let x = from.each_ref().map(|from| _mm512_min_ps(_mm512_set1_ps(1.0), floats(from)));
        self.at::<false, false>(x).map(|value| _mm512_cvtps_epi32(value))
    }
}

impl<const N: usize> Power<N> {
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    pub(super) fn apply_avx512<V: Value>(&self, from: &[V], to: &mut [f32]) -> bool {
        match (self.shift.is_some(), self.start != 0.0) {
            (true, true) => self.values_avx512::<V, true, true>(from, to),
            (true, false) => self.values_avx512::<V, true, false>(from, to),
            (false, true) => self.values_avx512::<V, false, true>(from, to),
            (false, false) => self.values_avx512::<V, false, false>(from, to),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn values_avx512<V: Value, const IS_SHIFTED: bool, const HAS_START: bool>(
        &self,
        from: &[V],
        to: &mut [f32],
    ) -> bool {
        let curve = Wide::of(self);
        let limit = _mm512_set1_epi32(self.limit as i32);
        let mut beyond = 0;
        for (from, to) in from.as_chunks::<64>().0.iter().zip(to.as_chunks_mut::<64>().0) {
            // SAFETY: this function has the features.
            let x = quarters(from).each_ref().map(|part| unsafe { V::load_avx512(part) });
            if !V::IS_CODE {
                for x in x {
                    beyond |= _mm512_cmpgt_epu32_mask(_mm512_castps_si512(x), limit);
                }
            }
            for (value, to) in curve.at::<IS_SHIFTED, HAS_START>(x).into_iter().zip(to.as_chunks_mut::<16>().0) {
                // SAFETY: the chunk holds the 16 floats that are written.
                unsafe { _mm512_storeu_ps(to.as_mut_ptr(), value) };
            }
        }
        beyond != 0
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    pub(super) fn apply_u8_avx512(&self, from: &[f32], to: &mut [u8]) {
        let curve = Wide::of(self);
        // Packing works within the quarters of a register.
        let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        for (from, to) in from.as_chunks::<64>().0.iter().zip(to.as_chunks_mut::<64>().0) {
            let [c0, c1, c2, c3] = curve.nearest(quarters(from));
            let codes = _mm512_packus_epi16(_mm512_packs_epi32(c0, c1), _mm512_packs_epi32(c2, c3));
            // SAFETY: the chunk holds the 64 codes that are written.
            unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast::<__m512i>(), _mm512_permutexvar_epi32(order, codes)) };
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    pub(super) fn apply_u16_avx512(&self, from: &[f32], to: &mut [u16]) {
        let curve = Wide::of(self);
        let order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7); // as for u8
        for (from, to) in from.as_chunks::<64>().0.iter().zip(to.as_chunks_mut::<64>().0) {
            let [c0, c1, c2, c3] = curve.nearest(quarters(from));
            let halves = [_mm512_packus_epi32(c0, c1), _mm512_packus_epi32(c2, c3)];
            for (half, to) in halves.into_iter().zip(to.as_chunks_mut::<32>().0) {
                let codes = _mm512_permutexvar_epi64(order, half);
                // SAFETY: the chunk holds the 32 codes that are written.
                unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast::<__m512i>(), codes) };
            }
        }
    }
}
