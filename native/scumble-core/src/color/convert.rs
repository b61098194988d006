//! Samples from one space to another: by our own kernels where both are known to them, by littlecms for other inks.

use lcms2::{Flags, Intent, PixelFormat, Profile as Icc, ThreadContext, Transform};

use super::dispatch::fast_path;
use super::kernel::{Row, store_floats};
use super::lab::dot;
use super::sample::{Sample, Scratch};
use super::transfer::Transfer;
use super::{BLOCK, Lane};
use crate::error::{Error, Result};

fast_path! {
    /// Float samples, three a pixel, of one row's colours in another space; alpha is left out.
    ///
    /// They are not limited: what lies outside of the new space is below 0 or above 1. White stays white.
    pub fn convert_row<S: Sample>(row: Row<'_, S>, to: Transfer<'_>, out: &mut [f32]) = convert_row_body;
}

#[inline(always)]
fn convert_row_body<S: Sample>(row: Row<'_, S>, to: Transfer<'_>, out: &mut [f32]) {
    let (from, wanted) = (row.transfer.primaries(), to.primaries());
    let same = from == wanted;
    let (mut scratch, mut floats) = (Scratch::black(), Scratch::black());
    let mut light: [Lane; 3] = [[0.0; BLOCK]; 3];
    for (block, out) in out.chunks_mut(BLOCK * 3).enumerate() {
        row.load(block * BLOCK, out.len() / 3, &mut scratch, &mut light);
        if !(same || row.channels < 3) {
            let [red, green, blue] = &mut light;
            for i in 0..BLOCK {
                let rgb = (red[i], green[i], blue[i]);
                let of = |share: [f32; 3]| dot(share, rgb.0, rgb.1, rgb.2);
                let y = of(from.y);
                let (dx, dz) = (of(from.x) - y, of(from.z) - y);
                let channel = |back: [f32; 2]| y + back[0] * dx + back[1] * dz;
                (red[i], green[i], blue[i]) =
                    (channel(wanted.back[0]), channel(wanted.back[1]), channel(wanted.back[2]));
            }
        }
        if let Transfer::Profile(profile) = to {
            profile.look_up(&mut light, false);
        }
        store_floats(&light, to, &mut floats, out);
    }
}

/// A way from the samples of one profile to those of an RGB one, relative colorimetric with black on black.
#[derive(Debug)]
pub struct ByProfiles(Vec<u8>, Vec<u8>);

impl ByProfiles {
    /// Takes the profile of the samples and that of the result.
    pub fn new(source: &[u8], target: &[u8]) -> Self {
        Self(source.to_vec(), target.to_vec())
    }

    /// Converts 8-bit samples of CMYK (ink 0 to 255).
    ///
    /// # Errors
    /// `Argument` when a profile is broken, or not of such samples.
    pub fn cmyk_u8(&self, from: &[[u8; 4]], to: &mut [[u8; 3]]) -> Result<()> {
        self.run(from, to, (b"CMYK", PixelFormat::CMYK_8, PixelFormat::RGB_8))
    }

    /// Converts 16-bit samples of CMYK (ink 0 to 65535).
    ///
    /// # Errors
    /// As for `cmyk_u8`.
    pub fn cmyk_u16(&self, from: &[[u16; 4]], to: &mut [[u16; 3]]) -> Result<()> {
        self.run(from, to, (b"CMYK", PixelFormat::CMYK_16, PixelFormat::RGB_16))
    }

    /// Converts 8-bit samples of RGB.
    ///
    /// # Errors
    /// As for `cmyk_u8`.
    pub fn rgb_u8(&self, from: &[[u8; 3]], to: &mut [[u8; 3]]) -> Result<()> {
        self.run(from, to, (b"RGB ", PixelFormat::RGB_8, PixelFormat::RGB_8))
    }

    /// Converts 16-bit samples of RGB.
    ///
    /// # Errors
    /// As for `cmyk_u8`.
    pub fn rgb_u16(&self, from: &[[u16; 3]], to: &mut [[u16; 3]]) -> Result<()> {
        self.run(from, to, (b"RGB ", PixelFormat::RGB_16, PixelFormat::RGB_16))
    }

    fn run<F: bytemuck::Pod, T: bytemuck::Pod>(
        &self,
        from: &[F],
        to: &mut [T],
        (space, format, wanted): (&[u8; 4], PixelFormat, PixelFormat),
    ) -> Result<()> {
        let broken = || Error::argument("the colour profile breaks the rules, or belongs to other channels");
        let word = |icc: &[u8], at: usize| icc.get(at..at + 4).map(<[u8]>::to_vec);
        if word(&self.0, 16).as_deref() != Some(space.as_slice()) || word(&self.1, 16).as_deref() != Some(b"RGB ") {
            return Err(broken());
        }
        let context = ThreadContext::new();
        let open = |icc: &[u8]| Icc::new_icc_context(&context, icc).map_err(|_| broken());
        let (source, target) = (open(&self.0)?, open(&self.1)?);
        let flags = Flags::BLACKPOINT_COMPENSATION;
        let intent = Intent::RelativeColorimetric;
        let transform: Transform<F, T, ThreadContext> =
            Transform::new_flags_context(&context, &source, format, &target, wanted, intent, flags)
                .map_err(|_| broken())?;
        transform.transform_pixels(from, to);
        Ok(())
    }
}
