//! Backgrounds: noise on a global integer grid, styles that need no model, and softening.

mod bokeh;
mod draw;
mod gradient;
mod low_poly;
mod mesh;
pub mod noise;
mod paper;
pub mod scene;
pub mod soften;
mod tint;
mod waves;

pub use draw::Dice;
