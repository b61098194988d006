//! Gains that change over time, as points joined by straight lines.

use crate::sound::Frame;

/// A factor at a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Counted from the beginning.
    pub frame: u64,
    /// What the sound is multiplied by.
    pub factor: f32,
}

/// Reads factors frame after frame.
pub struct Curve<'a> {
    points: &'a [Point],
    next: usize,
}

impl<'a> Curve<'a> {
    /// Reads from points in order of their frames; before the first and after the last the factor stays, 1 without any.
    pub fn new(points: &'a [Point]) -> Self {
        Self { points, next: 0 }
    }

    /// The factor at a frame; frames are asked for in order.
    pub fn factor(&mut self, frame: u64) -> f32 {
        while self.points.get(self.next).is_some_and(|point| point.frame <= frame) {
            self.next += 1;
        }
        match (self.next.checked_sub(1).map(|index| self.points[index]), self.points.get(self.next)) {
            (Some(a), Some(b)) => {
                let share = (frame - a.frame) as f64 / (b.frame - a.frame) as f64;
                a.factor + share as f32 * (b.factor - a.factor)
            }
            (Some(point), None) => point.factor,
            (None, Some(point)) => point.factor,
            (None, None) => 1.0,
        }
    }
}

/// Multiplies a sound by a curve.
pub fn apply(sound: &mut [Frame], points: &[Point]) {
    let mut curve = Curve::new(points);
    for (frame, values) in sound.iter_mut().enumerate() {
        let factor = curve.factor(frame as u64);
        *values = values.map(|value| value * factor);
    }
}
