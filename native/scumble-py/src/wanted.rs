//! What is wanted at full size, as Python gives it: places with colours, and a picture of strokes.

use numpy::{PyReadonlyArray2, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use scumble_core::Error;
use scumble_core::hints::wanted::{HintPixel, StrokeRows, Strokes, Wanted};

use crate::arrays::{ArraySample, Source, with_sample_type};
use crate::errors::OrRaise;
use crate::space::Meaning;

/// Arguments of one call; each may be missing.
pub struct Wishes<'a, 'py> {
    /// Columns and rows, (n, 2).
    pub xy: Option<&'a PyReadonlyArray2<'py, i32>>,
    /// Lab a and b, (n, 2).
    pub ab: Option<&'a PyReadonlyArray2<'py, f32>>,
    /// Colours and alpha, of the picture's size.
    pub strokes: Option<&'a Bound<'py, PyUntypedArray>>,
    /// What the samples of the strokes mean.
    pub transfer: &'a Meaning,
}

/// Arguments that were read; the strokes stay borrowed.
pub struct Held<'a> {
    pixels: Vec<HintPixel>,
    strokes: Option<Box<dyn HeldStrokes + 'a>>,
}

/// A borrowed picture of strokes, whatever its samples.
trait HeldStrokes {
    fn rows(&self) -> PyResult<Box<dyn StrokeRows + Send + '_>>;
    fn memory(&self) -> (usize, usize);
}

impl<S: ArraySample> HeldStrokes for (Source<'_, S>, &Meaning) {
    fn rows(&self) -> PyResult<Box<dyn StrokeRows + Send + '_>> {
        Ok(Box::new(Strokes::new(self.0.view_as("the strokes")?, self.1.transfer()).or_raise()?))
    }

    fn memory(&self) -> (usize, usize) {
        self.0.extent()
    }
}

impl<'a, 'py: 'a> Wishes<'a, 'py> {
    /// Reads the arguments.
    ///
    /// # Errors
    /// `ParamError` when shapes or types do not fit, or one of `xy` and `ab` is missing.
    pub fn read(&self) -> PyResult<Held<'a>> {
        let strokes = self.strokes.map(|array| held_strokes(array, self.transfer)).transpose()?;
        Ok(Held { pixels: hint_pixels(self.xy, self.ab)?, strokes })
    }
}

impl Held<'_> {
    /// First and one-past-last address of the strokes.
    pub fn memory(&self) -> Option<(usize, usize)> {
        self.strokes.as_ref().map(|strokes| strokes.memory())
    }

    /// Runs `work` with what is wanted of a picture of `size` (width, height).
    ///
    /// # Errors
    /// `ParamError` when a place lies outside, a colour is no number, or the strokes have another size or no alpha;
    /// those of `work`.
    pub fn with<T>(self, size: (usize, usize), work: impl FnOnce(&Wanted<'_>) -> PyResult<T>) -> PyResult<T> {
        let rows = self.strokes.as_ref().map(|strokes| strokes.rows()).transpose()?;
        let rows = rows.as_deref().map(|rows| rows as &dyn StrokeRows);
        work(&Wanted::new(size, self.pixels, rows).or_raise()?)
    }
}

fn held_strokes<'a, 'py: 'a>(
    array: &Bound<'py, PyUntypedArray>,
    transfer: &'a Meaning,
) -> PyResult<Box<dyn HeldStrokes + 'a>> {
    with_sample_type!(array, S => Ok(Box::new((Source::<S>::new(array)?, transfer))))
}

fn hint_pixels(
    xy: Option<&PyReadonlyArray2<'_, i32>>,
    ab: Option<&PyReadonlyArray2<'_, f32>>,
) -> PyResult<Vec<HintPixel>> {
    let (Some(xy), Some(ab)) = (xy, ab) else {
        return match (xy, ab) {
            (None, None) => Ok(Vec::new()),
            _ => Err(Error::argument("hint_xy and hint_ab are given together")).or_raise(),
        };
    };
    if xy.shape() != ab.shape() || xy.shape()[1] != 2 {
        return Err(Error::argument(format!(
            "hint_xy has shape {:?} and hint_ab {:?}; both must be (n, 2)",
            xy.shape(),
            ab.shape()
        )))
        .or_raise();
    }
    let places = xy.as_array();
    let colors = ab.as_array();
    let pixel = |(place, color): (numpy::ndarray::ArrayView1<'_, i32>, numpy::ndarray::ArrayView1<'_, f32>)| {
        let outside = |_| Error::argument(format!("the hint {},{} lies outside the picture", place[0], place[1]));
        let (x, y) = (usize::try_from(place[0]).map_err(outside)?, usize::try_from(place[1]).map_err(outside)?);
        Ok(HintPixel { x, y, ab: [color[0], color[1]] })
    };
    places.rows().into_iter().zip(colors.rows()).map(pixel).collect::<Result<_, Error>>().or_raise()
}
