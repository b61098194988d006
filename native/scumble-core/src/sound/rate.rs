//! Changes the sample rate of a mono sound by any ratio, block by block: windowed sinc, one table row a phase.

use crate::error::{Error, Result};
use crate::sound::true_peak::{kaiser, sinc};

const HALF_WIDTH: usize = 24;
const KAISER_BETA: f64 = 9.0;
/// What of the narrower band is kept.
const CUTOFF: f64 = 0.94;
const LARGEST_TABLE: usize = 8 << 20;
const RATES_HZ: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// A converter that is fed blocks; the sound comes out at the same time as it went in.
pub struct Resampler {
    up: usize,
    down: usize,
    half: usize,
    table: Vec<f32>,
    memory: Vec<f32>,
    /// Input index of `memory`'s first sample.
    first: i64,
    taken: i64,
    given: i64,
}

impl Resampler {
    /// Makes a converter between two rates in Hz.
    ///
    /// # Errors
    /// `Argument` for rates outside of 1 to 768 kHz, or without a common measure that is large enough.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self> {
        if !RATES_HZ.contains(&from_hz) || !RATES_HZ.contains(&to_hz) {
            return Err(Error::argument(format!("the rates {from_hz} and {to_hz} Hz: 1 to 768 kHz are possible")));
        }
        let measure = common(from_hz, to_hz);
        let (up, down) = ((to_hz / measure) as usize, (from_hz / measure) as usize);
        let band = CUTOFF * (f64::from(to_hz) / f64::from(from_hz)).min(1.0);
        let half = (HALF_WIDTH as f64 / band).ceil() as usize;
        if up * 2 * half > LARGEST_TABLE {
            return Err(Error::argument(format!("{from_hz} Hz cannot be brought to {to_hz} Hz")));
        }
        let mut table = Vec::with_capacity(up * 2 * half);
        for phase in 0..up {
            for tap in 0..2 * half {
                let offset = tap as f64 - (half - 1) as f64 - phase as f64 / up as f64;
                table.push((band * sinc(band * offset) * kaiser(offset / half as f64, KAISER_BETA)) as f32);
            }
        }
        let memory = vec![0.0; half];
        Ok(Self { up, down, half, table, memory, first: -(half as i64), taken: 0, given: 0 })
    }

    /// Takes samples and returns those that are ready.
    pub fn push(&mut self, samples: &[f32]) -> Vec<f32> {
        self.memory.extend_from_slice(samples);
        self.taken += samples.len() as i64;
        self.ready(self.taken)
    }

    /// Returns the rest; altogether the sound has its length at the new rate, rounded.
    pub fn finish(&mut self) -> Vec<f32> {
        self.memory.extend(std::iter::repeat_n(0.0, 2 * self.half));
        let wanted = (self.taken as i128 * self.up as i128 + self.down as i128 / 2) / self.down as i128;
        let mut rest = self.ready(self.taken + 2 * self.half as i64);
        rest.truncate((wanted as i64 - (self.given - rest.len() as i64)).max(0) as usize);
        rest
    }

    fn ready(&mut self, end: i64) -> Vec<f32> {
        let mut out = Vec::new();
        loop {
            let position = self.given as i128 * self.down as i128;
            let (whole, phase) = ((position / self.up as i128) as i64, (position % self.up as i128) as usize);
            let start = whole - self.half as i64 + 1;
            if start + 2 * self.half as i64 > end {
                let used = (start - self.first).clamp(0, self.memory.len() as i64);
                self.memory.drain(..used as usize);
                self.first += used;
                return out;
            }
            let at = (start - self.first) as usize;
            let taps = &self.table[phase * 2 * self.half..][..2 * self.half];
            out.push(taps.iter().zip(&self.memory[at..]).map(|(tap, sample)| tap * sample).sum());
            self.given += 1;
        }
    }
}

fn common(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common(b, a % b) }
}
