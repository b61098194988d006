//! Colours that mix well: Oklab (Ottosson 2020), in which a straight line between two colours looks even.

use crate::color::{cube_root, linear_from_srgb, srgb_from_linear};

/// Lightness 0 to 1 and two axes of chroma, about ±0.3.
pub type Oklab = [f32; 3];

/// Oklab of an sRGB colour, 0 to 1.
pub fn oklab_from_srgb(rgb: [f32; 3]) -> Oklab {
    let [r, g, b] = rgb.map(|value| linear_from_srgb(value.clamp(0.0, 1.0)));
    let root = |light: f32| if light > 1e-9 { cube_root(light) } else { 0.0 };
    let l = root(0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b);
    let m = root(0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b);
    let s = root(0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b);
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

/// sRGB, 0 to 1, of an Oklab colour; what does not fit is cut off.
#[inline(always)]
pub fn srgb_from_oklab([lightness, a, b]: Oklab) -> [f32; 3] {
    let cube = |root: f32| root * root * root;
    let l = cube(lightness + 0.396_337_78 * a + 0.215_803_76 * b);
    let m = cube(lightness - 0.105_561_346 * a - 0.063_854_17 * b);
    let s = cube(lightness - 0.089_484_18 * a - 1.291_485_5 * b);
    [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
        -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ]
    .map(|light| srgb_from_linear(light.clamp(0.0, 1.0)))
}

/// The mixture with `share` of `to`.
#[inline(always)]
pub fn mixed(from: Oklab, to: Oklab, share: f32) -> Oklab {
    [0, 1, 2].map(|i| from[i] + share * (to[i] - from[i]))
}

/// The colour made lighter by `amount` of lightness.
#[inline(always)]
pub fn lighter([lightness, a, b]: Oklab, amount: f32) -> Oklab {
    [(lightness + amount).clamp(0.0, 1.0), a, b]
}

/// The colours to work with: those given, and where it is one alone its neighbours in lightness too.
pub fn palette_from_srgb(colors: &[[f32; 3]]) -> Vec<Oklab> {
    let mut palette: Vec<Oklab> = colors.iter().map(|color| oklab_from_srgb(*color)).collect();
    if let [only] = palette[..] {
        let step = if only[0] > 0.85 { -SHADE } else { SHADE };
        palette.push(lighter(only, step));
        palette.push(lighter(only, if only[0] < 0.15 { 2.0 * step } else { -step.abs() }));
    }
    palette
}

/// Lightness between one colour and its neighbours: visible, and still that colour.
const SHADE: f32 = 0.06;

/// The colour at `place`, 0 to 1, of a way through all of a palette; from the last back to the first where `closed`.
///
/// A cubic that passes through every colour, a little slower there than on average: each has room of its own, and no
/// kink shows as a line.
pub fn along(palette: &[Oklab], place: f32, closed: bool) -> Oklab {
    let count = palette.len();
    let steps = if closed { count } else { count - 1 };
    if steps == 0 {
        return palette[0];
    }
    let at = place.clamp(0.0, 1.0) * steps as f32;
    let first = (at.floor() as usize).min(steps - 1);
    let t = at - first as f32;
    let at = |k: isize| -> Oklab {
        let i = first as isize + k;
        let last = count as isize;
        palette[if closed { i.rem_euclid(last) } else { i.clamp(0, last - 1) } as usize]
    };
    let (square, cube) = (t * t, t * t * t);
    let (rise, leave, arrive) = (3.0 * square - 2.0 * cube, cube - 2.0 * square + t, cube - square);
    let (before, from, to, after) = (at(-1), at(0), at(1), at(2));
    [0, 1, 2].map(|i| {
        from[i] + rise * (to[i] - from[i]) + TENSION * (leave * (to[i] - before[i]) + arrive * (after[i] - from[i]))
    })
}

/// The slope at a colour, as a share of the way between its neighbours (Catmull and Rom 1974 take 0.5).
const TENSION: f32 = 0.3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_come_back_and_gray_has_no_chroma() {
        for code in 0..4096_u32 {
            let rgb = [code & 15, (code >> 4) & 15, code >> 8].map(|c| c as f32 / 15.0);
            let back = srgb_from_oklab(oklab_from_srgb(rgb));
            assert!(rgb.iter().zip(back).all(|(a, b)| (a - b).abs() < 2e-3), "{rgb:?} {back:?}");
        }
        let gray = oklab_from_srgb([0.5; 3]);
        assert!(gray[1].abs() < 1e-4 && gray[2].abs() < 1e-4);
    }

    #[test]
    fn a_way_through_a_palette_meets_all_colours() {
        let palette = [[0.1, 0.0, 0.0], [0.5, 0.1, 0.0], [0.9, 0.0, 0.1]];
        let near = |one: Oklab, other: Oklab| one.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-6);
        for (place, color) in [0.0, 0.5, 1.0].into_iter().zip(palette) {
            assert!(near(along(&palette, place, false), color), "{place}");
        }
        assert!(near(along(&palette, 1.0, true), palette[0]));
        assert_eq!(palette_from_srgb(&[[0.2, 0.3, 0.4]]).len(), 3);
    }
}
