//! The Python face of scumble-core: numpy arrays in, numpy arrays and `scumble.errors` out, no logic of its own.

mod arrays;
mod backgrounds;
mod color;
mod engine;
mod errors;
mod generate;
mod hints;
mod plan;
mod progress;
mod rework;
mod sound;
mod space;
mod tiles;
mod wanted;

/// Scumble's native core: backgrounds, colour, hints, tiles, sound, ONNX sessions. Only `scumble.engine` imports it.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::backgrounds::{background_styles, draw_background, grid_noise, soften};
    #[pymodule_export]
    use crate::color::{lab_from_rgb, lightness, lightness_thumbnail, recolor, recolor_guided, rgb_from_lab};
    #[pymodule_export]
    use crate::engine::{Session, available_providers, cores, init_runtime, spare_cores};
    #[pymodule_export]
    use crate::generate::fit_blocks;
    #[pymodule_export]
    use crate::hints::{HintField, SpreadHints};
    #[pymodule_export]
    use crate::plan::{Tile, TilePlan};
    #[pymodule_export]
    use crate::sound::{Resampler, SoundFont, apply_gains, loudness_and_peak, master_sound, play_tracks};
    #[pymodule_export]
    use crate::space::{ColorSpace, converted, converted_by_profiles, inks_from_jpeg};
}
