//! The row kernel that gives pixels new chroma: from samples to samples, without a buffer in between.

use super::ahead::{AHEAD, PARTS, fetch};
use super::bounds::Bounds;
use super::dispatch::{Rounding, fast_path};
use super::gamut::{Reducer, Sink, linear_from_lab};
use super::interleaved::alpha_of;
use super::kernel::{Chroma, Row, Weight, filled_up, luminance};
use super::lab::{chroma_from_roots, dot, finite, lightness_from_root, roots_from_light};
use super::primaries::Primaries;
use super::sample::{Sample, Scratch};
use super::transfer::Transfer;
use super::{BLOCK, Lane, Lanes};

fast_path! {
    /// Writes one row of RGB (or RGBA) with the source's luminance and the wanted chroma.
    ///
    /// Colours that do not fit lose chroma, never lightness; of a float colour that itself lies outside, as much as is
    /// to be kept is. Alpha, pixels of weight 0, and pixels whose light is no
    /// finite number are copied bit for bit.
    pub fn recolor_row<S: Sample, C: Chroma>(
        row: Row<'_, S>, dst: &mut [S], weight: Weight<'_>, chroma: &C,
    ) = recolor_row_body<Rounding>;
}

#[inline(always)]
fn recolor_row_body<S: Sample, C: Chroma, R: Rounding>(row: Row<'_, S>, dst: &mut [S], weight: Weight<'_>, chroma: &C) {
    let primaries = row.transfer.primaries();
    let alpha = row.channels.is_multiple_of(2);
    let dst_channels = 3 + usize::from(alpha);
    let (mut scratch, mut reducer) = (Scratch::black(), Reducer::take_out());
    let Lanes(rgb) = &mut Lanes::<3>::new();
    let Lanes([y, fy, l, a, b, w, least, most]) = &mut Lanes::<8>::new();
    let mut is_outside = [0; BLOCK];
    let limit = row.transfer.limit(S::IS_FLOAT);
    let keeps_own = S::IS_FLOAT && row.channels >= 3 && !weight.is_full();
    *most = [limit; BLOCK];
    *w = [weight.strength; BLOCK];
    let (width, written) = (dst.len() / dst_channels, dst.as_ptr());
    for x in (0..width).step_by(BLOCK) {
        let count = BLOCK.min(width - x);
        let out = &mut dst[x * dst_channels..(x + count) * dst_channels];
        let pixels = &row.samples[x * row.channels..(x + count) * row.channels];
        // Between the steps, so that memory is read and written while there is something to compute.
        let soon = |part: usize| {
            let (next, count) = (x + AHEAD + part * (BLOCK / PARTS), BLOCK / PARTS);
            row.read_soon(next, count);
            chroma.read_soon(next, count);
            fetch::<true, _>(written, next * dst_channels, count * dst_channels);
        };
        if weight.mask.is_some() {
            weight.fill(x, count, w);
        }
        'block: {
            if !weight.is_full() && w[..count].iter().all(|w| *w == 0.0) {
                copy_pixels(pixels, row.channels, out, dst_channels, |_| true);
                break 'block;
            }
            soon(0);
            row.load(x, count, &mut scratch, rgb);
            soon(1);
            luminance(primaries, row.channels, rgb, y);
            if keeps_own {
                // A mixture with a colour that lies outside may lie there too, but no farther.
                for i in 0..BLOCK {
                    let takes_all = w[i] == 1.0 && !weight.adds;
                    let own = (rgb[0][i].min(rgb[1][i]).min(rgb[2][i]), rgb[0][i].max(rgb[1][i]).max(rgb[2][i]));
                    least[i] = if takes_all { 0.0 } else { own.0.min(0.0) };
                    most[i] = if takes_all { limit } else { own.1.max(limit) };
                }
            }
            soon(2);
            let is_beyond = roots_from_light(y, fy);
            soon(3);
            let copies = S::IS_FLOAT && is_beyond && !are_finite(y) || !weight.is_full() && w.contains(&0.0);
            if C::READS_LIGHTNESS {
                for i in 0..BLOCK {
                    l[i] = lightness_from_root(fy[i]).clamp(0.0, 100.0);
                }
            }
            soon(4);
            chroma.fill(x, count, l, a, b);
            if !C::IS_FINITE {
                for i in 0..BLOCK {
                    (a[i], b[i]) = (finite(a[i]), finite(b[i]));
                }
            }
            if !weight.is_full() {
                let own = (row.channels >= 3).then_some((primaries, &*rgb));
                blend(own, fy, (w, weight.adds), a, b);
            }
            soon(5);
            let bounds = Bounds { least, most, limit };
            if linear_from_lab::<S::Bounds, R>(primaries, (y, fy), (a, b), bounds, &mut is_outside, rgb) {
                is_outside[count..].fill(0);
                if copies {
                    for i in 0..count {
                        is_outside[i] *= u32::from(y[i].is_finite() & (w[i] != 0.0));
                    }
                }
                reducer.take::<S::Bounds>(primaries, x, [y, fy, a, b, bounds.least, bounds.most], &is_outside, rgb);
            }
            soon(6);
            soon(7);
            if let Transfer::Profile(profile) = row.transfer {
                profile.look_up(rgb, false);
            }
            if alpha && count == BLOCK {
                alpha_of(pixels, row.channels, &mut scratch.alpha);
            } else if alpha {
                alpha_of(&filled_up(pixels), row.channels, &mut scratch.alpha);
            }
            if count == BLOCK {
                store_block(rgb, row.transfer, &mut scratch, out, dst_channels);
            } else {
                let mut whole = [S::BLACK; BLOCK * 4];
                store_block(rgb, row.transfer, &mut scratch, &mut whole, dst_channels);
                out.copy_from_slice(&whole[..out.len()]);
            }
            if copies {
                copy_pixels(pixels, row.channels, out, dst_channels, |i| !y[i].is_finite() || w[i] == 0.0);
            }
        }
        // Also behind a block that needed nothing: others may wait.
        let is_end = x + count == width;
        let mut sink = Pixels { transfer: row.transfer, scratch: &mut scratch, dst, channels: dst_channels };
        reducer.run::<S::Bounds, R>(primaries, is_end, &mut sink);
    }
    reducer.put_back();
}

/// Whether all are numbers, none infinite.
#[inline(always)]
fn are_finite(values: &Lane) -> bool {
    values.iter().fold(0, |most, value| most.max(value.abs().to_bits())) < f32::INFINITY.to_bits()
}

/// Where reduced colours of a row go.
struct Pixels<'a, S> {
    transfer: Transfer<'a>,
    scratch: &'a mut Scratch<S>,
    dst: &'a mut [S],
    channels: usize,
}

impl<S: Sample> Sink for Pixels<'_, S> {
    #[inline(always)]
    fn put(&mut self, places: &[u32], colors: &mut [Lane; 3]) {
        if let Transfer::Profile(profile) = self.transfer {
            profile.look_up(colors, false);
        }
        let mut pixels = [S::BLACK; BLOCK * 3];
        S::store(colors, self.transfer, self.scratch, &mut pixels, 3);
        for (pixel, place) in pixels.as_chunks::<3>().0.iter().zip(places) {
            self.dst[*place as usize * self.channels..][..3].copy_from_slice(pixel);
        }
    }
}

#[inline(always)]
fn store_block<S: Sample>(
    rgb: &[Lane; 3],
    transfer: Transfer<'_>,
    scratch: &mut Scratch<S>,
    pixels: &mut [S],
    channels: usize,
) {
    match channels {
        3 => S::store(rgb, transfer, scratch, pixels, 3),
        _ => S::store(rgb, transfer, scratch, pixels, 4),
    }
}

/// Mixes the wanted chroma with the source's own, by weight, or adds it.
#[inline(always)]
fn blend(own: Option<(&Primaries, &[Lane; 3])>, fy: &Lane, (w, adds): (&Lane, bool), a: &mut Lane, b: &mut Lane) {
    let [mut own_x, mut own_z] = [*fy; 2];
    if let Some((p, rgb)) = own {
        for (row, root) in [(p.x, &mut own_x), (p.z, &mut own_z)] {
            let light: Lane = std::array::from_fn(|i| dot(row, rgb[0][i], rgb[1][i], rgb[2][i]));
            roots_from_light(&light, root);
        }
    }
    for i in 0..BLOCK {
        let own = chroma_from_roots(own_x[i], fy[i], own_z[i]);
        if adds {
            a[i] = finite(own.0 + w[i] * a[i]);
            b[i] = finite(own.1 + w[i] * b[i]);
            continue;
        }
        // At full weight the wanted chroma itself, so that a pixel does not depend on its neighbours in the block.
        a[i] = if w[i] == 1.0 { a[i] } else { finite(own.0 + w[i] * (a[i] - own.0)) };
        b[i] = if w[i] == 1.0 { b[i] } else { finite(own.1 + w[i] * (b[i] - own.1)) };
    }
}

/// Copies the chosen pixels unchanged; gray fills three channels.
#[inline(always)]
fn copy_pixels<S: Sample>(
    src: &[S],
    src_channels: usize,
    dst: &mut [S],
    dst_channels: usize,
    chosen: impl Fn(usize) -> bool,
) {
    let pixels = src.chunks_exact(src_channels).zip(dst.chunks_exact_mut(dst_channels));
    for (_, (from, to)) in pixels.enumerate().filter(|(i, _)| chosen(*i)) {
        if src_channels < 3 {
            to[..3].fill(from[0]);
            if dst_channels == 4 {
                to[3] = from[1];
            }
        } else {
            to.copy_from_slice(from);
        }
    }
}
