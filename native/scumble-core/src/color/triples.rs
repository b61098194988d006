//! Lab of single colours and back, in any space.

use super::bounds::{Bounds, Unit};
use super::dispatch::{Rounding, fast_path};
use super::gamut::{Reducer, Sink, linear_from_lab};
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
    pub fn rgb_from_lab<>(lab: &[[f32; 3]], transfer: Transfer<'_>, rgb: &mut [[f32; 3]]) = rgb_from_lab_body<Rounding>;
}

#[inline(always)]
fn rgb_from_lab_body<R: Rounding>(lab: &[[f32; 3]], transfer: Transfer<'_>, rgb: &mut [[f32; 3]]) {
    let primaries = transfer.primaries();
    let mut lanes: [Lane; 4] = [[0.0; BLOCK]; 4];
    let (mut scratch, mut reducer) = (Scratch::black(), Reducer::take_out());
    let mut light = [[0.0; BLOCK]; 3];
    let mut is_outside = [0; BLOCK];
    let bounds = Bounds { least: &[0.0; BLOCK], most: &[1.0; BLOCK], limit: 1.0 };
    for (block, lab) in lab.chunks(BLOCK).enumerate() {
        let (x, count) = (block * BLOCK, lab.len());
        let [y, fy, a, b] = &mut lanes;
        for (i, lab) in lab.iter().enumerate() {
            let lightness = if lab[0] > 0.0 { lab[0].min(100.0) } else { 0.0 };
            fy[i] = (lightness + 16.0) * (1.0 / 116.0);
            y[i] = light_from_root::<R>(fy[i]).clamp(0.0, 1.0);
            a[i] = finite(lab[1]);
            b[i] = finite(lab[2]);
        }
        if linear_from_lab::<Unit, R>(primaries, (y, fy), (a, b), bounds, &mut is_outside, &mut light) {
            is_outside[count..].fill(0);
            reducer.take::<Unit>(primaries, x, [y, fy, a, b, bounds.least, bounds.most], &is_outside, &mut light);
        }
        let mut sink = Triples { transfer, scratch: &mut scratch, rgb: &mut *rgb };
        let whole = sink.encoded(&mut light);
        sink.rgb[x..x + count].copy_from_slice(&whole[..count]);
        reducer.run::<Unit, R>(primaries, x + BLOCK >= sink.rgb.len(), &mut sink);
    }
    reducer.put_back();
}

/// Where colours go.
struct Triples<'a> {
    transfer: Transfer<'a>,
    scratch: &'a mut Scratch<f32>,
    rgb: &'a mut [[f32; 3]],
}

impl Triples<'_> {
    #[inline(always)]
    fn encoded(&mut self, light: &mut [Lane; 3]) -> [[f32; 3]; BLOCK] {
        if let Transfer::Profile(profile) = self.transfer {
            profile.look_up(light, false);
        }
        let mut samples = [[0.0; 3]; BLOCK];
        store_floats(light, self.transfer, self.scratch, samples.as_flattened_mut());
        samples
    }
}

impl Sink for Triples<'_> {
    #[inline(always)]
    fn put(&mut self, places: &[u32], colors: &mut [Lane; 3]) {
        for (color, place) in self.encoded(colors).iter().zip(places) {
            self.rgb[*place as usize] = *color;
        }
    }
}
