//! A room: eight delay lines that feed each other (Jot and Chaigne 1991), behind two diffusing allpasses.

use crate::sound::{Frame, RATE_HZ};

/// Lengths in frames, prime so that echoes do not fall together; 30 to 60 ms.
const LINES: [usize; 8] = [1433, 1601, 1867, 2053, 2251, 2399, 2617, 2797];
const DIFFUSERS: [[usize; 2]; 2] = [[229, 617], [251, 659]];
const DIFFUSION: f32 = 0.6;
const PREDELAY: usize = 577;
const DECAY_S: f32 = 1.9;
/// How much of the high end each passage takes.
const DAMPING: f32 = 0.32;
/// Pole of the high-pass that keeps the low end dry: 180 Hz.
const LOW_CUT: f32 = 0.976_7;
const LEVEL: f32 = 0.5;

struct Delay {
    memory: Vec<f32>,
    at: usize,
}

impl Delay {
    fn new(length: usize) -> Self {
        Self { memory: vec![0.0; length], at: 0 }
    }

    fn read(&self) -> f32 {
        self.memory[self.at]
    }

    fn write(&mut self, value: f32) {
        self.memory[self.at] = value;
        self.at = if self.at + 1 == self.memory.len() { 0 } else { self.at + 1 };
    }

    fn allpass(&mut self, input: f32) -> f32 {
        let delayed = self.read();
        let inner = input - DIFFUSION * delayed;
        self.write(inner);
        delayed + DIFFUSION * inner
    }
}

/// A stereo reverberator; linear, so the rooms of several sounds add up to the room of their sum.
pub struct Reverb {
    predelay: [Delay; 2],
    diffusers: [[Delay; 2]; 2],
    lines: [Delay; 8],
    feedback: [f32; 8],
    damped: [f32; 8],
    low: [f32; 2],
}

impl Default for Reverb {
    fn default() -> Self {
        let feedback = LINES.map(|length| 10f32.powf(-3.0 * length as f32 / (DECAY_S * RATE_HZ as f32)));
        Self {
            predelay: [Delay::new(PREDELAY), Delay::new(PREDELAY)],
            diffusers: DIFFUSERS.map(|pair| pair.map(Delay::new)),
            lines: LINES.map(Delay::new),
            feedback,
            damped: [0.0; 8],
            low: [0.0; 2],
        }
    }
}

impl Reverb {
    /// The room's answer to the next frame, without the sound itself.
    pub fn next(&mut self, input: Frame) -> Frame {
        let mut fed = [0.0; 2];
        for side in 0..2 {
            let late = self.predelay[side].read();
            self.predelay[side].write(input[side]);
            self.low[side] = LOW_CUT * self.low[side] + (1.0 - LOW_CUT) * late;
            let [first, second] = &mut self.diffusers[side];
            fed[side] = second.allpass(first.allpass(late - self.low[side]));
        }
        let mut heard = [0.0f32; 8];
        for ((heard, damped), (line, feedback)) in
            heard.iter_mut().zip(&mut self.damped).zip(self.lines.iter().zip(self.feedback))
        {
            *damped += (1.0 - DAMPING) * (line.read() - *damped);
            *heard = feedback * *damped;
        }
        let mixed = 0.25 * heard.iter().sum::<f32>(); // Householder: the identity less two eighths of the sum
        for (number, line) in self.lines.iter_mut().enumerate() {
            line.write(fed[number % 2] + heard[number] - mixed);
        }
        let [a, b, c, d, e, f, g, h] = heard;
        [LEVEL * (a + c - e - g), LEVEL * (b + d - f - h)]
    }
}
