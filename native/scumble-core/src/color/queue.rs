//! Pixels that wait to be worked on together, packed from the blocks of a row.

use super::bounds::Bounding;
#[cfg(target_arch = "x86_64")]
use super::dispatch::{Level, level};
use super::search::GROUP;
use super::{BLOCK, Lane};

/// Two blocks, and one vector more, which is written whole.
const ROOM: usize = 2 * BLOCK + GROUP;

/// What of pixels matters: luminance, its compressed form, a, b, and what their channels may be, least and most.
pub type Lanes<'a> = [&'a Lane; 6];

/// Pixels, and where in the row they are.
#[derive(Debug)]
#[repr(align(64))]
pub struct Queue {
    lanes: [[f32; ROOM]; 6],
    places: [u32; ROOM],
    count: usize,
}

impl Queue {
    /// Of none.
    #[inline(always)]
    pub fn empty() -> Self {
        Self { lanes: [[0.0; ROOM]; 6], places: [0; ROOM], count: 0 }
    }

    /// How many wait.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.count
    }

    /// The first block of them, or what there is of it.
    #[inline(always)]
    pub fn block(&self) -> (Lanes<'_>, &[u32; BLOCK]) {
        let lanes = self.lanes.each_ref().map(first);
        (lanes, first(&self.places))
    }

    /// Adds those whose flag is 1. There must be less than a block of them before.
    #[inline(always)]
    pub fn push<B: Bounding>(&mut self, lanes: Lanes<'_>, places: &[u32; BLOCK], flags: &[u32; BLOCK]) {
        debug_assert!(self.count <= BLOCK, "{} wait", self.count);
        self.count = self.count.min(BLOCK);
        #[cfg(target_arch = "x86_64")]
        if level() == Level::Avx512 {
            // SAFETY: the processor has the features.
            unsafe { self.push_avx512::<B>(lanes, places, flags) };
            return;
        }
        self.push_plain::<B>(lanes, places, flags);
    }

    #[inline(always)]
    fn push_plain<B: Bounding>(&mut self, lanes: Lanes<'_>, places: &[u32; BLOCK], flags: &[u32; BLOCK]) {
        let begin = self.count;
        let mut numbers = [0; BLOCK];
        for (group, flags) in flags.as_chunks::<GROUP>().0.iter().enumerate() {
            if *flags == [0; GROUP] {
                continue;
            }
            for (i, flag) in flags.iter().enumerate() {
                numbers[(self.count - begin) % BLOCK] = group * GROUP + i;
                self.count += *flag as usize;
            }
        }
        let count = (self.count - begin).min(BLOCK);
        for (to, from) in self.lanes.iter_mut().zip(lanes).take(B::LANES) {
            for (to, i) in to[begin..].iter_mut().zip(&numbers[..count]) {
                *to = from[i % BLOCK];
            }
        }
        for (to, i) in self.places[begin..].iter_mut().zip(&numbers[..count]) {
            *to = places[i % BLOCK];
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    fn push_avx512<B: Bounding>(&mut self, lanes: Lanes<'_>, places: &[u32; BLOCK], flags: &[u32; BLOCK]) {
        use std::arch::x86_64::*;
        // SAFETY: 16 numbers are read.
        let load = |numbers: &[u32; GROUP]| unsafe { _mm512_loadu_si512(numbers.as_ptr().cast::<__m512i>()) };
        let groups = flags.as_chunks::<GROUP>().0.iter().zip(places.as_chunks::<GROUP>().0);
        for (group, (flags, places)) in groups.enumerate() {
            let flags = load(flags);
            let chosen = _mm512_test_epi32_mask(flags, flags);
            if chosen == 0 {
                continue;
            }
            for (to, from) in self.lanes.iter_mut().zip(lanes).take(B::LANES) {
                // SAFETY: 16 floats are read.
                let values = unsafe { _mm512_loadu_ps(from.as_chunks::<GROUP>().0[group].as_ptr()) };
                let to = &mut to[self.count..self.count + GROUP];
                // SAFETY: the slice holds the 16 floats that are written.
                unsafe { _mm512_storeu_ps(to.as_mut_ptr(), _mm512_maskz_compress_ps(chosen, values)) };
            }
            let places = _mm512_maskz_compress_epi32(chosen, load(places));
            let to = &mut self.places[self.count..self.count + GROUP];
            // SAFETY: the slice holds the 16 numbers that are written.
            unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast::<__m512i>(), places) };
            self.count += chosen.count_ones() as usize;
        }
    }

    /// Takes the first block of them away, and what is behind it to the front.
    #[inline(always)]
    pub fn drop_block(&mut self) {
        self.count = self.count.saturating_sub(BLOCK);
        let behind = BLOCK..BLOCK + self.count.min(BLOCK);
        for lane in &mut self.lanes {
            lane.copy_within(behind.clone(), 0);
        }
        self.places.copy_within(behind, 0);
    }
}

#[inline(always)]
fn first<T>(values: &[T; ROOM]) -> &[T; BLOCK] {
    match values.first_chunk() {
        Some(block) => block,
        None => unreachable!(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::bounds::{Given, Unit};
    use super::*;

    fn check<B: Bounding>() {
        let (mut queue, mut plain) = (Queue::empty(), Queue::empty());
        let values: [Lane; 6] = std::array::from_fn(|n| std::array::from_fn(|i| (n * 1000 + i) as f32));
        let mut want = Vec::new();
        for round in 0..40_u32 {
            let places: [u32; BLOCK] = std::array::from_fn(|i| round * BLOCK as u32 + i as u32);
            let flags =
                places.map(|place| u32::from((place * 2_654_435_761_u32.wrapping_mul(round)) >> 24 < 6 * round));
            want.extend(places.into_iter().zip(flags).filter(|(_, flag)| *flag == 1).map(|(place, _)| place));
            queue.push::<B>(values.each_ref(), &places, &flags);
            plain.push_plain::<B>(values.each_ref(), &places, &flags);
            assert_eq!((queue.len(), plain.len()), (want.len(), want.len()));
            let (lanes, places) = queue.block();
            let known = want.len().min(BLOCK);
            assert_eq!((&places[..known], &plain.block().1[..known]), (&want[..known], &want[..known]));
            for (n, (lane, plain)) in lanes.into_iter().zip(plain.block().0).enumerate() {
                let of =
                    |place: u32| if n < B::LANES { (n * 1000) as f32 + (place % BLOCK as u32) as f32 } else { 0.0 };
                assert!(
                    want[..known].iter().enumerate().all(|(i, place)| lane[i] == of(*place) && plain[i] == of(*place))
                );
            }
            if want.len() >= BLOCK {
                queue.drop_block();
                plain.drop_block();
                want.drain(..BLOCK);
            }
        }
    }

    #[test]
    fn what_is_pushed_waits_in_its_order() {
        check::<Unit>();
        check::<Given>();
    }
}
