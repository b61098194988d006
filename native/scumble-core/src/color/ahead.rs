//! Asks the processor for memory before it is needed, in small parts between other work: it takes few requests at once.

use super::BLOCK;

/// How many pixels before they are needed.
pub const AHEAD: usize = 2 * BLOCK;
/// In so many parts the memory of a block is asked for.
pub const PARTS: usize = 8;

#[cfg(target_arch = "x86_64")]
const CACHE_LINE: usize = 64;

/// Asks for some of the values behind `start`, to read or to write them. There may be none: nothing is read then.
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables))]
#[inline(always)]
pub fn fetch<const TO_WRITE: bool, T>(start: *const T, from: usize, count: usize) {
    #[cfg(target_arch = "x86_64")]
    for byte in (0..count * size_of::<T>()).step_by(CACHE_LINE) {
        use std::arch::x86_64::*;
        let place = start.wrapping_add(from).cast::<i8>().wrapping_add(byte);
        // SAFETY: asking for memory reads none, and takes any address.
        unsafe {
            if TO_WRITE {
                _mm_prefetch::<_MM_HINT_ET0>(place);
            } else {
                _mm_prefetch::<_MM_HINT_T0>(place);
            }
        }
    }
}
