//! One channel's tone curve of an ICC profile, both ways, as tables for each kind of sample.

use std::sync::OnceLock;

use super::codes::Codes;
use super::curve::linear_from_srgb_exact;

/// Segments of an octave: straight lines over them leave at most 3 hundredths of a 16-bit code.
const SEGMENT_BITS: u32 = 8;
const SHIFT: u32 = f32::MANTISSA_DIGITS - 1 - SEGMENT_BITS;
/// 2^-44: where a curve of gamma 2.7 has its first 16-bit code.
const LEAST: f32 = 5.684_342e-14;
const OCTAVES_BELOW: u32 = 44;
const OCTAVES_ABOVE: u32 = 4;
const ENTRIES: usize = ((OCTAVES_BELOW + OCTAVES_ABOVE) << SEGMENT_BITS) as usize + 1;

/// 8-bit codes by the leading bits of light: 1024 steps in each of the 24 octaves below white. Darker light, which no
/// curve up to gamma 2.6 tells from black, is the code of black.
const STEP_SHIFT: u32 = 13;
const DARKEST: f32 = 5.960_464_5e-8;
pub const CODES: usize = 24 << 10;

/// A function of positive numbers, tabulated along their logarithm, straight between: exact in every octave alike.
#[derive(Debug, Clone)]
pub struct LogTable {
    at_zero: f32,
    values: Box<[f32]>,
    power: f32,
}

impl LogTable {
    fn new(mut function: impl FnMut(f64) -> f64, power: f64) -> Self {
        let place = |i: usize| f32::from_bits(LEAST.to_bits() + ((i as u32) << SHIFT));
        let at_zero = function(0.0) as f32;
        let values = (0..ENTRIES).map(|i| function(f64::from(place(i))) as f32).collect();
        Self { at_zero, values, power: power as f32 }
    }

    /// The function, continued oddly below 0 and as a power beyond 16; NaN stays NaN.
    #[inline(always)]
    pub fn at(&self, signed: f32) -> f32 {
        let x = signed.abs();
        let last = ENTRIES - 1;
        let above = x.to_bits().saturating_sub(LEAST.to_bits());
        let index = (above >> SHIFT) as usize;
        let value = if index >= last {
            self.values[last] * (x * (1.0 / (1 << OCTAVES_ABOVE) as f32)).powf(self.power)
        } else if above == 0 {
            self.at_zero + (self.values[0] - self.at_zero) * (x * (1.0 / LEAST))
        } else {
            let share = (above & ((1 << SHIFT) - 1)) as f32 * (1.0 / (1 << SHIFT) as f32);
            let (low, high) = (self.values[index], self.values[index + 1]);
            low + share * (high - low)
        };
        value.copysign(signed)
    }
}

/// A rising curve from samples (0 to 1) to light and back. Beyond 1 it goes on as the power that it ends with.
#[derive(Debug)]
pub struct Tone {
    is_linear: bool,
    is_srgb: bool,
    light: LogTable,
    sample: LogTable,
    light_u8: Box<Codes>,
    light_u16: OnceLock<Box<[f32]>>,
    codes: OnceLock<Box<[u8]>>,
}

impl Tone {
    /// Tabulates `curve`, which gives the light of samples 0 to 1; None unless it rises from 0 or so to some light.
    pub fn new(curve: impl Fn(f64) -> f64) -> Option<Self> {
        let probes: Vec<f64> = (0..=1024).map(|i| curve(f64::from(i) / 1024.0)).collect();
        let rises = probes.windows(2).all(|pair| pair[1] >= pair[0] - 1e-6);
        let (black, white) = (probes[0], probes[1024]);
        if !(rises && (-1e-3..0.5).contains(&black) && (0.5..=2.0).contains(&white)) {
            return None;
        }
        let power = ((white / curve(0.99)).ln() / (1.0_f64 / 0.99).ln()).clamp(0.2, 5.0);
        let light = |sample: f64| if sample <= 1.0 { curve(sample) } else { white * sample.powf(power) };
        let mut before = 0.0;
        let sample = |light: f64| {
            if light >= white {
                return (light / white).powf(1.0 / power);
            }
            // Places are asked for in rising order, so the last answer is a lower limit.
            before = inverted(&curve, light, before);
            before
        };
        let is_linear = (0..=1024).all(|i| (probes[i] - i as f64 / 1024.0).abs() < 1e-6);
        // What a profile can say of that curve, in fractions of 2^16: a fifth of a 16-bit code off at most.
        let is_near = |light: f64, want: f64| (light - want).abs() <= 1e-7 + 2.5e-4 * want;
        let is_srgb = (0..=1024).all(|i| is_near(probes[i], linear_from_srgb_exact(i as f64 / 1024.0)));
        let light_u8 = Box::new(Codes::new(|code| curve(f64::from(code) / 255.0) as f32));
        let (light, sample) = (LogTable::new(light, power), LogTable::new(sample, 1.0 / power));
        Some(Self { is_linear, is_srgb, light, sample, light_u8, light_u16: OnceLock::new(), codes: OnceLock::new() })
    }

    /// Whether samples are light.
    pub fn is_linear(&self) -> bool {
        self.is_linear
    }

    /// Whether the curve is that of sRGB, for which there is a faster way.
    pub fn is_srgb(&self) -> bool {
        self.is_srgb
    }

    /// Light of a sample 0 to 1 and beyond.
    #[inline(always)]
    pub fn light(&self, sample: f32) -> f32 {
        if self.is_linear { sample } else { self.light.at(sample) }
    }

    /// The sample of some light.
    #[inline(always)]
    pub fn sample(&self, light: f32) -> f32 {
        if self.is_linear { light } else { self.sample.at(light) }
    }

    /// Light of all 8-bit codes.
    pub fn light_u8(&self) -> &Codes {
        &self.light_u8
    }

    /// Light of all 16-bit codes.
    pub fn light_u16(&self) -> &[f32] {
        self.light_u16.get_or_init(|| (0..65536).map(|i| self.light((f64::from(i) / 65535.0) as f32)).collect())
    }

    /// 8-bit codes by `code_index`, `CODES` of them.
    pub fn codes(&self) -> &[u8] {
        self.codes.get_or_init(|| {
            let code = |step: usize| {
                let bits = DARKEST.to_bits() + ((step as u32) << STEP_SHIFT);
                let middle = f32::from_bits(bits + (1 << (STEP_SHIFT - 1)));
                if step == 0 { 0 } else { (self.sample(middle).min(1.0) * 255.0).round() as u8 }
            };
            (0..CODES).map(code).chain([255]).collect()
        })
    }

    /// Where the code of some light is.
    #[inline(always)]
    pub fn code_index(light: f32) -> u32 {
        let light = if light > DARKEST { light.min(1.0) } else { DARKEST };
        (light.to_bits() >> STEP_SHIFT) - (DARKEST.to_bits() >> STEP_SHIFT)
    }
}

/// The sample from `low` to 1 at which a rising curve reaches `light`: false position, halved where it stalls.
fn inverted(curve: impl Fn(f64) -> f64, light: f64, low: f64) -> f64 {
    let (mut low, mut high) = ((low, curve(low) - light), (1.0, curve(1.0) - light));
    if low.1 >= 0.0 {
        return low.0;
    }
    let mut side = 0_i8;
    for _ in 0..60 {
        if high.0 - low.0 <= 1e-10 * high.0 || high.1 == 0.0 {
            break;
        }
        let x = (low.0 * high.1 - high.0 * low.1) / (high.1 - low.1);
        let y = curve(x) - light;
        if y < 0.0 {
            low = (x, y);
            high.1 *= if side == -1 { 0.5 } else { 1.0 };
            side = -1;
        } else {
            high = (x, y);
            low.1 *= if side == 1 { 0.5 } else { 1.0 };
            side = 1;
        }
        if y.abs() <= 1e-9 * light {
            return x;
        }
    }
    high.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_meet_and_agree_with_the_curve() {
        for gamma in [1.0, 1.8, 2.2, 2.6] {
            let tone = Tone::new(|v| v.powf(gamma)).unwrap_or_else(|| unreachable!("a gamma rises"));
            assert_eq!(tone.is_linear(), gamma == 1.0);
            for code in 0..=65535_u32 {
                let sample = code as f32 / 65535.0;
                let light = tone.light(sample);
                let want = f64::from(sample).powf(gamma);
                assert!((f64::from(light) - want).abs() <= 2e-5 * want, "{gamma}: {sample} became {light}, not {want}");
                assert_eq!((tone.sample(light) * 65535.0).round() as u32, code, "gamma {gamma}");
            }
            for code in 0..=255_u8 {
                let light = tone.light_u8().of(code);
                assert_eq!(tone.codes()[Tone::code_index(light) as usize], code, "gamma {gamma}");
            }
            for bright in [1.5_f32, 4.0, 15.0, 90.0] {
                assert!((f64::from(tone.light(bright)) / f64::from(bright).powf(gamma) - 1.0).abs() < 1e-4);
                assert!((tone.sample(tone.light(bright)) / bright - 1.0).abs() < 1e-4);
                assert_eq!(tone.light(-bright), -tone.light(bright));
            }
            assert!(tone.light(f32::NAN).is_nan() && tone.light(f32::INFINITY).is_infinite());
        }
    }

    #[test]
    fn curves_that_fall_or_stay_dark_are_refused() {
        assert!(Tone::new(|v| 1.0 - v).is_none());
        assert!(Tone::new(|_| 0.0).is_none());
        assert!(Tone::new(|_| f64::NAN).is_none());
        assert!(Tone::new(|v| (v * 9.0).sin()).is_none());
    }
}
