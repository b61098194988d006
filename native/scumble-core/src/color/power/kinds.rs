//! Kinds of values that curves are applied to, and of codes that they are rounded to.

use super::super::ROUNDER;
use super::Power;
#[cfg(target_arch = "x86_64")]
use super::{narrow, wide};

/// What a curve is applied to: floats, of which those up to its limit are known, or codes, which all are.
pub trait Value: Copy {
    /// Whether there are none beyond white.
    const IS_CODE: bool;

    /// As a float.
    fn float(self) -> f32;

    /// # Safety
    /// The processor must have AVX-512 F.
    #[cfg(target_arch = "x86_64")]
    unsafe fn load_avx512(values: &[Self; 16]) -> std::arch::x86_64::__m512;

    /// # Safety
    /// The processor must have AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    unsafe fn load_avx2(values: &[Self; 8]) -> std::arch::x86_64::__m256;
}

/// Codes, rounded from a curve's values.
pub trait Code: Copy {
    /// The nearest code to a value from 0 to the greatest code.
    fn nearest(value: f32) -> Self;

    /// # Safety
    /// The processor must have AVX-512 F, BW and DQ.
    #[cfg(target_arch = "x86_64")]
    unsafe fn apply_avx512<const N: usize>(curve: &Power<N>, from: &[f32], to: &mut [Self]);

    /// # Safety
    /// The processor must have AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    unsafe fn apply_avx2<const N: usize>(curve: &Power<N>, from: &[f32], to: &mut [Self]);
}

/// A kind of value, as floats, and how vectors of it are loaded.
macro_rules! value {
    ($kind:ty, $is_code:literal, $load:ident) => {
        impl Value for $kind {
            const IS_CODE: bool = $is_code;

            #[inline(always)]
            fn float(self) -> f32 {
                self.into()
            }

            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn load_avx512(values: &[Self; 16]) -> std::arch::x86_64::__m512 {
                // SAFETY: the caller's promise.
                unsafe { wide::$load(values) }
            }

            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn load_avx2(values: &[Self; 8]) -> std::arch::x86_64::__m256 {
                // SAFETY: the caller's promise.
                unsafe { narrow::$load(values) }
            }
        }
    };
}

value!(f32, false, floats);
value!(u16, true, codes);

/// A kind of code, and how vectors of it are written.
macro_rules! code {
    ($kind:ty, $apply_avx512:ident, $apply_avx2:ident) => {
        impl Code for $kind {
            #[inline(always)]
            fn nearest(value: f32) -> Self {
                (value + ROUNDER).to_bits() as Self
            }

            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn apply_avx512<const N: usize>(curve: &Power<N>, from: &[f32], to: &mut [Self]) {
                // SAFETY: the caller's promise.
                unsafe { curve.$apply_avx512(from, to) }
            }

            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn apply_avx2<const N: usize>(curve: &Power<N>, from: &[f32], to: &mut [Self]) {
                // SAFETY: the caller's promise.
                unsafe { curve.$apply_avx2(from, to) }
            }
        }
    };
}

code!(u8, apply_u8_avx512, apply_u8_avx2);
code!(u16, apply_u16_avx512, apply_u16_avx2);
