//! Sound: SoundFont voices, the mix bus, loudness and true peak, all at 48 kHz stereo, block by block.
//!
//! A sound is a slice of interleaved frames, `[left, right]`, full scale ±1. Nothing here allocates by its length, so
//! half an hour costs the memory that the caller gives (a mapped file) and some blocks.

pub mod compressor;
pub mod font;
pub mod gains;
pub mod limiter;
pub mod loudness;
pub mod low_cut;
pub mod master;
pub mod mix;
pub mod rate;
pub mod reverb;
mod riff;
pub mod sampler;
pub mod true_peak;
mod vorbis;

#[cfg(test)]
mod tests;

/// Frames a second of everything in this room.
pub const RATE_HZ: u32 = 48_000;

/// Frames that are worked on at a time.
pub const BLOCK_FRAMES: usize = 16_384;

/// One moment of stereo sound.
pub type Frame = [f32; 2];

/// The factor of a level in decibels.
pub fn factor_from_db(level_db: f64) -> f64 {
    10f64.powf(level_db / 20.0)
}

/// The level in decibels of a factor; minus infinity for 0.
pub fn db_from_factor(factor: f64) -> f64 {
    20.0 * factor.log10()
}
