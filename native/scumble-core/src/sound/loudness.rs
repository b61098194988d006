//! Integrated loudness (EBU R 128, ITU-R BS.1770) and true peak of a sound.

use ebur128::{EbuR128, Mode};

use crate::error::{Error, Result};
use crate::progress::Ticker;
use crate::sound::true_peak::TruePeak;
use crate::sound::{BLOCK_FRAMES, Frame, RATE_HZ};

/// A running measurement of integrated loudness.
pub struct Loudness(EbuR128);

impl Loudness {
    /// Begins a measurement.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn new() -> Result<Self> {
        EbuR128::new(2, RATE_HZ, Mode::I).map(Self).map_err(|error| failed(&error))
    }

    /// Takes the next frames.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn add(&mut self, frames: &[Frame]) -> Result<()> {
        self.0.add_frames_f32(frames.as_flattened()).map_err(|error| failed(&error))
    }

    /// Integrated loudness in LUFS of what was taken; minus infinity for silence and for less than 0.4 s.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn lufs(&self) -> Result<f64> {
        self.0.loudness_global().map_err(|error| failed(&error))
    }
}

fn failed(error: &ebur128::Error) -> Error {
    Error::OutOfMemory { during: format!("measuring loudness ({error})") }
}

/// Integrated loudness in LUFS.
///
/// # Errors
/// `Cancelled`, `OutOfMemory`.
pub fn lufs(sound: &[Frame], ticker: &mut Ticker<'_>) -> Result<f64> {
    let mut loudness = Loudness::new()?;
    for (number, block) in sound.chunks(BLOCK_FRAMES).enumerate() {
        ticker.tick((number * BLOCK_FRAMES) as f64 / sound.len() as f64)?;
        loudness.add(block)?;
    }
    loudness.lufs()
}

/// True peak as a magnitude.
pub fn true_peak(sound: &[Frame]) -> f32 {
    let mut meter = TruePeak::default();
    let rest = [[0.0; 2]; crate::sound::true_peak::DELAY];
    sound.iter().chain(&rest).fold(0.0, |peak, frame| meter.next(*frame).max(peak))
}
