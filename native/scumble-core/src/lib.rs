//! Tiles, colour and ONNX sessions for Scumble: knows tensors, pictures and devices, and nothing of Python.

pub mod backgrounds;
pub mod budget;
pub mod color;
pub mod cores;
pub mod error;
pub mod generate;
pub mod guided;
pub mod hints;
pub mod image;
pub mod jpeg;
pub mod loader;
mod means;
pub mod meter;
pub mod plan;
pub mod pool;
pub mod progress;
pub mod recolor;
pub mod resample;
pub mod rework;
pub mod session;
mod slot;
pub mod sound;
pub mod stitch;
mod stretch;
pub mod tiles;

pub use error::{Error, Result};
