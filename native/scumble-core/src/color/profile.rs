//! ICC profiles: which light a picture's samples are. Read by littlecms, then worked with by tables of our own.

use std::sync::Arc;

use lcms2::{
    CIExyY, CIExyYTRIPLE, Flags, Intent, PixelFormat, Profile as Icc, Tag, TagSignature, ThreadContext, ToneCurve,
    ToneCurveRef, Transform,
};

use super::primaries::Primaries;
use super::tone::Tone;
use super::{BLOCK, Lane, linear_from_srgb};
use crate::error::{Error, Result};

type Icc3 = Transform<[f32; 3], [f32; 3], ThreadContext, lcms2::DisallowCache>;

/// What the samples of a picture with an ICC profile mean.
#[derive(Debug)]
pub struct Profile {
    is_gray: bool,
    way: Way,
    colour_icc: Option<Vec<u8>>,
}

#[derive(Debug)]
enum Way {
    /// A curve a channel and three primaries: all in our own kernels.
    Curves { tones: [Arc<Tone>; 3], primaries: Box<Primaries> },
    /// Tables of colours: light of the wide primaries by littlecms, and back.
    Tables(Box<Tables>),
}

struct Tables {
    // Dropped before their context.
    light: Icc3,
    samples: Icc3,
    _context: ThreadContext,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tables")
    }
}

// SAFETY: transforms without a cache only read while they run (littlecms, cmsFLAGS_NOCACHE), and the context, which
// nothing but the transforms uses any more, is freed after them.
unsafe impl Sync for Tables {}
// SAFETY: as above.
unsafe impl Send for Tables {}

/// D65 as the sRGB standard has it.
const WHITE: CIExyY = CIExyY { x: 0.3127, y: 0.3290, Y: 1.0 };
const SRGB: CIExyYTRIPLE = CIExyYTRIPLE {
    Red: CIExyY { x: 0.64, y: 0.33, Y: 1.0 },
    Green: CIExyY { x: 0.30, y: 0.60, Y: 1.0 },
    Blue: CIExyY { x: 0.15, y: 0.06, Y: 1.0 },
};
const WIDE: CIExyYTRIPLE = CIExyYTRIPLE {
    Red: CIExyY { x: 0.708, y: 0.292, Y: 1.0 },
    Green: CIExyY { x: 0.170, y: 0.797, Y: 1.0 },
    Blue: CIExyY { x: 0.131, y: 0.046, Y: 1.0 },
};

impl Profile {
    /// Reads the profile of a gray or an RGB picture.
    ///
    /// # Errors
    /// `Argument` when it is broken, of another kind, or cannot be used to write colours.
    pub fn from_icc(data: &[u8]) -> Result<Self> {
        // The header is looked at first: littlecms hands on words that its enums do not know.
        let word = |at: usize| data.get(at..at + 4).unwrap_or_default();
        if !matches!(word(12), b"scnr" | b"mntr" | b"prtr" | b"spac") || !matches!(word(20), b"XYZ " | b"Lab ") {
            return Err(broken());
        }
        let context = ThreadContext::new();
        let icc = Icc::new_icc_context(&context, data).map_err(|_| broken())?;
        let in_lab = word(20) == b"Lab ";
        match word(16) {
            b"GRAY" => Self::gray(&icc, in_lab),
            b"RGB " => Self::colour(icc, context, in_lab),
            _ => Err(Error::argument("the colour profile is neither of gray nor of RGB pictures")),
        }
    }

    fn gray(icc: &Icc<ThreadContext>, in_lab: bool) -> Result<Self> {
        let Tag::ToneCurve(curve) = icc.read_tag(TagSignature::GrayTRCTag) else { return Err(broken()) };
        let exact = exact_curve(curve);
        let light = |v: f64| if in_lab { light_from_lightness(exact(v)) } else { exact(v) };
        let tone = Arc::new(Tone::new(light).ok_or_else(broken)?);
        let samples: Vec<u16> = (0..4096).map(|i| (light(f64::from(i) / 4095.0) * 65535.0).round() as u16).collect();
        let table = ToneCurve::new_tabulated(&samples);
        let own: &ToneCurveRef = if in_lab { &table } else { curve };
        let owned = own.to_owned();
        let coloured = Icc::new_rgb(&WHITE, &SRGB, &[&owned; 3]).and_then(|profile| profile.icc());
        Ok(Self {
            is_gray: true,
            way: Way::Curves { tones: [tone.clone(), tone.clone(), tone], primaries: Box::new(Primaries::SRGB) },
            colour_icc: Some(coloured.map_err(|_| broken())?),
        })
    }

    fn colour(icc: Icc<ThreadContext>, context: ThreadContext, in_lab: bool) -> Result<Self> {
        use TagSignature::{AToB0Tag, AToB1Tag, AToB2Tag, BToA0Tag, BToA1Tag, BToA2Tag};
        let has = |tags: [TagSignature; 3]| tags.into_iter().any(|tag| icc.has_tag(tag));
        let (reads, writes) = (has([AToB0Tag, AToB1Tag, AToB2Tag]), has([BToA0Tag, BToA1Tag, BToA2Tag]));
        let way = if reads && writes {
            Way::Tables(Box::new(Tables::new(&icc, context)?))
        } else if !in_lab && icc.is_matrix_shaper() {
            curves(&icc)?
        } else if reads {
            return Err(Error::argument("the colour profile can be used to read colours, not to write them"));
        } else {
            return Err(broken());
        };
        Ok(Self { is_gray: false, way, colour_icc: None })
    }

    /// Whether it is of gray pictures.
    pub fn is_gray(&self) -> bool {
        self.is_gray
    }

    /// For a gray profile the one of its coloured copies: the same curve for each channel, and sRGB's primaries.
    pub fn colour_icc(&self) -> Option<&[u8]> {
        self.colour_icc.as_deref()
    }

    /// Whether samples mean what they do in sRGB, to less than a tenth of an 8-bit code.
    pub fn is_srgb(&self) -> bool {
        let Way::Curves { tones, primaries } = &self.way else { return false };
        primaries.is_near(&Primaries::SRGB, 1e-3)
            && tones.iter().all(|tone| {
                (0..=255_u8).all(|code| {
                    let want = linear_from_srgb(f32::from(code) / 255.0);
                    (tone.light_u8().of(code) - want).abs() <= 2e-5 + 2e-4 * want
                })
            })
    }

    /// Whether samples are proportional to light.
    pub fn is_linear(&self) -> bool {
        matches!(&self.way, Way::Curves { tones, .. } if tones.iter().all(|tone| tone.is_linear()))
    }

    /// What the light of its channels is.
    pub(super) fn primaries(&self) -> &Primaries {
        match &self.way {
            Way::Curves { primaries, .. } => primaries,
            Way::Tables(_) => &Primaries::WIDE,
        }
    }

    /// The curve of a channel, unless colours stand in tables.
    #[inline(always)]
    pub(super) fn tone(&self, channel: usize) -> Option<&Tone> {
        match &self.way {
            Way::Curves { tones, .. } => Some(&tones[channel]),
            Way::Tables(_) => None,
        }
    }

    /// Turns samples (0 to 1) of a block into light, or light into samples, if colours stand in tables.
    pub(super) fn look_up(&self, rgb: &mut [Lane; 3], to_light: bool) {
        let Way::Tables(tables) = &self.way else { return };
        let [red, green, blue] = rgb;
        let mut from = [[0.0; 3]; BLOCK];
        let mut to = [[0.0; 3]; BLOCK];
        for i in 0..BLOCK {
            from[i] = [red[i], green[i], blue[i]];
        }
        let transform = if to_light { &tables.light } else { &tables.samples };
        transform.transform_pixels(&from, &mut to);
        for i in 0..BLOCK {
            [red[i], green[i], blue[i]] = to[i];
        }
    }
}

impl Tables {
    fn new(icc: &Icc<ThreadContext>, context: ThreadContext) -> Result<Self> {
        let straight = ToneCurve::new(1.0);
        let wide = Icc::new_rgb_context(&context, &WHITE, &WIDE, &[&straight; 3]).map_err(|_| broken())?;
        let way = |from: &Icc<ThreadContext>, to: &Icc<ThreadContext>| {
            let (format, intent) = (PixelFormat::RGB_FLT, Intent::RelativeColorimetric);
            Transform::new_flags_context(&context, from, format, to, format, intent, Flags::NO_CACHE)
                .map_err(|_| broken())
        };
        Ok(Self { light: way(icc, &wide)?, samples: way(&wide, icc)?, _context: context })
    }
}

fn curves(icc: &Icc<ThreadContext>) -> Result<Way> {
    use TagSignature::{BlueColorantTag, BlueTRCTag, GreenColorantTag, GreenTRCTag, RedColorantTag, RedTRCTag};
    let mut colorants = [[0.0; 3]; 3];
    for (to, tag) in colorants.iter_mut().zip([RedColorantTag, GreenColorantTag, BlueColorantTag]) {
        let Tag::CIEXYZ(xyz) = icc.read_tag(tag) else { return Err(broken()) };
        *to = [xyz.X, xyz.Y, xyz.Z];
    }
    let primaries = Box::new(Primaries::from_colorants(colorants).ok_or_else(broken)?);
    let mut tones: Vec<(Vec<u32>, Arc<Tone>)> = Vec::with_capacity(3);
    for tag in [RedTRCTag, GreenTRCTag, BlueTRCTag] {
        let Tag::ToneCurve(curve) = icc.read_tag(tag) else { return Err(broken()) };
        let exact = exact_curve(curve);
        // Most profiles have one curve for all three channels: one set of tables then.
        let print: Vec<u32> = (0..=64).map(|i| (exact(f64::from(i) / 64.0) as f32).to_bits()).collect();
        let tone = match tones.iter().find(|(other, _)| *other == print) {
            Some((_, tone)) => tone.clone(),
            None => Arc::new(Tone::new(exact).ok_or_else(broken)?),
        };
        tones.push((print, tone));
    }
    let tones = <[_; 3]>::try_from(tones).map_err(|_| broken())?.map(|(_, tone)| tone);
    Ok(Way::Curves { tones, primaries })
}

/// The curve, between the entries of a table too: littlecms itself would round those to 16 bits of light.
fn exact_curve(curve: &ToneCurveRef) -> impl Fn(f64) -> f64 + '_ {
    let table = if curve.parametric_type() == 0 { curve.estimated_entries() } else { &[] };
    move |sample: f64| {
        if table.len() < 2 {
            return f64::from(curve.eval(sample as f32));
        }
        let place = sample.clamp(0.0, 1.0) * (table.len() - 1) as f64;
        let index = (place as usize).min(table.len() - 2);
        let [low, high] = [table[index], table[index + 1]].map(|entry| f64::from(entry) / 65535.0);
        low + (place - index as f64) * (high - low)
    }
}

/// Light of lightness 0 to 1 (CIE 1976).
fn light_from_lightness(lightness: f64) -> f64 {
    let root = (lightness * 100.0 + 16.0) / 116.0;
    if root > 6.0 / 29.0 { root.powi(3) } else { (root - 4.0 / 29.0) * 108.0 / 841.0 }
}

fn broken() -> Error {
    Error::argument("the colour profile breaks the rules, so that nobody knows its colours")
}
