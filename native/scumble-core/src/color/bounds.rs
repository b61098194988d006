//! What linear channels may be: the bounds of the gamut, with room for rounding.

use super::Lane;

/// Rounding room at the gamut's border, worth less than 5e-4 of L. Without it a colour on the border that rounds to
/// the outside could lose much chroma: the border is hollow there (yellow), and the search ends at its near side.
const ROOM_ABOVE: f32 = 1e-5;
/// See `ROOM_ABOVE`; below zero it is a constant and a share of the luminance.
const ROOM_BELOW: [f32; 2] = [3e-7, 1e-5];

/// What each channel of a pixel may be, least and most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// 0, or less where the pixel's own colour has less.
    pub least: &'a Lane,
    /// The space's limit, or more where the pixel's own colour has more.
    pub most: &'a Lane,
    /// The space's limit: 0 to it lies within the bounds of every pixel.
    pub limit: f32,
}

/// Which bounds there are.
pub trait Bounding {
    /// Whether they are 0 and 1 whatever is given, and gray is inside.
    const IS_UNIT: bool;
    /// Whether what rounding left outside is moved to the bounds.
    const IS_STRICT: bool;
    /// How many lanes tell what matters of a pixel: without its bounds, or with them.
    const LANES: usize = if Self::IS_UNIT { 4 } else { 6 };
}

/// Those that are given.
#[derive(Debug)]
pub struct Given;
/// 0 and 1.
#[derive(Debug)]
pub struct Unit;
/// 0 and 1, to which the encoder of whole numbers limits light anyway.
#[derive(Debug)]
pub struct Coded;

impl Bounding for Given {
    const IS_UNIT: bool = false;
    const IS_STRICT: bool = true;
}

impl Bounding for Unit {
    const IS_UNIT: bool = true;
    const IS_STRICT: bool = true;
}

impl Bounding for Coded {
    const IS_UNIT: bool = true;
    const IS_STRICT: bool = false;
}

/// The larger; the second one if the first is no number. One instruction, which `f32::max` is not.
#[inline(always)]
pub fn larger(one: f32, two: f32) -> f32 {
    if one > two { one } else { two }
}

/// The smaller; the second one if the first is no number.
#[inline(always)]
pub fn smaller(one: f32, two: f32) -> f32 {
    if one < two { one } else { two }
}

/// Whether a colour of luminance `y` lies within its bounds, but for rounding.
#[inline(always)]
pub fn is_inside([red, green, blue]: [f32; 3], y: f32, (least, most): (f32, f32)) -> bool {
    let low = smaller(smaller(red, green), blue);
    let high = larger(larger(red, green), blue);
    (low >= least - (ROOM_BELOW[0] + ROOM_BELOW[1] * y)) & (high <= most + ROOM_ABOVE)
}

/// The extremes of colours between 0 and 1, and so of one more: the least and the greatest, with room for rounding
/// below unless the bounds are strict.
#[inline(always)]
pub fn extreme<B: Bounding>([red, green, blue]: [f32; 3], y: f32, (least, most): (f32, f32)) -> (f32, f32) {
    let low = smaller(smaller(red, green), blue);
    let high = larger(larger(red, green), blue);
    let low = if B::IS_STRICT { low } else { low + (ROOM_BELOW[0] + ROOM_BELOW[1] * y) };
    (smaller(low, least), larger(high, most))
}

/// Whether colours of these extremes all lie inside, and need not be moved to the bounds either.
#[inline(always)]
pub fn is_within<B: Bounding>((least, most): (f32, f32), limit: f32) -> bool {
    (least >= 0.0) & (most <= if B::IS_STRICT { limit } else { 1.0 + ROOM_ABOVE })
}

/// Takes the room for rounding away again. Gray that lies outside itself stays as it is.
#[inline(always)]
pub fn bounded<B: Bounding>(color: [f32; 3], y: f32, (least, most): (f32, f32)) -> [f32; 3] {
    if !B::IS_STRICT {
        return color;
    }
    let (low, high) = if B::IS_UNIT { (0.0, 1.0) } else { (smaller(y, least), larger(y, most)) };
    color.map(|channel| smaller(larger(channel, low), high))
}

/// From 0 to 1; 0 for NaN.
#[inline(always)]
pub fn unit(share: f32) -> f32 {
    smaller(larger(share, 0.0), 1.0)
}
