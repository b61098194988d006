//! Takes away what is too low to be heard, of which samples hold some: it would only take the limiter's room.

use crate::sound::{Frame, RATE_HZ};

const CUTOFF_HZ: f64 = 28.0;
const Q: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// A second-order high-pass after Butterworth, by the bilinear transform (Bristow-Johnson's cookbook).
pub struct LowCut {
    forward: f64,
    back: [f64; 2],
    state: [[f64; 2]; 2],
}

impl Default for LowCut {
    fn default() -> Self {
        let angle = 2.0 * std::f64::consts::PI * CUTOFF_HZ / f64::from(RATE_HZ);
        let alpha = angle.sin() / (2.0 * Q);
        let scale = 1.0 + alpha;
        let back = [-2.0 * angle.cos() / scale, (1.0 - alpha) / scale];
        Self { forward: (1.0 + angle.cos()) / 2.0 / scale, back, state: [[0.0; 2]; 2] }
    }
}

impl LowCut {
    /// The filtered frame.
    pub fn next(&mut self, frame: Frame) -> Frame {
        let mut out = [0.0; 2];
        for ((value, input), state) in out.iter_mut().zip(frame).zip(&mut self.state) {
            let input = self.forward * f64::from(input);
            let result = input + state[0];
            state[0] = -2.0 * input - self.back[0] * result + state[1];
            state[1] = input - self.back[1] * result;
            *value = result as f32;
        }
        out
    }
}
