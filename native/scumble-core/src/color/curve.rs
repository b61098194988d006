//! The sRGB curve (IEC 61966-2-1), continued oddly below 0 and by its own formula above 1.

/// Exact decoding, for tables.
pub fn linear_from_srgb_exact(value: f64) -> f64 {
    let v = value.abs();
    let linear = if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) };
    linear.copysign(value)
}

/// Exact encoding, for tables.
#[cfg(test)]
pub fn srgb_from_linear_exact(value: f64) -> f64 {
    let v = value.abs();
    let encoded = if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
    encoded.copysign(value)
}

/// About a fifth of `bits`: a few shifts where a division would not vectorise.
#[inline(always)]
fn fifth(bits: u32) -> u32 {
    let sum = (bits >> 3) + (bits >> 4);
    let sum = sum + (sum >> 4);
    sum + (sum >> 8)
}

/// (1 + x)^(−2/3) for x of −0.0902 to 0.1205, to 2e-8.
const TWO_THIRDS_ROOT: [f32; 6] = [1.0, -0.666_666, 0.555_537, -0.494_151_32, 0.457_947_2, -0.394_361_05];

/// Cube root of a positive normal number, to one unit in the last place or two: a guess of 1/∛x from the bits of x,
/// and a polynomial for what the guess misses. Made of plain arithmetic so that loops over it become vector code.
#[inline(always)]
pub fn cbrt(x: f32) -> f32 {
    let guessed_bits = 1_419_967_116.0 - (x.to_bits() as i32) as f32 * (1.0 / 3.0);
    // SAFETY: the bits are of 32, a third of them no more than 2^31 / 3, so this lies between 7e8 and 2^31 - 1.
    let guess = f32::from_bits(unsafe { guessed_bits.to_int_unchecked::<i32>() } as u32);
    let square = guess * guess;
    let rest = x * (square * guess) - 1.0;
    let [c0, c1, c2, c3, c4, c5] = TWO_THIRDS_ROOT;
    (x * square) * (c0 + rest * (c1 + rest * (c2 + rest * (c3 + rest * (c4 + rest * c5)))))
}

/// Fast decoding; NaN stays NaN.
#[inline(always)]
pub fn linear_from_srgb(value: f32) -> f32 {
    let v = value.abs();
    let base = (v + 0.055) * (1.0 / 1.055);
    // base^2.4 = (fifth root)^12, the root by three Newton steps from a bit-trick guess.
    let guess = f32::from_bits(fifth(base.to_bits()) + 851_900_000);
    let step = |y: f32| {
        let fourth = (y * y) * (y * y);
        0.8 * y + 0.2 * base / fourth
    };
    let root = step(step(step(guess)));
    let third = root * root * root;
    let power = (third * third) * (third * third);
    (if v <= 0.04045 { v * (1.0 / 12.92) } else { power }).copysign(value)
}

/// Fast encoding; NaN stays NaN.
#[inline(always)]
pub fn srgb_from_linear(value: f32) -> f32 {
    let v = value.abs();
    // v^(5/12) = v^(1/4) · v^(1/6)
    let half = v.sqrt();
    let power = half.sqrt() * cbrt(half);
    (if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * power - 0.055 }).copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_roots_and_curves_agree_with_the_exact_ones() {
        for i in 1..400_000_u32 {
            let x = i as f32 / 200_000.0;
            let (cube, want) = (cbrt(x), f64::from(x).cbrt());
            assert!((f64::from(cube) / want - 1.0).abs() < 3e-7, "cbrt({x}) = {cube}");
            let linear = f64::from(linear_from_srgb(x));
            assert!((linear - linear_from_srgb_exact(f64::from(x))).abs() < 3e-6 * linear.max(0.2), "decode({x})");
            let encoded = f64::from(srgb_from_linear(x));
            assert!((encoded - srgb_from_linear_exact(f64::from(x))).abs() < 6e-7, "encode({x})");
        }
    }

    #[test]
    fn curves_are_odd_and_keep_nan() {
        assert_eq!(linear_from_srgb(-0.5), -linear_from_srgb(0.5));
        assert_eq!(srgb_from_linear(-0.5), -srgb_from_linear(0.5));
        assert!(linear_from_srgb(f32::NAN).is_nan() && srgb_from_linear(f32::NAN).is_nan());
        assert_eq!((linear_from_srgb(0.0), srgb_from_linear(0.0)), (0.0, 0.0));
    }
}
