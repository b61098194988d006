//! Curves in AVX2: two registers hold the coefficients of all segments.

use std::arch::x86_64::*;

use super::super::{BLOCK, Lane};
use super::{BELOW_ONE, ONE, SHIFT, Segments, Value};

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn floats(values: &[f32; 8]) -> __m256 {
    // SAFETY: 8 floats are read.
    unsafe { _mm256_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn codes(values: &[u16; 8]) -> __m256 {
    // SAFETY: 8 codes are read.
    let codes = unsafe { _mm_loadu_si128(values.as_ptr().cast::<__m128i>()) };
    _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(codes))
}

/// Whether some float's bits are more than those of 1.
#[inline]
#[target_feature(enable = "avx2")]
fn is_beyond(most: __m256i) -> bool {
    let one = _mm256_set1_epi32(ONE as i32);
    _mm256_movemask_epi8(_mm256_cmpeq_epi32(_mm256_max_epu32(most, one), one)) != -1
}

/// A curve in registers.
struct Narrow<const N: usize> {
    rows: [[__m256; 2]; N],
    first: __m256i,
    knee: __m256,
    slope: __m256,
    top: __m256,
}

impl<const N: usize> Narrow<N> {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn of(curve: &Segments<N>) -> Self {
        let rows = curve.rows.each_ref().map(|row| {
            // SAFETY: a row holds twice the 8 floats that are read.
            unsafe { [_mm256_loadu_ps(row.as_ptr()), _mm256_loadu_ps(row.as_ptr().add(8))] }
        });
        Self {
            rows,
            first: _mm256_set1_epi32(curve.first),
            knee: _mm256_set1_ps(curve.knee),
            slope: _mm256_set1_ps(curve.slope),
            top: _mm256_set1_ps(curve.top),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn at<const IS_CAPPED: bool>(&self, x: __m256) -> __m256 {
        let place = _mm256_max_epi32(_mm256_srli_epi32::<{ SHIFT as i32 }>(_mm256_castps_si256(x)), self.first);
        // Bit 3 tells the halves of a row apart; a blend looks at the sign.
        let is_upper = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(place));
        let of = |row: [__m256; 2]| {
            let [lower, upper] = row.map(|half| _mm256_permutevar8x32_ps(half, place));
            _mm256_blendv_ps(lower, upper, is_upper)
        };
        let mut sum = of(self.rows[N - 1]);
        for row in self.rows[..N - 1].iter().rev() {
            sum = _mm256_add_ps(_mm256_mul_ps(sum, x), of(*row));
        }
        if IS_CAPPED {
            sum = _mm256_min_ps(self.top, sum);
        }
        let is_line = _mm256_cmp_ps::<_CMP_LE_OQ>(x, self.knee);
        _mm256_blendv_ps(sum, _mm256_mul_ps(x, self.slope), is_line)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn of_values<V: Value>(&self, from: &[V; 8], most: &mut __m256i) -> __m256 {
        // SAFETY: this function has the feature.
        let x = unsafe { V::load_avx2(from) };
        if !V::IS_CODE {
            *most = _mm256_max_epu32(*most, _mm256_castps_si256(x));
        }
        if Segments::<N>::IS_CAPPED { self.at::<true>(x) } else { self.at::<false>(x) }
    }

    /// As in AVX-512.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn nearest(&self, from: &[f32; 8]) -> __m256i {
        let x = _mm256_min_ps(_mm256_set1_ps(BELOW_ONE), floats(from));
        _mm256_cvtps_epi32(self.at::<false>(x))
    }
}

impl<const N: usize> Segments<N> {
    #[target_feature(enable = "avx2")]
    pub(super) fn apply_avx2<V: Value>(&self, from: &[V; BLOCK], to: &mut Lane) -> bool {
        let curve = Narrow::of(self);
        let mut most = _mm256_setzero_si256();
        for (from, to) in from.as_chunks::<8>().0.iter().zip(to.as_chunks_mut::<8>().0) {
            let value = curve.of_values(from, &mut most);
            // SAFETY: the chunk holds the 8 floats that are written.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), value) };
        }
        is_beyond(most)
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn apply_u8_avx2(&self, from: &Lane, to: &mut [u8; BLOCK]) {
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

    #[target_feature(enable = "avx2")]
    pub(super) fn apply_u16_avx2(&self, from: &Lane, to: &mut [u16; BLOCK]) {
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
