//! The levels with fused multiplications give the same bits, which are near the curve; the plain one is near them.

use super::super::Lane;
use super::*;

const ROOT: Shape = Shape {
    exponent: 0.5,
    gain: 1.0,
    shift: 0.0,
    white: 1.0,
    top: 1.0,
    knee: 0.002,
    slope: 22.4,
    start: 0.001,
    limit: BELOW_TWO,
};
const FOURTH: Shape =
    Shape { exponent: 4.0, gain: 0.656_1, shift: 1.0 / 9.0, knee: 0.05, slope: 2e-4, limit: 1.85, ..ROOT };

/// Whether the values are those that are wanted, but for the one at `left_out`: to the bit, or nearly so without fused
/// multiplications.
fn are_met(values: &Lane, wanted: &Lane, left_out: Option<usize>, to_the_bit: bool) -> bool {
    let room = if to_the_bit { 0.0 } else { 1.5e-6 * wanted.iter().fold(0.0_f32, |most, value| most.max(value.abs())) };
    (0..BLOCK).all(|i| Some(i) == left_out || (values[i] - wanted[i]).abs() <= room)
}

/// What the curve is, in double.
fn exact(shape: &Shape, x: f64) -> f64 {
    if x <= f64::from(shape.knee) {
        return x * shape.slope + shape.start;
    }
    let power = |x: f64| shape.gain * (x + shape.shift).powf(shape.exponent);
    power(x) - power(f64::from(shape.white)) + f64::from(shape.top)
}

/// One of each kind: with few and many octaves, with and without a straight line before the power.
fn kinds() -> [(Shape, Power<8>); 4] {
    [ROOT, Shape { knee: 0.01, ..ROOT }, FOURTH, Shape { gain: 1.0, shift: 0.001, knee: 0.003, ..FOURTH }]
        .map(|shape| (shape, Power::new(shape)))
}

#[test]
fn the_curve_is_met_and_white_is_exact() {
    for (number, (shape, curve)) in kinds().iter().enumerate() {
        assert_eq!((curve.shift.is_some(), curve.is_short), (number > 1, number == 1 || number == 2));
        for i in 0..1_000_000_u32 {
            let x = i as f32 * 1e-6 * shape.limit;
            let want = exact(shape, f64::from(x));
            let error = (f64::from(curve.at(x)) - want).abs();
            assert!(error < 4e-7 * want.abs().max(1.0), "kind {number} at {x}: {}, not {want}", curve.at(x));
        }
    }
    for (white, top) in [(1.0_f32, 1.0_f32), (1.0, 255.0), (1.0, 65535.0), (65535.0, 1.0), (255.0, 100.0)] {
        for share in [0.0, 0.055] {
            let (gain, shift) = (f64::from(top) * 1.055 / f64::from(white).sqrt(), share * f64::from(white));
            let shape = Shape { gain, shift, white, top, knee: 0.01 * white, limit: 1.8 * white, ..ROOT };
            let curve = Power::<6>::new(shape);
            assert_eq!((curve.at(white), curve.at(0.0)), (top, 0.001));
        }
    }
}

#[test]
fn fused_levels_give_the_same_bits() {
    for (shape, curve) in kinds() {
        for start in (0..shape.limit.to_bits()).step_by(399_991) {
            let lane: Lane =
                std::array::from_fn(|i| f32::from_bits((start + 739 * i as u32).min(shape.limit.to_bits())));
            let want = lane.map(|value| curve.at(value));
            let mut got = [9.0; BLOCK];
            for beyond in [None, Some(-0.5), Some(f32::NAN), Some(2.0)] {
                let mut lane = lane;
                lane[77] = beyond.unwrap_or(lane[77]);
                let check = |is_beyond: bool, got: &Lane, to_the_bit: bool| {
                    assert_eq!(is_beyond, beyond.is_some());
                    assert!(are_met(got, &want, beyond.map(|_| 77), to_the_bit), "{shape:?}");
                };
                check(curve.apply_plain(&lane, &mut got), &got, false);
                check(curve.apply(&lane, &mut got), &got, level() > Level::Plain);
                #[cfg(target_arch = "x86_64")]
                if level() >= Level::Avx2 {
                    // SAFETY: the processor has AVX2.
                    check(unsafe { curve.apply_avx2(&lane, &mut got) }, &got, true);
                }
            }
        }
    }
}

#[test]
fn codes_are_read_the_same_at_fused_levels() {
    let white = 65535.0;
    let (gain, limit) = (f64::from(white).powi(-4), 65535.0);
    let shape = Shape { gain, shift: 0.0, white, knee: 2500.0, slope: 1e-6, start: 0.0, limit, ..FOURTH };
    let curve: Power<5> = Power::new(shape);
    assert_eq!((curve.at(white), curve.at(100.0)), (1.0, 100.0 * 1e-6));
    for start in (0..=u16::MAX).step_by(BLOCK) {
        let codes: [u16; BLOCK] = std::array::from_fn(|i| start + i as u16);
        let (want, mut got) = (codes.map(|code| curve.at(f32::from(code))), [9.0; BLOCK]);
        for (code, light) in codes.iter().zip(want).filter(|(code, _)| **code > 2500) {
            let want = exact(&shape, f64::from(*code));
            assert!((f64::from(light) - want).abs() < 2e-6 * want + 3e-8, "{code}: {light}, not {want}");
        }
        assert!(!curve.apply_plain(&codes, &mut got) && are_met(&got, &want, None, false));
        assert!(!curve.apply(&codes, &mut got) && are_met(&got, &want, None, level() > Level::Plain));
        #[cfg(target_arch = "x86_64")]
        if level() >= Level::Avx2 {
            // SAFETY: the processor has AVX2.
            assert!(unsafe { !curve.apply_avx2(&codes, &mut got) } && are_met(&got, &want, None, true));
        }
    }
}

fn check_codes<C: Code + Default + PartialEq + std::fmt::Debug + Into<f64>>(white: f64) {
    let curve: Power<7> = Power::new(Shape { gain: white, top: white as f32, slope: 22.4 * white, start: 0.0, ..ROOT });
    let odd = [-0.0, -1.0, -1e30, 1.000_001, 7.0, 3e9, f32::MAX, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN];
    for start in (0..ONE).step_by(99_991) {
        let mut lane: Lane = std::array::from_fn(|i| f32::from_bits((start + 739 * i as u32).min(ONE)));
        lane[60..60 + odd.len()].copy_from_slice(&odd);
        let (mut plain, mut fast) = ([C::default(); BLOCK], [C::nearest(7.0); BLOCK]);
        curve.apply_rounded_plain(&lane, &mut plain);
        curve.apply_rounded(&lane, &mut fast);
        let fused = lane.map(|x| C::nearest(curve.at(unit(x))));
        for codes in [plain, fused] {
            for (code, x) in codes.into_iter().zip(lane).filter(|(_, x)| !(0.0..0.002).contains(x)) {
                let want = f64::from(unit(x)).sqrt() * white;
                assert!((code.into() - want).abs() < 0.6, "{x}: {code:?}, not {want}");
            }
        }
        assert_eq!(fast, if level() > Level::Plain { fused } else { plain });
        #[cfg(target_arch = "x86_64")]
        if level() >= Level::Avx2 {
            // SAFETY: the processor has AVX2.
            unsafe { C::apply_avx2(&curve, &lane, &mut fast) };
            assert_eq!(fast, fused);
        }
    }
}

#[test]
fn codes_are_rounded_and_limited_the_same_at_fused_levels() {
    check_codes::<u8>(255.0);
    check_codes::<u16>(65535.0);
}
