//! Gentle bus compression: one gain for both channels and every stem, so that stems still add up to the mix.

use crate::sound::{Frame, RATE_HZ, db_from_factor, factor_from_db};

/// Level of the mix, LUFS, that the threshold is meant for.
pub const WORKING_LUFS: f64 = -20.0;
const THRESHOLD_DB: f64 = -18.0;
const RATIO: f64 = 2.0;
const KNEE_DB: f64 = 10.0;
const ATTACK_S: f64 = 0.02;
const RELEASE_S: f64 = 0.25;
const DETECTOR_S: f64 = 0.01;

/// A feed-forward compressor with a soft knee (Giannoulis, Massberg and Reiss 2012), its level a running power.
pub struct Compressor {
    power: f64,
    reduction_db: f64,
    detector: f64,
    attack: f64,
    release: f64,
}

impl Default for Compressor {
    fn default() -> Self {
        let pole = |seconds: f64| (-1.0 / (seconds * f64::from(RATE_HZ))).exp();
        let (detector, attack, release) = (pole(DETECTOR_S), pole(ATTACK_S), pole(RELEASE_S));
        Self { power: 0.0, reduction_db: 0.0, detector, attack, release }
    }
}

impl Compressor {
    /// The factor for this frame.
    pub fn gain(&mut self, frame: Frame) -> f32 {
        let power = f64::from(frame[0]).powi(2).max(f64::from(frame[1]).powi(2));
        self.power = power + self.detector * (self.power - power);
        if self.power < 1e-6 && self.reduction_db < 1e-6 {
            return 1.0;
        }
        // Twice the mean power of a sine is its peak: levels are those of a sine's peak.
        let wanted = reduction_db(db_from_factor((2.0 * self.power).sqrt()));
        let pole = if wanted > self.reduction_db { self.attack } else { self.release };
        self.reduction_db = wanted + pole * (self.reduction_db - wanted);
        factor_from_db(-self.reduction_db) as f32
    }
}

/// How many decibels a steady level is lowered.
fn reduction_db(level_db: f64) -> f64 {
    let over = level_db - THRESHOLD_DB;
    let slope = 1.0 - 1.0 / RATIO;
    if over <= -KNEE_DB / 2.0 {
        0.0
    } else if over < KNEE_DB / 2.0 {
        slope * (over + KNEE_DB / 2.0).powi(2) / (2.0 * KNEE_DB)
    } else {
        slope * over
    }
}
