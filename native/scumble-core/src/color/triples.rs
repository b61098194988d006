//! Lab of single colours and back, in any space.

use super::bounds::{Bounds, Unit};
use super::dispatch::fast_path;
use super::gamut::{Reducer, linear_from_lab};
use super::kernel::{Row, luminance, store_floats};
use super::lab::{chroma_from_linear, finite, light_from_root, lightness_from_root, root_from_light};
use super::sample::Scratch;
use super::transfer::Transfer;
use super::{BLOCK, Lane};

fast_path! {
    /// Lab of `[r, g, b]` triples, 0 to 1. `L` is 0 to 100; gray has a = b = 0.
    pub fn lab_from_rgb<>(rgb: &[[f32; 3]], transfer: Transfer<'_>, lab: &mut [[f32; 3]]) = lab_from_rgb_body;
}

#[inline(always)]
fn lab_from_rgb_body(rgb: &[[f32; 3]], transfer: Transfer<'_>, lab: &mut [[f32; 3]]) {
    let primaries = transfer.primaries();
    let row = Row { samples: rgb.as_flattened(), channels: 3, transfer };
    let mut scratch = Scratch::black();
    let mut light = [[0.0; BLOCK]; 3];
    let mut y = [0.0; BLOCK];
    for (block, lab) in lab.chunks_mut(BLOCK).enumerate() {
        row.load(block * BLOCK, lab.len(), &mut scratch, &mut light);
        luminance(primaries, 3, &light, &mut y);
        for (i, lab) in lab.iter_mut().enumerate() {
            let fy = root_from_light(y[i]);
            let (a, b) = chroma_from_linear(primaries, light[0][i], light[1][i], light[2][i], fy);
            *lab = [lightness_from_root(fy), a, b];
        }
    }
}

fast_path! {
    /// `[r, g, b]` triples, within 0 to 1, of Lab triples: chroma is reduced where it does not fit, `L` is taken as 0
    /// to 100.
    pub fn rgb_from_lab<>(lab: &[[f32; 3]], transfer: Transfer<'_>, rgb: &mut [[f32; 3]]) = rgb_from_lab_body;
}

#[inline(always)]
fn rgb_from_lab_body(lab: &[[f32; 3]], transfer: Transfer<'_>, rgb: &mut [[f32; 3]]) {
    let mut lanes: [Lane; 4] = [[0.0; BLOCK]; 4];
    let (mut scratch, mut reducer) = (Scratch::black(), Reducer::new());
    let mut light = [[0.0; BLOCK]; 3];
    let bounds = Bounds { least: &[0.0; BLOCK], most: &[1.0; BLOCK] };
    for (lab, rgb) in lab.chunks(BLOCK).zip(rgb.chunks_mut(BLOCK)) {
        let [y, fy, a, b] = &mut lanes;
        for (i, lab) in lab.iter().enumerate() {
            let lightness = if lab[0] > 0.0 { lab[0].min(100.0) } else { 0.0 };
            fy[i] = (lightness + 16.0) * (1.0 / 116.0);
            y[i] = light_from_root(fy[i]).clamp(0.0, 1.0);
            a[i] = finite(lab[1]);
            b[i] = finite(lab[2]);
        }
        linear_from_lab::<Unit>(transfer.primaries(), (y, fy), (a, b), bounds, &mut reducer, &mut light);
        if let Transfer::Profile(profile) = transfer {
            profile.look_up(&mut light, false);
        }
        store_floats(&light, transfer, &mut scratch, rgb.as_flattened_mut());
    }
}
