//! Tests of the sound rooms that need no SoundFont: levels, gains, rates, room and limiter.

use proptest::prelude::*;

use crate::progress::Ticker;
use crate::sound::compressor::Compressor;
use crate::sound::gains::{Curve, Point};
use crate::sound::low_cut::LowCut;
use crate::sound::rate::Resampler;
use crate::sound::reverb::Reverb;
use crate::sound::{Frame, RATE_HZ, db_from_factor, factor_from_db, loudness, master, riff};

fn noise(frames: usize, level: f32, mut seed: u32) -> Vec<Frame> {
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        level * ((seed >> 8) as f32 / 8_388_608.0 - 1.0)
    };
    (0..frames).map(|_| [next(), next()]).collect()
}

fn tone(frames: usize, hz: f64, level: f64) -> Vec<Frame> {
    let step = 2.0 * std::f64::consts::PI * hz / f64::from(RATE_HZ);
    (0..frames).map(|frame| [(level * (step * frame as f64 + 0.7).sin()) as f32; 2]).collect()
}

fn mastered(mix: &[Frame], target_lufs: f64, cyclic: bool) -> (Vec<Frame>, f64) {
    let mut out = vec![[0.0; 2]; mix.len()];
    let gain = master::master(mix, &mut out, target_lufs, -1.0, cyclic, &mut Ticker::new(&mut |_| true));
    (out, gain.unwrap_or(f64::NAN))
}

#[test]
fn a_full_scale_tone_of_1_khz_has_the_loudness_of_the_standard() {
    // EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS reads -23 LUFS.
    let sound = tone(RATE_HZ as usize * 5, 1000.0, factor_from_db(-23.0));
    let lufs = loudness::lufs(&sound, &mut Ticker::new(&mut |_| true)).unwrap_or(f64::NAN);
    assert!((lufs + 23.0).abs() < 0.1, "{lufs}");
}

#[test]
fn a_peak_between_samples_is_found() {
    // A quarter of the rate, its samples at ±45°: they are 3 dB below the peak.
    let sound: Vec<Frame> = (0..4800)
        .map(|n| [(std::f64::consts::FRAC_PI_2 * n as f64 + std::f64::consts::FRAC_PI_4).sin() as f32; 2])
        .collect();
    let inner = db_from_factor(f64::from(loudness::true_peak(&sound)));
    assert!((-0.05..0.8).contains(&inner), "{inner}"); // switching it on overshoots a little
}

#[test]
fn mastering_meets_loudness_and_ceiling() {
    for target in [-30.0, -16.0, -11.0] {
        let (out, _) = mastered(&noise(3 * RATE_HZ as usize, 0.02, 1), target, false);
        let lufs = loudness::lufs(&out, &mut Ticker::new(&mut |_| true)).unwrap_or(f64::NAN);
        assert!((lufs - target).abs() < 0.05, "{lufs} for {target}");
        assert!(db_from_factor(f64::from(loudness::true_peak(&out))) <= -1.0);
    }
}

#[test]
fn without_need_the_limiter_is_a_gain() {
    let mix = noise(RATE_HZ as usize, 0.1, 2);
    let (out, gain_db) = mastered(&mix, -40.0, false);
    let factor = factor_from_db(gain_db) as f32;
    assert!(mix.iter().zip(&out).all(|(a, b)| (factor * a[0] - b[0]).abs() < 1e-7));
}

#[test]
fn silence_stays_silence() {
    let (out, gain_db) = mastered(&vec![[0.0; 2]; 50_000], -14.0, false);
    assert_eq!(gain_db, 0.0);
    assert!(out.iter().all(|frame| *frame == [0.0; 2]));
}

#[test]
fn a_turned_loop_is_mastered_to_the_turned_result() {
    let mut mix = noise(RATE_HZ as usize / 2, 0.05, 3);
    mix[100] = [0.9, -0.9];
    let (plain, gain) = mastered(&mix, -14.0, true);
    mix.rotate_left(7000);
    let (mut turned, _) = mastered(&mix, -14.0, true);
    turned.rotate_right(7000);
    assert!(gain.is_finite());
    let worst = plain.iter().zip(&turned).map(|(a, b)| (a[0] - b[0]).abs()).fold(0.0, f32::max);
    assert!(worst < 2e-3, "{worst}");
}

#[test]
fn cancelling_stops_the_work() {
    let mix = noise(RATE_HZ as usize, 0.1, 4);
    let mut out = mix.clone();
    let stopped = master::limit(&mix, &mut out, 0.0, -1.0, false, &mut Ticker::new(&mut |_| false));
    assert_eq!(stopped, Err(crate::Error::Cancelled));
}

#[test]
fn the_room_is_linear_and_dies_away() {
    let (a, b) = (noise(4000, 0.5, 5), noise(4000, 0.5, 6));
    let sound = |input: &mut dyn FnMut(usize) -> Frame| {
        let mut room = Reverb::default();
        (0..8 * RATE_HZ as usize).map(|n| room.next(input(n))).collect::<Vec<_>>()
    };
    let at = |sound: &[Frame], n: usize| sound.get(n).copied().unwrap_or_default();
    let (first, second) = (sound(&mut |n| at(&a, n)), sound(&mut |n| at(&b, n)));
    let both = sound(&mut |n| [at(&a, n)[0] + at(&b, n)[0], at(&a, n)[1] + at(&b, n)[1]]);
    let worst = (0..both.len()).map(|n| (both[n][0] - first[n][0] - second[n][0]).abs()).fold(0.0, f32::max);
    let last = both[both.len() - 4800..].iter().map(|frame| frame[0].abs()).fold(0.0, f32::max);
    assert!(worst < 1e-5 && last < 1e-5, "{worst} {last}");
    assert!(both[3000..20_000].iter().any(|frame| frame[0].abs() > 1e-3));
}

#[test]
fn the_compressor_leaves_quiet_sound_alone_and_lowers_loud_sound() {
    let gain = |level_db: f64| {
        let mut compressor = Compressor::default();
        tone(RATE_HZ as usize, 500.0, factor_from_db(level_db)).iter().map(|frame| compressor.gain(*frame)).last()
    };
    assert_eq!(gain(-40.0), Some(1.0));
    let lowered_db = db_from_factor(f64::from(gain(-6.0).unwrap_or(1.0)));
    assert!((-7.0..-5.0).contains(&lowered_db), "{lowered_db}"); // half of 12 dB over the threshold
}

#[test]
fn the_low_cut_takes_an_offset_and_keeps_the_bass() {
    let mut filter = LowCut::default();
    let offset = (0..2 * RATE_HZ).map(|_| filter.next([0.5; 2])).last().unwrap_or([1.0; 2]);
    assert!(offset[0].abs() < 1e-6);
    let mut filter = LowCut::default();
    let kept =
        tone(RATE_HZ as usize, 80.0, 1.0).iter().map(|frame| filter.next(*frame)[1]).skip(20_000).fold(0.0, f32::max);
    assert!(kept > 0.97, "{kept}");
}

#[test]
fn gains_go_straight_from_point_to_point() {
    let points = [Point { frame: 10, factor: 1.0 }, Point { frame: 20, factor: 0.0 }];
    let mut curve = Curve::new(&points);
    let read: Vec<f32> = [0, 10, 15, 19, 20, 99].iter().map(|frame| curve.factor(*frame)).collect();
    assert!(read.iter().zip([1.0, 1.0, 0.5, 0.1, 0.0, 0.0]).all(|(a, b)| (a - b).abs() < 1e-6), "{read:?}");
    assert_eq!(Curve::new(&[]).factor(3), 1.0);
}

#[test]
fn a_tone_keeps_its_pitch_and_level_at_another_rate() {
    let Ok(mut resampler) = Resampler::new(44_100, 48_000) else { unreachable!("both rates are allowed") };
    let step = 2.0 * std::f64::consts::PI * 997.0 / 44_100.0;
    let input: Vec<f32> = (0..44_100).map(|n| (step * n as f64).sin() as f32).collect();
    let mut out: Vec<f32> = input.chunks(1000).flat_map(|block| resampler.push(block)).collect();
    out.extend(resampler.finish());
    assert_eq!(out.len(), 48_000);
    let wanted = |n: usize| (2.0 * std::f64::consts::PI * 997.0 / 48_000.0 * n as f64).sin() as f32;
    let worst = (200..47_800).map(|n| (out[n] - wanted(n)).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-4, "{worst}");
}

#[test]
fn a_chunk_longer_than_its_file_is_refused() {
    let mut file = std::io::Cursor::new(b"LIST\xff\xff\xff\xffabc".to_vec());
    assert!(riff::chunks(&mut file, 0, 11).is_err());
}

proptest! {
    #[test]
    fn rates_give_the_rounded_length(from in 8_000u32..96_000, length in 1usize..3000, block in 1usize..700) {
        if let Ok(mut resampler) = Resampler::new(from / 100 * 100, 16_000) {
            let sound = vec![0.25; length];
            let given: usize = sound.chunks(block).map(|part| resampler.push(part).len()).sum();
            let wanted = (length as f64 * 16_000.0 / f64::from(from / 100 * 100)).round();
            prop_assert_eq!((given + resampler.finish().len()) as f64, wanted);
        }
    }
}
