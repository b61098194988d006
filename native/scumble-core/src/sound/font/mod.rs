//! A SoundFont, version 2 or 3, loaded as far as some presets need it.
//!
//! The file is not trusted: its tables are read within bounds, and what the sampler gets is a new SoundFont built from
//! the presets wanted, with Vorbis samples decoded. Formats: SoundFont Technical Specification 2.04; version 3 as
//! MuseScore writes it (sample type bit 4: the sample is an Ogg Vorbis stream, its loop counted from its start).

mod build;
mod tables;

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::sound::riff::{self, Chunk};
use tables::Tables;

/// The bank that holds drum kits.
pub const DRUM_BANK: u16 = 128;

const GENERAL_MIDI_FAMILY: u16 = 8;

/// Bank and program, 0-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Preset {
    /// 0 for instruments, 128 for drum kits.
    pub bank: u16,
    /// 0 to 127.
    pub program: u16,
}

/// The presets that were wanted, ready to be played.
#[derive(Debug, Clone)]
pub struct Font {
    pub(crate) inner: Arc<rustysynth::SoundFont>,
    chosen: BTreeMap<Preset, Preset>,
}

impl Font {
    /// Reads the presets of a SoundFont that stand for the wanted ones.
    ///
    /// # Errors
    /// `SoundFont` for a file that is none, is damaged, too large, or has no preset; `OutOfMemory`.
    pub fn load<R: Read + Seek>(file: &mut R, wanted: &[Preset]) -> Result<Self> {
        let (samples, tables) = parts(file)?;
        let found = tables.presets();
        let mut chosen = BTreeMap::new();
        for preset in wanted {
            let stand_in = stand_in(*preset, &found)
                .ok_or_else(|| Error::sound_font(format!("it has no preset that could stand for {preset:?}")))?;
            chosen.insert(*preset, stand_in);
        }
        let mut used: Vec<Preset> = chosen.values().copied().collect();
        used.sort_unstable();
        used.dedup();
        let small = build::sound_font(file, samples, &tables, &used)?;
        // The sampler's own reader may stumble over values that the tables allow.
        let loaded = catch_unwind(AssertUnwindSafe(|| rustysynth::SoundFont::new(&mut Cursor::new(small))));
        match loaded {
            Ok(Ok(inner)) => Ok(Self { inner: Arc::new(inner), chosen }),
            Ok(Err(error)) => Err(Error::sound_font(error.to_string())),
            Err(_) => Err(Error::sound_font("its values contradict each other")),
        }
    }

    /// The preset that is played where `wanted` is asked for: itself, or the one that stands for it.
    pub fn played(&self, wanted: Preset) -> Option<Preset> {
        self.chosen.get(&wanted).copied()
    }
}

/// Where the samples lie, and the tables.
fn parts<R: Read + Seek>(file: &mut R) -> Result<(Chunk, Tables)> {
    let end = file.seek(std::io::SeekFrom::End(0)).map_err(|error| Error::sound_font(error.to_string()))?;
    let none = || Error::sound_font("it is no SoundFont file");
    if end < 12 {
        return Err(none());
    }
    let head = riff::bytes(file, 0, 12)?;
    if head[..4] != *b"RIFF" || head[8..] != *b"sfbk" {
        return Err(none());
    }
    let (mut samples, mut tables) = (None, None);
    for chunk in riff::chunks(file, 12, end)?.iter().filter(|chunk| chunk.name == *b"LIST" && chunk.size >= 4) {
        let kind = riff::bytes(file, chunk.start, 4)?;
        if kind != b"sdta" && kind != b"pdta" {
            continue; // texts, which some programs do not pad as they should
        }
        let inner = riff::chunks(file, chunk.start + 4, chunk.start + chunk.size)?;
        match kind.as_slice() {
            b"sdta" => samples = inner.into_iter().find(|part| part.name == *b"smpl"),
            _ => tables = Some(Tables::read(file, &inner)?),
        }
    }
    let missing = || Error::sound_font("a part of it is missing");
    Ok((samples.ok_or_else(missing)?, tables.ok_or_else(missing)?))
}

/// The same preset; else the nearest program of its General MIDI family; else the bank's first, or, in any other
/// bank than that of drums, the first there is.
fn stand_in(wanted: Preset, found: &[Preset]) -> Option<Preset> {
    let bank = || found.iter().copied().filter(|preset| preset.bank == wanted.bank);
    let family = |preset: &Preset| {
        wanted.bank != DRUM_BANK && preset.program / GENERAL_MIDI_FAMILY == wanted.program / GENERAL_MIDI_FAMILY
    };
    bank()
        .find(|preset| *preset == wanted)
        .or_else(|| bank().filter(family).min_by_key(|preset| preset.program.abs_diff(wanted.program)))
        .or_else(|| bank().min())
        .or_else(|| found.iter().copied().filter(|preset| preset.bank != DRUM_BANK).min())
        .or_else(|| found.iter().copied().min())
}
