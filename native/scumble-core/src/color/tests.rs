//! Properties of the row kernels over all 8-bit codes and over random light.

use half::f16;
use proptest::prelude::*;

use super::lab::{TOE, dot, lightness_from_root, root_from_light, roots_from_light};
use super::primaries::Primaries;
use super::*;

const FULL: Weight<'_> = Weight { strength: 1.0, mask: None, adds: false };

fn row<'a, S>(samples: &'a [S], channels: usize, transfer: Transfer<'a>) -> Row<'a, S> {
    Row { samples, channels, transfer }
}

fn lightness_of<S: Sample>(samples: &[S], channels: usize, transfer: Transfer<'_>) -> Vec<f32> {
    let mut l = vec![0.0; samples.len() / channels];
    lightness_row(row(samples, channels, transfer), &mut l);
    l
}

#[test]
fn gray_codes_come_back_exactly_without_chroma() {
    let eight: Vec<u8> = (0..=255).collect();
    let zeros = vec![0.0; 65536];
    let none = PlaneRows { a: &zeros, b: &zeros };
    let mut out8 = vec![0_u8; 256 * 3];
    recolor_row(row(&eight, 1, Transfer::Srgb), &mut out8, FULL, &none);
    assert!(out8.chunks(3).zip(&eight).all(|(rgb, code)| rgb.iter().all(|c| c == code)));
    let sixteen: Vec<u16> = (0..=65535).collect();
    let mut out16 = vec![0_u16; 65536 * 3];
    recolor_row(row(&sixteen, 1, Transfer::Srgb), &mut out16, FULL, &none);
    assert!(out16.chunks(3).zip(&sixteen).all(|(rgb, code)| rgb.iter().all(|c| c == code)));
}

#[test]
fn lightness_of_every_code_is_near_the_formula() {
    let exact = |sample: f64| {
        let light = super::curve::linear_from_srgb_exact(sample);
        if light > 216.0 / 24_389.0 { 116.0 * light.cbrt() - 16.0 } else { light * 24_389.0 / 27.0 }
    };
    let codes: Vec<u16> = (0..=65535).collect();
    let samples: Vec<f32> = codes.iter().map(|code| f32::from(*code) / 65535.0).collect();
    let (sixteen, float) = (lightness_of(&codes, 1, Transfer::Srgb), lightness_of(&samples, 1, Transfer::Srgb));
    for ((code, sixteen), float) in codes.iter().zip(sixteen).zip(float) {
        let want = exact(f64::from(*code) / 65535.0);
        let worst = (f64::from(sixteen) - want).abs().max((f64::from(float) - want).abs());
        assert!(worst < 1e-4, "{code}: {sixteen} and {float}, not {want}");
    }
}

#[test]
fn roots_of_blocks_are_near_the_formula() {
    let odd = [-0.0, -0.3, 2.0, 7.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    for start in 0..20_000_u32 {
        let mut light: [f32; BLOCK] = std::array::from_fn(|i| (start * BLOCK as u32 + i as u32) as f32 / 1_280_000.0);
        let wants = start % 2 == 1;
        if wants {
            light[5..5 + odd.len()].copy_from_slice(&odd);
        }
        let mut roots = [9.0; BLOCK];
        assert_eq!(roots_from_light(&light, &mut roots), wants);
        for (light, root) in light.into_iter().zip(roots) {
            let y = if light.is_finite() { f64::from(light) } else { 0.0 };
            let want = if y > f64::from(TOE) { y.cbrt() } else { y * 841.0 / 108.0 + 4.0 / 29.0 };
            assert!((f64::from(root) - want).abs() < 3e-7 * want.abs(), "{light}: {root}, not {want}");
        }
    }
}

#[test]
fn own_chroma_reproduces_eight_bit_colours_within_one_code() {
    let codes: Vec<u8> = (0..=255).step_by(3).collect();
    let mut rgb = Vec::new();
    for r in &codes {
        for g in &codes {
            codes.iter().for_each(|b| rgb.extend([*r, *g, *b]));
        }
    }
    let unit: Vec<[f32; 3]> = rgb.chunks(3).map(|p| [0, 1, 2].map(|c| f32::from(p[c]) / 255.0)).collect();
    let mut lab = vec![[0.0; 3]; unit.len()];
    lab_from_rgb(&unit, Transfer::Srgb, &mut lab);
    let a: Vec<f32> = lab.iter().map(|v| v[1]).collect();
    let b: Vec<f32> = lab.iter().map(|v| v[2]).collect();
    let mut out = vec![0_u8; rgb.len()];
    recolor_row(row(&rgb, 3, Transfer::Srgb), &mut out, FULL, &PlaneRows { a: &a, b: &b });
    for (before, after) in rgb.chunks(3).zip(out.chunks(3)) {
        assert!(before.iter().zip(after).all(|(x, y)| x.abs_diff(*y) <= 1), "{before:?} became {after:?}");
    }
}

#[test]
fn light_that_is_no_number_is_copied_and_counts_as_black() {
    let samples = [f32::NAN, 0.5, 0.5, -0.25, -0.25, -0.25, 4.0, 4.0, 4.0, f32::INFINITY, 0.0, 0.0];
    assert_eq!(lightness_of(&samples, 3, Transfer::Linear), vec![0.0, 0.0, 100.0, 100.0]);
    let mut out = [0.0; 12];
    let chroma = [40.0; 4];
    recolor_row(row(&samples, 3, Transfer::Linear), &mut out, FULL, &PlaneRows { a: &chroma, b: &chroma });
    assert!(out[0].is_nan() && out[1..3] == [0.5, 0.5]);
    assert_eq!(out[3..6], [-0.25; 3]);
    assert_eq!(out[9..12], samples[9..12]);
    let y = dot(Primaries::SRGB.y, out[6], out[7], out[8]);
    assert!((y - 4.0).abs() < 1e-5 && out[6] > 4.0 && out[8] < 4.0, "bright light keeps its luminance and is coloured");
}

#[test]
fn reduced_colours_reach_their_places_whatever_is_left_alone_behind_them() {
    let samples: Vec<u16> = (0..5 * BLOCK * 3).map(|i| (i * 7919 % 60_000) as u16).collect();
    let pixels = 5 * BLOCK;
    let wild: Vec<f32> = (0..pixels).map(|i| if i % 9 == 0 { 120.0 } else { 0.0 }).collect();
    let chroma = PlaneRows { a: &wild, b: &wild };
    let alone = |i: usize| {
        let (mut one, chroma) = ([0; 3], PlaneRows { a: &wild[i..=i], b: &wild[i..=i] });
        recolor_row(row(&samples[3 * i..3 * i + 3], 3, Transfer::Srgb), &mut one, FULL, &chroma);
        one
    };
    let all: Vec<u8> = vec![255; pixels];
    let (mut few, mut none) = (all.clone(), all.clone());
    few[2 * BLOCK..].fill(0);
    few[..40].fill(0);
    none.fill(0);
    for mask in [&few, &all, &none, &few] {
        for channels in [3, 4] {
            let given: Vec<u16> = samples.chunks(3).flat_map(|p| [p, &[777]].concat()[..channels].to_vec()).collect();
            let mut out = vec![1; pixels * channels];
            let weight = Weight { mask: Some(mask), ..FULL };
            recolor_row(row(&given, channels, Transfer::Srgb), &mut out, weight, &chroma);
            for (i, (pixel, before)) in out.chunks(channels).zip(given.chunks(channels)).enumerate() {
                let want = if mask[i] == 0 { [before[0], before[1], before[2]] } else { alone(i) };
                assert_eq!((&pixel[..3], &pixel[3..]), (&want[..], &before[3..]), "pixel {i} of {channels} channels");
            }
        }
    }
}

proptest! {
    #[test]
    fn lightness_is_kept_and_colours_stay_inside(
        light in prop::collection::vec(0.0_f32..=1.0, 3 * 40),
        chroma in prop::collection::vec(-160.0_f32..160.0, 80),
        strength in 0.0_f32..=1.0,
    ) {
        let (a, b) = chroma.split_at(40);
        let mut out = vec![0.0_f32; light.len()];
        let weight = Weight { strength, mask: None, adds: false };
        recolor_row(row(&light, 3, Transfer::Srgb), &mut out, weight, &PlaneRows { a, b });
        prop_assert!(out.iter().all(|v| (0.0..=1.0).contains(v)));
        let (before, after) = (lightness_of(&light, 3, Transfer::Srgb), lightness_of(&out, 3, Transfer::Srgb));
        for (before, after) in before.iter().zip(&after) {
            prop_assert!((before - after).abs() < 1e-3, "{before} became {after}");
        }
    }

    #[test]
    fn hue_is_kept_where_chroma_is_reduced(l in 5.0_f32..95.0, a in -150.0_f32..150.0, b in -150.0_f32..150.0) {
        let (mut rgb, mut back) = ([[0.0; 3]], [[0.0; 3]]);
        rgb_from_lab(&[[l, a, b]], Transfer::Srgb, &mut rgb);
        lab_from_rgb(&rgb, Transfer::Srgb, &mut back);
        let (got, want) = (back[0][1].hypot(back[0][2]), a.hypot(b));
        prop_assert!((back[0][0] - l).abs() < 1e-3);
        prop_assert!(got <= want + 1e-2);
        prop_assert!((back[0][1] * b - back[0][2] * a).abs() <= 2e-2 * want.max(1.0), "{back:?}");
    }

    #[test]
    fn every_sample_type_agrees_on_lightness(code in 0_u8..=255) {
        let unit = f32::from(code) / 255.0;
        let eight = lightness_of(&[code], 1, Transfer::Srgb)[0];
        prop_assert!((eight - lightness_of(&[u16::from(code) * 257], 1, Transfer::Srgb)[0]).abs() < 1e-4);
        prop_assert!((eight - lightness_of(&[unit], 1, Transfer::Srgb)[0]).abs() < 1e-3);
        prop_assert!((eight - lightness_of(&[f16::from_f32(unit)], 1, Transfer::Srgb)[0]).abs() < 0.05);
        prop_assert!((eight - lightness_from_root(root_from_light(
            super::curve::linear_from_srgb_exact(f64::from(unit)) as f32))).abs() < 1e-4);
    }
}
