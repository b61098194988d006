//! Lines of few columns stretched over many pixels, bilinearly: neighbours share columns, which stay in a register.

use crate::color::{BLOCK, Lane};
#[cfg(target_arch = "x86_64")]
use crate::color::{Level, level};
use crate::guided::LINE;
use crate::resample::Tap;

/// Pixels, and columns, that the widest register holds.
const WIDE: usize = 16;
const NARROW: usize = 8;

/// The two columns that each pixel of a row lies between, and the second one's share, with room for a whole block more.
#[derive(Debug)]
pub struct Columns {
    first: Vec<i32>,
    next: Vec<i32>,
    share: Vec<f32>,
    /// Whether all that so many neighbours lie between fits into one register.
    fits_wide: bool,
    fits_narrow: bool,
}

impl Columns {
    /// Takes what each pixel lies between, from left to right.
    pub fn new(taps: &[Tap]) -> Self {
        let pads = taps.last().into_iter().cycle().take(BLOCK);
        let padded: Vec<Tap> = taps.iter().chain(pads).copied().collect();
        let fits = |size: usize| padded.chunks(size).all(|part| part[part.len() - 1].next - part[0].index < size);
        let (fits_wide, fits_narrow) = (fits(WIDE), fits(NARROW));
        let first = padded.iter().map(|tap| tap.index as i32).collect();
        let next = padded.iter().map(|tap| tap.next as i32).collect();
        Self { first, next, share: padded.iter().map(|tap| tap.share).collect(), fits_wide, fits_narrow }
    }

    /// How many values a row of `width` columns has to hold: what is behind its end is read, not used.
    pub fn room(width: usize) -> usize {
        LINE * width + WIDE
    }

    /// Writes the chroma of the block that begins at pixel `x`, a multiple of `BLOCK`: at each pixel's `lightness`, what the
    /// line of `LINE` planes of `width` values says there.
    #[inline(always)]
    pub fn chroma(&self, x: usize, line: (&[f32], usize), lightness: &Lane, ab: [&mut Lane; 2]) {
        #[cfg(target_arch = "x86_64")]
        match level() {
            // SAFETY: the processor has the features.
            Level::Avx512 if self.fits_wide => return unsafe { self.chroma_avx512(x, line, lightness, ab) },
            // SAFETY: as above.
            Level::Avx512 | Level::Avx2 if self.fits_narrow => {
                return unsafe { self.chroma_avx2(x, line, lightness, ab) };
            }
            _ => (),
        }
        self.chroma_plain(x, line, lightness, ab);
    }

    fn chroma_plain(&self, x: usize, (line, width): (&[f32], usize), lightness: &Lane, [a, b]: [&mut Lane; 2]) {
        let part = x..x + BLOCK;
        let taps = self.first[part.clone()].iter().zip(&self.next[part.clone()]).zip(&self.share[part]);
        for (i, ((first, next), share)) in taps.enumerate() {
            let mut values = [0.0; LINE];
            for (value, plane) in values.iter_mut().zip(line.chunks_exact(width)) {
                let (low, high) = (plane[*first as usize], plane[*next as usize]);
                *value = low + share * (high - low);
            }
            a[i] = values[0] * lightness[i] + values[2];
            b[i] = values[1] * lightness[i] + values[3];
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    fn chroma_avx512(&self, x: usize, (line, width): (&[f32], usize), lightness: &Lane, [a, b]: [&mut Lane; 2]) {
        use std::arch::x86_64::*;
        for part in (0..BLOCK).step_by(WIDE) {
            let at = x + part..x + part + WIDE;
            let (first, next, share) = (&self.first[at.clone()], &self.next[at.clone()], &self.share[at]);
            let base = _mm512_set1_epi32(first[0]);
            // SAFETY: each slice holds the 16 numbers that are read.
            let load = |numbers: &[i32]| unsafe { _mm512_loadu_si512(numbers.as_ptr().cast::<__m512i>()) };
            let (low, high) = (_mm512_sub_epi32(load(first), base), _mm512_sub_epi32(load(next), base));
            // SAFETY: as above.
            let share = unsafe { _mm512_loadu_ps(share.as_ptr()) };
            let [slope_a, slope_b, offset_a, offset_b] = [0, 1, 2, 3].map(|plane| {
                let columns = &line[plane * width + first[0] as usize..][..WIDE];
                // SAFETY: as above.
                let columns = unsafe { _mm512_loadu_ps(columns.as_ptr()) };
                let (low, high) = (_mm512_permutexvar_ps(low, columns), _mm512_permutexvar_ps(high, columns));
                _mm512_add_ps(low, _mm512_mul_ps(share, _mm512_sub_ps(high, low)))
            });
            // SAFETY: as above.
            let lightness = unsafe { _mm512_loadu_ps(lightness[part..part + WIDE].as_ptr()) };
            for (lane, slope, offset) in [(&mut *a, slope_a, offset_a), (&mut *b, slope_b, offset_b)] {
                let value = _mm512_add_ps(_mm512_mul_ps(slope, lightness), offset);
                // SAFETY: the slice holds the 16 floats that are written.
                unsafe { _mm512_storeu_ps(lane[part..part + WIDE].as_mut_ptr(), value) };
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn chroma_avx2(&self, x: usize, (line, width): (&[f32], usize), lightness: &Lane, [a, b]: [&mut Lane; 2]) {
        use std::arch::x86_64::*;
        for part in (0..BLOCK).step_by(NARROW) {
            let at = x + part..x + part + NARROW;
            let (first, next, share) = (&self.first[at.clone()], &self.next[at.clone()], &self.share[at]);
            let base = _mm256_set1_epi32(first[0]);
            // SAFETY: each slice holds the 8 numbers that are read.
            let load = |numbers: &[i32]| unsafe { _mm256_loadu_si256(numbers.as_ptr().cast::<__m256i>()) };
            let (low, high) = (_mm256_sub_epi32(load(first), base), _mm256_sub_epi32(load(next), base));
            // SAFETY: as above.
            let share = unsafe { _mm256_loadu_ps(share.as_ptr()) };
            let [slope_a, slope_b, offset_a, offset_b] = [0, 1, 2, 3].map(|plane| {
                let columns = &line[plane * width + first[0] as usize..][..NARROW];
                // SAFETY: as above.
                let columns = unsafe { _mm256_loadu_ps(columns.as_ptr()) };
                let (low, high) = (_mm256_permutevar8x32_ps(columns, low), _mm256_permutevar8x32_ps(columns, high));
                _mm256_add_ps(low, _mm256_mul_ps(share, _mm256_sub_ps(high, low)))
            });
            // SAFETY: as above.
            let lightness = unsafe { _mm256_loadu_ps(lightness[part..part + NARROW].as_ptr()) };
            for (lane, slope, offset) in [(&mut *a, slope_a, offset_a), (&mut *b, slope_b, offset_b)] {
                let value = _mm256_add_ps(_mm256_mul_ps(slope, lightness), offset);
                // SAFETY: the slice holds the 8 floats that are written.
                unsafe { _mm256_storeu_ps(lane[part..part + NARROW].as_mut_ptr(), value) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resample::{Filter, taps};

    #[test]
    fn every_level_gives_the_same_bits() {
        for (width, pixels) in [(1, 5), (3, 200), (50, 400), (300, 400), (500, 400), (512, 2309)] {
            let columns = Columns::new(&taps(0, pixels, pixels, width, Filter::Bilinear));
            let line: Vec<f32> = (0..Columns::room(width)).map(|i| ((i * 7919) % 1009) as f32 * 0.37 - 100.0).collect();
            let lightness: Lane = std::array::from_fn(|i| (i * 31 % 101) as f32);
            for x in (0..pixels).step_by(BLOCK) {
                let (mut fast, mut plain) = ([[9.0; BLOCK]; 2], [[8.0; BLOCK]; 2]);
                columns.chroma(x, (&line, width), &lightness, fast.each_mut());
                columns.chroma_plain(x, (&line, width), &lightness, plain.each_mut());
                assert_eq!(fast, plain, "{width} columns over {pixels} pixels");
                #[cfg(target_arch = "x86_64")]
                if level() >= Level::Avx2 && columns.fits_narrow {
                    // SAFETY: the processor has AVX2.
                    unsafe { columns.chroma_avx2(x, (&line, width), &lightness, fast.each_mut()) };
                    assert_eq!(fast, plain, "{width} columns over {pixels} pixels");
                }
            }
        }
    }
}
