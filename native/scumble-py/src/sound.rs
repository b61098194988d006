//! Sound as Python sees it: SoundFonts, the mix bus, mastering, gains and rates, on float32 frames of shape (n, 2).

use std::fs::File;
use std::io::Cursor;

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use scumble_core::Error;
use scumble_core::sound::font::{Font, Preset};
use scumble_core::sound::gains::{self, Point};
use scumble_core::sound::mix::{self, Ends, Track};
use scumble_core::sound::sampler::Note;
use scumble_core::sound::{Frame, loudness, master, rate};

use crate::arrays::values;
use crate::errors::OrRaise;
use crate::progress::run_detached;

/// Presets of a SoundFont 2 or 3, decoded and ready to be played.
///
/// Args:
///     source: the path of the file, or its bytes.
///     presets: (bank, program) of what will be played; bank 128 holds drum kits. What the file lacks is replaced: by
///         the nearest program of the same General MIDI family, or the bank's first.
///
/// Raises:
///     MediaError: when the file is no SoundFont, is damaged, or its samples are too long (512 MiB).
#[pyclass(frozen, module = "scumble._native")]
pub struct SoundFont {
    inner: Font,
}

#[pymethods]
impl SoundFont {
    #[new]
    #[pyo3(signature = (source: "str | bytes", presets: "list[tuple[int, int]]"))]
    fn new(py: Python<'_>, source: &Bound<'_, PyAny>, presets: Vec<(u16, u16)>) -> PyResult<Self> {
        let wanted: Vec<Preset> = presets.into_iter().map(|(bank, program)| Preset { bank, program }).collect();
        if let Ok(bytes) = source.extract::<&[u8]>() {
            return Ok(Self { inner: py.detach(|| Font::load(&mut Cursor::new(bytes), &wanted)).or_raise()? });
        }
        let path: std::path::PathBuf = source.extract()?;
        let inner = py.detach(|| {
            let mut file =
                File::open(&path).map_err(|error| Error::sound_font(format!("it cannot be read: {error}")))?;
            Font::load(&mut file, &wanted)
        });
        Ok(Self { inner: inner.or_raise()? })
    }

    /// The (bank, program) that is played where another is asked for; None when the font was not loaded for it.
    #[pyo3(signature = (bank: "int", program: "int") -> "tuple[int, int] | None")]
    fn played(&self, bank: u16, program: u16) -> Option<(u16, u16)> {
        self.inner.played(Preset { bank, program }).map(|preset| (preset.bank, preset.program))
    }
}

/// A track: (bank, program), notes, level in dB, pan, reverb send, points of its level.
type TrackTuple<'py> = ((u16, u16), PyReadonlyArray2<'py, i64>, f64, f64, f64, Option<PyReadonlyArray2<'py, f64>>);

/// Plays tracks into a mix of about -20 LUFS at 48 kHz, gently compressed, and each into a stem of its own.
///
/// Stems have their share of the room and the bus's gain, so they add up to the mix. The same input gives the same
/// bits, whatever the number of workers, with stems or without.
///
/// Args:
///     font: loaded for the tracks' presets.
///     tracks: for each ((bank, program), notes, gain_db, pan -1 to 1, reverb 0 to 1, points). Notes: int64, shape
///         (n, 4): first frame, frame of the release, MIDI key, velocity 1 to 127. Points: float64, shape (n, 2): frame
///         and factor, rising, joined by straight lines; or None.
///     mix: float32, shape (frames, 2), written.
///     stems: one array like `mix` for each track, written; or none.
///     cyclic: the end leads into the beginning: what rings on is added there.
///     fade_out: frames over which the end fades to nothing, when it does not.
///     fonts: a font for each track, loaded for its preset, where not all are played on `font`; or none.
///     workers: tracks that are played at a time, at least 1.
///     progress: called at most 20 times a second with the share done; an exception from it stops the work.
///
/// Raises:
///     ParamError: when a shape or value is out of range.
///     MediaError: when the font's values lead the voices astray.
#[pyfunction]
#[pyo3(signature = (
    font: "SoundFont",
    tracks: "list[_Track]",
    mix: "_Floats",
    stems: "list[_Floats]" = vec![],
    *,
    cyclic: "bool" = false,
    fade_out: "int" = 0,
    fonts: "list[SoundFont]" = vec![],
    workers: "int" = 1,
    progress: "_Listener | None" = None
) -> "None")]
#[allow(clippy::too_many_arguments)]
pub fn play_tracks<'py>(
    py: Python<'py>,
    font: &SoundFont,
    tracks: Vec<TrackTuple<'py>>,
    mut mix: PyReadwriteArray2<'py, f32>,
    mut stems: Vec<PyReadwriteArray2<'py, f32>>,
    cyclic: bool,
    fade_out: usize,
    fonts: Vec<PyRef<'py, SoundFont>>,
    workers: usize,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let own: Vec<Font> = fonts.iter().map(|font| font.inner.clone()).collect();
    let fonts: Vec<&Font> = if own.is_empty() { vec![&font.inner; tracks.len()] } else { own.iter().collect() };
    let tracks = tracks.iter().map(track).collect::<scumble_core::Result<Vec<Track>>>().or_raise()?;
    let mix = frames_mut(&mut mix)?;
    let mut stems = stems.iter_mut().map(frames_mut).collect::<PyResult<Vec<_>>>()?;
    let ends = Ends { cyclic, fade_out };
    run_detached(py, progress, |ticker| mix::play(&fonts, &tracks, mix, &mut stems, ends, workers, ticker))
}

/// Writes a mix at a wanted loudness, true peaks under a ceiling, and returns the gain it took, in dB.
///
/// Args:
///     mix: float32, shape (frames, 2), 48 kHz.
///     out: like `mix`, written; not the same memory.
///     target_lufs: integrated loudness (ITU-R BS.1770), met to 0.05 LU where the limiter lets it; None keeps it.
///     ceiling_db: dBTP.
///     cyclic: the end leads into the beginning.
///     progress: as for `play_tracks`.
///
/// Raises:
///     ParamError: when shapes differ or are empty.
#[pyfunction]
#[pyo3(signature = (
    mix: "_Floats",
    out: "_Floats",
    *,
    target_lufs: "float | None",
    ceiling_db: "float" = -1.0,
    cyclic: "bool" = false,
    progress: "_Listener | None" = None
) -> "float")]
pub fn master_sound<'py>(
    py: Python<'py>,
    mix: PyReadonlyArray2<'py, f32>,
    mut out: PyReadwriteArray2<'py, f32>,
    target_lufs: Option<f64>,
    ceiling_db: f64,
    cyclic: bool,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<f64> {
    let mix = frames(&mix)?;
    let out = frames_mut(&mut out)?;
    run_detached(py, progress, |ticker| match target_lufs {
        Some(target) => master::master(mix, out, target, ceiling_db, cyclic, ticker),
        None => master::limit(mix, out, 0.0, ceiling_db, cyclic, ticker).map(|_| 0.0),
    })
}

/// Integrated loudness in LUFS, minus infinity for silence and less than 0.4 s; and true peak in dBTP.
///
/// Args:
///     sound: float32, shape (frames, 2), 48 kHz.
///
/// Raises:
///     ParamError: for another shape.
#[pyfunction]
#[pyo3(signature = (sound: "_Floats") -> "tuple[float, float]")]
pub fn loudness_and_peak<'py>(py: Python<'py>, sound: PyReadonlyArray2<'py, f32>) -> PyResult<(f64, f64)> {
    let sound = frames(&sound)?;
    let lufs = run_detached(py, None, |ticker| loudness::lufs(sound, ticker))?;
    let peak = py.detach(|| loudness::true_peak(sound));
    Ok((lufs, scumble_core::sound::db_from_factor(f64::from(peak))))
}

/// Multiplies a sound, in place, by factors joined by straight lines.
///
/// Args:
///     sound: float32, shape (frames, 2).
///     points: float64, shape (n, 2): frame and factor, frames rising.
///
/// Raises:
///     ParamError: for another shape, or frames that do not rise.
#[pyfunction]
#[pyo3(signature = (sound: "_Floats", points: "_Doubles") -> "None")]
pub fn apply_gains<'py>(
    py: Python<'py>,
    mut sound: PyReadwriteArray2<'py, f32>,
    points: PyReadonlyArray2<'py, f64>,
) -> PyResult<()> {
    let points = curve(&points).or_raise()?;
    let sound = frames_mut(&mut sound)?;
    py.detach(|| gains::apply(sound, &points));
    Ok(())
}

/// Changes the rate of a mono sound, block by block: `push` what there is, then `finish`.
///
/// Args:
///     from_hz: the rate of what is pushed.
///     to_hz: the rate of what is returned.
///
/// Raises:
///     ParamError: for rates outside of 1 to 768 kHz, or with too small a common measure.
#[pyclass(module = "scumble._native")]
pub struct Resampler {
    inner: rate::Resampler,
}

#[pymethods]
impl Resampler {
    #[new]
    #[pyo3(signature = (from_hz: "int", to_hz: "int"))]
    fn new(from_hz: u32, to_hz: u32) -> PyResult<Self> {
        Ok(Self { inner: rate::Resampler::new(from_hz, to_hz).or_raise()? })
    }

    /// Takes float32 samples, shape (n,), and returns those that are ready.
    #[pyo3(signature = (samples: "_Floats") -> "_Floats")]
    fn push<'py>(&mut self, py: Python<'py>, samples: PyReadonlyArray1<'py, f32>) -> Bound<'py, PyArray1<f32>> {
        let samples = values(&samples);
        py.detach(|| self.inner.push(&samples)).into_pyarray(py)
    }

    /// Returns the rest: altogether as many samples as the sound has at the new rate, rounded.
    #[pyo3(signature = () -> "_Floats")]
    fn finish<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        self.inner.finish().into_pyarray(py)
    }
}

fn track(given: &TrackTuple<'_>) -> scumble_core::Result<Track> {
    let ((bank, program), notes, gain_db, pan, reverb, points) = given;
    if notes.shape()[1] != 4 {
        return Err(Error::argument("notes have four columns: start, end, key, velocity"));
    }
    let byte = |value: i64| u8::try_from(value).map_err(|_| Error::argument("a key or velocity above 127"));
    let frame = |value: i64| u64::try_from(value).map_err(|_| Error::argument("a note before the beginning"));
    let notes = notes.as_array();
    let notes = notes
        .rows()
        .into_iter()
        .map(|row| Ok(Note { start: frame(row[0])?, end: frame(row[1])?, key: byte(row[2])?, velocity: byte(row[3])? }))
        .collect::<scumble_core::Result<Vec<Note>>>()?;
    let expression = points.as_ref().map_or(Ok(vec![]), curve)?;
    let preset = Preset { bank: *bank, program: *program };
    Ok(Track { preset, notes, gain_db: *gain_db, pan: *pan, reverb: *reverb, expression })
}

fn curve(points: &PyReadonlyArray2<'_, f64>) -> scumble_core::Result<Vec<Point>> {
    if points.shape()[1] != 2 {
        return Err(Error::argument("points have two columns: frame, factor"));
    }
    let points: Vec<Point> = points
        .as_array()
        .rows()
        .into_iter()
        .map(|row| Point { frame: row[0].max(0.0) as u64, factor: row[1] as f32 })
        .collect();
    let rising = points.windows(2).all(|pair| pair[0].frame < pair[1].frame);
    if !rising || points.iter().any(|point| !point.factor.is_finite()) {
        return Err(Error::argument("points must rise in time, and their factors be numbers"));
    }
    Ok(points)
}

fn frames<'a>(sound: &'a PyReadonlyArray2<'_, f32>) -> PyResult<&'a [Frame]> {
    let flat = sound.as_slice().ok().filter(|_| sound.is_c_contiguous() && sound.shape()[1] == 2);
    flat.map(|flat| flat.as_chunks::<2>().0).ok_or_else(wrong_shape).or_raise()
}

fn frames_mut<'a>(sound: &'a mut PyReadwriteArray2<'_, f32>) -> PyResult<&'a mut [Frame]> {
    if !sound.is_c_contiguous() || sound.shape()[1] != 2 {
        return Err(wrong_shape()).or_raise();
    }
    let flat = sound.as_slice_mut().map_err(|_| wrong_shape()).or_raise()?;
    Ok(flat.as_chunks_mut::<2>().0)
}

fn wrong_shape() -> Error {
    Error::argument("a sound is float32 frames in C order, shape (frames, 2)")
}
