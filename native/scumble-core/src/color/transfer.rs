//! How a picture's samples relate to light.

use super::primaries::Primaries;
use super::profile::Profile;
use super::tone::Tone;

/// How a picture's samples relate to light.
#[derive(Debug, Clone, Copy)]
pub enum Transfer<'a> {
    /// Samples follow the sRGB curve; 1 is white and nothing is brighter.
    Srgb,
    /// Samples are proportional to light (EXR); float values above 1 are allowed and kept.
    Linear,
    /// Samples mean what an ICC profile says; 1 is white, unless they are floats proportional to light.
    Profile(&'a Profile),
}

impl<'a> Transfer<'a> {
    /// The largest light that a channel of a colour (not gray) may have.
    pub(super) fn limit(self, is_float: bool) -> f32 {
        let is_open = match self {
            Self::Srgb => false,
            Self::Linear => is_float,
            Self::Profile(profile) => is_float && profile.is_linear(),
        };
        if is_open { f32::INFINITY } else { 1.0 }
    }

    /// What the light of its channels is.
    pub(super) fn primaries(self) -> &'a Primaries {
        match self {
            Self::Srgb | Self::Linear => &Primaries::SRGB,
            Self::Profile(profile) => profile.primaries(),
        }
    }

    /// Whether all three channels have sRGB's curve, and so can be worked on together.
    #[inline(always)]
    pub(super) fn is_srgb(self) -> bool {
        (0..3).all(|channel| matches!(self.curve(channel), Curve::Srgb))
    }

    /// The curve of one channel.
    #[inline(always)]
    pub(super) fn curve(self, channel: usize) -> Curve<'a> {
        match self {
            Self::Srgb => Curve::Srgb,
            Self::Linear => Curve::Linear,
            Self::Profile(profile) => match profile.tone(channel) {
                Some(tone) if tone.is_srgb() => Curve::Srgb,
                Some(tone) => Curve::Tone(tone),
                None => Curve::Linear,
            },
        }
    }
}

/// The curve of one channel.
#[derive(Debug, Clone, Copy)]
pub enum Curve<'a> {
    /// That of sRGB.
    Srgb,
    /// None.
    Linear,
    /// That of a profile.
    Tone(&'a Tone),
}
