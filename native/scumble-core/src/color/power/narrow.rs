//! Curves in AVX2: one register holds the factors of eight octaves.

use std::arch::x86_64::*;

use super::{MANTISSA, ONE, Power, SHIFT, Value};

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn floats(values: &[f32; 8]) -> __m256 {
    // SAFETY: 8 floats are read.
    unsafe { _mm256_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn codes(values: &[u16; 8]) -> __m256 {
    // SAFETY: 8 codes are read.
    let codes = unsafe { _mm_loadu_si128(values.as_ptr().cast::<__m128i>()) };
    _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(codes))
}

/// A curve in registers.
struct Narrow<const N: usize> {
    coefficients: [__m256; N],
    factors: [__m256; 2],
    offset: __m256,
    shift: __m256,
    knee: __m256,
    slope: __m256,
    start: __m256,
}

impl<const N: usize> Narrow<N> {
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn of(curve: &Power<N>) -> Self {
        let halves = curve.factors.as_chunks::<8>().0;
        Self {
            coefficients: curve.coefficients.map(|coefficient| _mm256_set1_ps(coefficient)),
            factors: [floats(&halves[0]), floats(&halves[1])],
            offset: _mm256_set1_ps(curve.offset),
            shift: _mm256_set1_ps(curve.shift.unwrap_or(0.0)),
            knee: _mm256_set1_ps(curve.knee),
            slope: _mm256_set1_ps(curve.slope),
            start: _mm256_set1_ps(curve.start),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn at<const IS_SHIFTED: bool, const IS_SHORT: bool>(&self, x: __m256) -> __m256 {
        let base = if IS_SHIFTED { _mm256_add_ps(x, self.shift) } else { x };
        let bits = _mm256_castps_si256(base);
        let (mantissa, one) = (_mm256_set1_epi32(MANTISSA as i32), _mm256_set1_epi32(ONE as i32));
        let place = _mm256_castsi256_ps(_mm256_or_si256(_mm256_and_si256(bits, mantissa), one));
        let place = _mm256_sub_ps(place, _mm256_castsi256_ps(one));
        let mut sum = self.coefficients[N - 1];
        for coefficient in self.coefficients[..N - 1].iter().rev() {
            sum = _mm256_fmadd_ps(sum, place, *coefficient);
        }
        let octave = _mm256_srli_epi32::<{ SHIFT as i32 }>(bits);
        let [lower, upper] = self.factors;
        let mut factor = _mm256_permutevar8x32_ps(upper, octave);
        if !IS_SHORT {
            // The exponent's fourth bit, as the sign.
            let is_upper = _mm256_castsi256_ps(_mm256_slli_epi32::<{ 28 - SHIFT as i32 }>(bits));
            factor = _mm256_blendv_ps(_mm256_permutevar8x32_ps(lower, octave), factor, is_upper);
        }
        let line = _mm256_fmadd_ps(x, self.slope, self.start);
        let is_line = _mm256_cmp_ps::<_CMP_NGT_UQ>(x, self.knee);
        _mm256_blendv_ps(_mm256_fmadd_ps(sum, factor, self.offset), line, is_line)
    }

    /// As in AVX-512.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn nearest(&self, from: &[f32; 8]) -> __m256i {
        let x = _mm256_min_ps(_mm256_set1_ps(1.0), floats(from));
        _mm256_cvtps_epi32(self.at::<false, false>(x))
    }
}

impl<const N: usize> Power<N> {
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn apply_avx2<V: Value>(&self, from: &[V], to: &mut [f32]) -> bool {
        match (self.shift, self.is_short) {
            (Some(_), true) => self.values_avx2::<V, true, true>(from, to),
            (Some(_), false) => self.values_avx2::<V, true, false>(from, to),
            (None, true) => self.values_avx2::<V, false, true>(from, to),
            (None, false) => self.values_avx2::<V, false, false>(from, to),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn values_avx2<V: Value, const IS_SHIFTED: bool, const IS_SHORT: bool>(&self, from: &[V], to: &mut [f32]) -> bool {
        let curve = Narrow::of(self);
        let mut most = _mm256_setzero_si256();
        for (from, to) in from.as_chunks::<8>().0.iter().zip(to.as_chunks_mut::<8>().0) {
            // SAFETY: this function has the features.
            let x = unsafe { V::load_avx2(from) };
            if !V::IS_CODE {
                most = _mm256_max_epu32(most, _mm256_castps_si256(x));
            }
            // SAFETY: the chunk holds the 8 floats that are written.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), curve.at::<IS_SHIFTED, IS_SHORT>(x)) };
        }
        let limit = _mm256_set1_epi32(self.limit as i32);
        _mm256_movemask_epi8(_mm256_cmpeq_epi32(_mm256_max_epu32(most, limit), limit)) != -1
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn apply_u8_avx2(&self, from: &[f32], to: &mut [u8]) {
        let curve = Narrow::of(self);
        let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7); // packing works within the halves of a register
        for (from, to) in from.as_chunks::<32>().0.iter().zip(to.as_chunks_mut::<32>().0) {
            let parts = from.as_chunks::<8>().0;
            let [c0, c1, c2, c3] = [0, 1, 2, 3].map(|part| curve.nearest(&parts[part]));
            let codes = _mm256_packus_epi16(_mm256_packs_epi32(c0, c1), _mm256_packs_epi32(c2, c3));
            let codes = _mm256_permutevar8x32_epi32(codes, order);
            // SAFETY: the chunk holds the 32 codes that are written.
            unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast::<__m256i>(), codes) };
        }
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn apply_u16_avx2(&self, from: &[f32], to: &mut [u16]) {
        let curve = Narrow::of(self);
        for (from, to) in from.as_chunks::<16>().0.iter().zip(to.as_chunks_mut::<16>().0) {
            let parts = from.as_chunks::<8>().0;
            let codes = _mm256_packus_epi32(curve.nearest(&parts[0]), curve.nearest(&parts[1]));
            let codes = _mm256_permute4x64_epi64::<0b11_01_10_00>(codes); // as for u8
            // SAFETY: the chunk holds the 16 codes that are written.
            unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast::<__m256i>(), codes) };
        }
    }
}
