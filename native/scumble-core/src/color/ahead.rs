//! Asks the processor for memory before it is needed: the streams of a row are more than it foresees by itself.

/// How many blocks before they are needed.
pub const AHEAD: usize = 2;

#[cfg(target_arch = "x86_64")]
const CACHE_LINE: usize = 64;

/// Asks for values from a place on, which may lie behind the end: nothing is read then.
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables))]
#[inline(always)]
pub fn read_soon<T>(values: &[T], from: usize, count: usize) {
    #[cfg(target_arch = "x86_64")]
    for byte in (0..count * size_of::<T>()).step_by(CACHE_LINE) {
        use std::arch::x86_64::*;
        // SAFETY: asking for memory reads none, and takes any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().wrapping_add(from).cast::<i8>().wrapping_add(byte)) };
    }
}

/// The same, to write them.
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables))]
#[inline(always)]
pub fn write_soon<T>(values: &[T], from: usize, count: usize) {
    #[cfg(target_arch = "x86_64")]
    for byte in (0..count * size_of::<T>()).step_by(CACHE_LINE) {
        use std::arch::x86_64::*;
        // SAFETY: as above.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(values.as_ptr().wrapping_add(from).cast::<i8>().wrapping_add(byte)) };
    }
}
