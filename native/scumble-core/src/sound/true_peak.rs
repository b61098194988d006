//! True peak: the largest value of the sound between its samples too, by four-fold oversampling (ITU-R BS.1770-5).

use std::f64::consts::PI;

use crate::sound::Frame;

const PHASES: usize = 4;
const TAPS: usize = 24;
const KAISER_BETA: f64 = 7.0;
const LANES: usize = 2 * PHASES;

/// How many frames the meter is late: what it tells belongs to the frame that many before, and what follows it.
pub const DELAY: usize = TAPS / 2;

/// Oversamples a sound and tells its peaks, frame by frame.
pub struct TruePeak {
    /// The last `TAPS` frames, twice over, so that a window of them lies in one piece.
    memory: [Frame; 2 * TAPS],
    at: usize,
    taps: [[f32; LANES]; TAPS],
}

impl Default for TruePeak {
    fn default() -> Self {
        let mut taps = [[0.0; LANES]; TAPS];
        for (number, tap) in taps.iter_mut().enumerate() {
            for (lane, value) in tap.iter_mut().enumerate() {
                let offset = number as f64 - (TAPS / 2 - 1) as f64 - (lane / 2) as f64 / PHASES as f64;
                *value = (sinc(offset) * kaiser(offset / (TAPS / 2) as f64, KAISER_BETA)) as f32;
            }
        }
        Self { memory: [[0.0; 2]; 2 * TAPS], at: 0, taps }
    }
}

impl TruePeak {
    /// Takes a frame, and returns the largest magnitude between the frame `DELAY` before it and the one after that.
    pub fn next(&mut self, frame: Frame) -> f32 {
        self.memory[self.at] = frame;
        self.memory[self.at + TAPS] = frame;
        self.at = (self.at + 1) % TAPS;
        let mut lanes = [0.0f32; LANES];
        for (tap, frame) in self.taps.iter().zip(&self.memory[self.at..self.at + TAPS]) {
            for (lane, (value, weight)) in lanes.iter_mut().zip(tap).enumerate() {
                *value += weight * frame[lane % 2];
            }
        }
        lanes.iter().fold(0.0f32, |peak, value| peak.max(value.abs()))
    }
}

pub(crate) fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// Kaiser's window at -1 to 1, 0 beyond.
pub(crate) fn kaiser(x: f64, beta: f64) -> f64 {
    if x.abs() > 1.0 { 0.0 } else { bessel_i0(beta * (1.0 - x * x).sqrt()) / bessel_i0(beta) }
}

fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-17 * sum {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}
