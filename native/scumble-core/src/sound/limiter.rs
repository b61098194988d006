//! A look-ahead limiter that holds true peaks under a ceiling.

use std::collections::VecDeque;

use crate::sound::true_peak::{self, TruePeak};
use crate::sound::{Frame, RATE_HZ};

/// Frames over which the gain moves down before a peak: 5 ms.
const LOOK_AHEAD: usize = 240;
/// Frames around a peak that are lowered with it, since its neighbours make it.
const MARGIN: usize = 8;
const RELEASE_S: f64 = 0.08;

/// How many frames what comes out is later than what went in.
pub const DELAY: usize = true_peak::DELAY + LOOK_AHEAD + MARGIN;

/// Gain = moving average of the smallest gain needed nearby, which recovers slowly: it is down when the peak comes.
pub struct Limiter {
    ceiling: f32,
    meter: TruePeak,
    /// The gains needed in the window, ascending from the front: (frame, gain).
    smallest: VecDeque<(u64, f64)>,
    frame: u64,
    held: f64,
    release: f64,
    window: VecDeque<f64>,
    sum: f64,
    delayed: VecDeque<Frame>,
}

impl Limiter {
    /// Makes a limiter that is at rest; `ceiling` is a magnitude.
    pub fn new(ceiling: f32) -> Self {
        Self {
            ceiling,
            meter: TruePeak::default(),
            smallest: VecDeque::new(),
            frame: 0,
            held: 1.0,
            release: (-1.0 / (RELEASE_S * f64::from(RATE_HZ))).exp(),
            window: std::iter::repeat_n(1.0, LOOK_AHEAD).collect(),
            sum: LOOK_AHEAD as f64,
            delayed: std::iter::repeat_n([0.0; 2], DELAY).collect(),
        }
    }

    /// Takes a frame and returns the one that went in `DELAY` frames before, limited.
    pub fn next(&mut self, input: Frame) -> Frame {
        let peak = self.meter.next(input);
        let needed = if peak > self.ceiling { f64::from(self.ceiling) / f64::from(peak) } else { 1.0 };
        while self.smallest.back().is_some_and(|(_, gain)| *gain >= needed) {
            self.smallest.pop_back();
        }
        self.smallest.push_back((self.frame, needed));
        let reach = (LOOK_AHEAD + 2 * MARGIN) as u64;
        while self.smallest.front().is_some_and(|(frame, _)| *frame + reach <= self.frame) {
            self.smallest.pop_front();
        }
        self.frame += 1;
        let smallest = self.smallest.front().map_or(1.0, |(_, gain)| *gain);
        self.held = smallest.min(smallest + self.release * (self.held - smallest));
        self.window.push_back(self.held);
        self.sum += self.held - self.window.pop_front().unwrap_or(1.0);
        let gain = (self.sum / LOOK_AHEAD as f64).min(1.0) as f32;
        self.delayed.push_back(input);
        let [left, right] = self.delayed.pop_front().unwrap_or_default();
        [gain * left, gain * right]
    }
}
