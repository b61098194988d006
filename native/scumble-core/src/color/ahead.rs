//! Asks the processor for memory before it is needed: the streams of a row are more than it foresees by itself.

/// How many blocks before they are needed.
pub const AHEAD: usize = 2;

#[cfg(target_arch = "x86_64")]
const CACHE_LINE: usize = 64;

/// Asks for values from a place on, to read or to write them. They may lie behind the end: nothing is read then.
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables))]
#[inline(always)]
pub fn fetch<const TO_WRITE: bool, T>(values: &[T], from: usize, count: usize) {
    #[cfg(target_arch = "x86_64")]
    for byte in (0..count * size_of::<T>()).step_by(CACHE_LINE) {
        use std::arch::x86_64::*;
        let place = values.as_ptr().wrapping_add(from).cast::<i8>().wrapping_add(byte);
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
