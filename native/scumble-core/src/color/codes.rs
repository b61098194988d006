//! Light of 8-bit codes by a table, which AVX-512 keeps in registers: a quarter of the work of the curve's polynomial.

use super::BLOCK;
use super::Lane;
#[cfg(target_arch = "x86_64")]
use super::dispatch::{Level, level};

/// Values that the table holds, and how many of their bytes lie in one register.
const CODES: usize = 256;
const REGISTER: usize = 64;

/// A float for each 8-bit code.
#[derive(Debug)]
#[repr(align(64))]
pub struct Codes {
    /// The floats' bytes of equal weight, the lightest first.
    planes: [[u8; CODES]; 4],
    values: [f32; CODES],
}

impl Codes {
    /// Tabulates what `value` says of each code.
    pub fn new(value: impl Fn(u8) -> f32) -> Self {
        let mut codes = Self { planes: [[0; CODES]; 4], values: [0.0; CODES] };
        for code in 0..=u8::MAX {
            let place = usize::from(code);
            codes.values[place] = value(code);
            for (plane, byte) in codes.planes.iter_mut().zip(codes.values[place].to_le_bytes()) {
                plane[place] = byte;
            }
        }
        codes
    }

    /// The float of one code.
    pub fn of(&self, code: u8) -> f32 {
        self.values[usize::from(code)]
    }

    /// Writes the float of each code.
    #[inline(always)]
    pub fn apply(&self, codes: &[u8; BLOCK], lane: &mut Lane) {
        #[cfg(target_arch = "x86_64")]
        if level() == Level::Avx512 {
            // SAFETY: the processor has the features.
            unsafe { self.apply_avx512(codes, lane) };
            return;
        }
        self.apply_plain(codes, lane);
    }

    #[inline(always)]
    fn apply_plain(&self, codes: &[u8; BLOCK], lane: &mut Lane) {
        for (value, code) in lane.iter_mut().zip(codes) {
            *value = self.of(*code);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn apply_avx512(&self, codes: &[u8; BLOCK], lane: &mut Lane) {
        use std::arch::x86_64::*;
        // SAFETY: a plane holds four registers.
        let load = |plane: &[u8; CODES], part: usize| unsafe {
            _mm512_load_si512(plane.as_ptr().add(part * REGISTER).cast::<__m512i>())
        };
        let planes = self.planes.each_ref().map(|plane| [0, 1, 2, 3].map(|part| load(plane, part)));
        // Bytes are put together within the quarters of a register, so each quarter gets one word of each result.
        let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        for (codes, lane) in codes.as_chunks::<REGISTER>().0.iter().zip(lane.as_chunks_mut::<REGISTER>().0) {
            // SAFETY: the chunk holds the 64 bytes that are read.
            let codes = unsafe { _mm512_loadu_si512(codes.as_ptr().cast::<__m512i>()) };
            let codes = _mm512_permutexvar_epi32(order, codes);
            let is_upper = _mm512_movepi8_mask(codes);
            let [b0, b1, b2, b3] = planes.map(|[p0, p1, p2, p3]| {
                let lower = _mm512_permutex2var_epi8(p0, codes, p1);
                let upper = _mm512_permutex2var_epi8(p2, codes, p3);
                _mm512_mask_blend_epi8(is_upper, lower, upper)
            });
            let (low, high) = (_mm512_unpacklo_epi8(b0, b1), _mm512_unpacklo_epi8(b2, b3));
            let (low_after, high_after) = (_mm512_unpackhi_epi8(b0, b1), _mm512_unpackhi_epi8(b2, b3));
            let words = [
                _mm512_unpacklo_epi16(low, high),
                _mm512_unpackhi_epi16(low, high),
                _mm512_unpacklo_epi16(low_after, high_after),
                _mm512_unpackhi_epi16(low_after, high_after),
            ];
            for (word, to) in words.into_iter().zip(lane.as_chunks_mut::<16>().0) {
                // SAFETY: the chunk holds the 16 floats that are written.
                unsafe { _mm512_storeu_ps(to.as_mut_ptr(), _mm512_castsi512_ps(word)) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_in_its_place() {
        let codes = Codes::new(|code| f32::from(code).sqrt() - 7.0);
        for start in 0..=u8::MAX {
            let asked: [u8; BLOCK] = std::array::from_fn(|i| start.wrapping_add((i * 37) as u8));
            let (mut fast, mut plain) = ([9.0; BLOCK], [9.0; BLOCK]);
            codes.apply(&asked, &mut fast);
            codes.apply_plain(&asked, &mut plain);
            assert_eq!(fast, plain);
            assert_eq!(fast, asked.map(|code| f32::from(code).sqrt() - 7.0));
        }
    }
}
