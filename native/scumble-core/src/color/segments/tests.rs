//! Every level gives the same bits, and they are near the curve.

use super::*;

const ROOT: Domain = Domain { start: 1.0 / 256.0, knee: 0.002, slope: 22.4, white: 1.0 };

fn square_root() -> Segments<6> {
    Segments::new(f64::sqrt, ROOT)
}

fn bits(lane: &Lane) -> [u32; BLOCK] {
    lane.map(f32::to_bits)
}

#[test]
fn the_curve_is_met_and_white_is_exact() {
    let curve = square_root();
    for i in 2_001..1_000_000_u32 {
        let x = i as f32 * 1e-6;
        let want = f64::from(x).sqrt();
        assert!((f64::from(curve.at(x)) - want).abs() < 1.2e-6, "{x}: {}, not {want}", curve.at(x));
    }
    let short = Domain { start: 1.0 / 32.0, knee: 0.04, slope: 0.04, white: 1.0 };
    let short: Segments<5> = Segments::new(|x| x * x, short);
    assert_eq!((curve.at(1.0), curve.at(0.0), short.at(1.0)), (1.0, 0.0, 1.0));
    assert_eq!((curve.at(0.001), short.at(0.03)), (0.001 * 22.4, 0.03 * 0.04));
}

#[test]
fn every_level_gives_the_same_bits() {
    let curve = square_root();
    for start in (0..ONE).step_by(99_991) {
        let lane: Lane = std::array::from_fn(|i| f32::from_bits((start + 739 * i as u32).min(ONE)));
        let want = lane.map(|value| curve.at(value).to_bits());
        let mut got = [9.0; BLOCK];
        for beyond in [None, Some(-0.5), Some(f32::NAN), Some(1.000_001)] {
            let mut lane = lane;
            lane[77] = beyond.unwrap_or(lane[77]);
            let check = |is_beyond: bool, got: &Lane| {
                assert_eq!(is_beyond, beyond.is_some());
                assert!((0..BLOCK).all(|i| i == 77 || got[i].to_bits() == want[i]));
            };
            check(curve.apply_plain(&lane, &mut got), &got);
            check(curve.apply(&lane, &mut got), &got);
            #[cfg(target_arch = "x86_64")]
            if level() >= Level::Avx2 {
                // SAFETY: the processor has AVX2.
                check(unsafe { curve.apply_avx2(&lane, &mut got) }, &got);
            }
        }
    }
}

#[test]
fn codes_are_read_the_same_at_every_level() {
    let white = 65535.0;
    let domain = Domain { start: 2048.0, knee: 2500.0, slope: 1e-6, white };
    let curve: Segments<5> = Segments::new(|x| (x / f64::from(white)).powi(2), domain);
    assert_eq!((curve.at(white), curve.at(100.0)), (1.0, 100.0 * 1e-6));
    for start in (0..=u16::MAX).step_by(BLOCK) {
        let codes: [u16; BLOCK] = std::array::from_fn(|i| start + i as u16);
        let (mut plain, mut fast) = ([9.0; BLOCK], [8.0; BLOCK]);
        assert!(!curve.apply_plain(&codes, &mut plain));
        for (code, light) in codes.iter().zip(plain).filter(|(code, _)| **code > 2500) {
            let want = (f64::from(*code) / f64::from(white)).powi(2);
            assert!((f64::from(light) / want - 1.0).abs() < 2e-6, "{code}: {light}, not {want}");
        }
        assert!(!curve.apply(&codes, &mut fast));
        assert_eq!(bits(&fast), bits(&plain));
        #[cfg(target_arch = "x86_64")]
        if level() >= Level::Avx2 {
            // SAFETY: the processor has AVX2.
            unsafe { curve.apply_avx2(&codes, &mut fast) };
            assert_eq!(bits(&fast), bits(&plain));
        }
    }
}

fn check_codes<C: Code + Default + PartialEq + std::fmt::Debug + Into<f64>>(white: f64) {
    let curve: Segments<6> = Segments::new(|x| x.sqrt() * white, Domain { slope: 22.4 * white, ..ROOT });
    let odd = [-0.0, -1.0, -1e30, 1.000_001, 7.0, 3e9, f32::MAX, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN];
    for start in (0..ONE).step_by(99_991) {
        let mut lane: Lane = std::array::from_fn(|i| f32::from_bits((start + 739 * i as u32).min(ONE)));
        lane[60..60 + odd.len()].copy_from_slice(&odd);
        let (mut plain, mut fast) = ([C::default(); BLOCK], [C::nearest(7.0); BLOCK]);
        curve.apply_rounded_plain(&lane, &mut plain);
        for (code, x) in plain.into_iter().zip(lane).filter(|(_, x)| !(0.0..0.002).contains(x)) {
            let want = f64::from(unit(x)).sqrt() * white;
            assert!((code.into() - want).abs() < 0.6, "{x}: {code:?}, not {want}");
        }
        curve.apply_rounded(&lane, &mut fast);
        assert_eq!(fast, plain);
        #[cfg(target_arch = "x86_64")]
        if level() >= Level::Avx2 {
            // SAFETY: the processor has AVX2.
            unsafe { C::apply_avx2(&curve, &lane, &mut fast) };
            assert_eq!(fast, plain);
        }
    }
}

#[test]
fn codes_are_rounded_and_limited_the_same_at_every_level() {
    check_codes::<u8>(255.0);
    check_codes::<u16>(65535.0);
}
