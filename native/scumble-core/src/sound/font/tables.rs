//! The tables of a SoundFont (its `pdta` list), with every index checked.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::error::{Error, Result};
use crate::sound::font::Preset;
use crate::sound::riff::{self, Chunk};

/// Generator that names a preset zone's instrument.
pub const INSTRUMENT: u16 = 41;
/// Generator that names an instrument zone's sample.
pub const SAMPLE: u16 = 53;
const LARGEST_TABLE_BYTES: u64 = 32 << 20;

/// A preset or an instrument: its name, its place in General MIDI, its zones.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Bank and program; zeros for an instrument.
    pub preset: Preset,
    /// Its zones, each a list of generators: (operator, amount).
    pub zones: Vec<Vec<(u16, u16)>>,
}

/// A sample's header.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    /// First sample; first byte when compressed.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// Loop: from the file's first sample on; from the sample's own when compressed.
    pub loop_start: u32,
    /// One past the loop's last sample.
    pub loop_end: u32,
    /// Samples a second.
    pub rate_hz: u32,
    /// MIDI key at which it sounds as recorded.
    pub key: u8,
    /// Correction in cents.
    pub cents: i8,
    /// Bits: 0x10 compressed, 0x8000 in a ROM.
    pub kind: u16,
}

/// Everything about presets, instruments and samples but the samples themselves.
#[derive(Debug)]
pub struct Tables {
    /// Presets in the file's order.
    pub presets: Vec<Owner>,
    /// Instruments in the file's order.
    pub instruments: Vec<Owner>,
    /// Sample headers in the file's order.
    pub headers: Vec<Header>,
}

impl Tables {
    /// Reads the tables from the chunks of the `pdta` list.
    ///
    /// # Errors
    /// `SoundFont` when one is missing, of a wrong size, or names what is not there.
    pub fn read<R: Read + Seek>(file: &mut R, chunks: &[Chunk]) -> Result<Self> {
        let mut table = |name: &[u8; 4], record: usize| -> Result<Vec<u8>> {
            let chunk = chunks.iter().find(|chunk| chunk.name == *name);
            let fits = |chunk: &&Chunk| {
                chunk.size.is_multiple_of(record as u64) && chunk.size > 0 && chunk.size <= LARGEST_TABLE_BYTES
            };
            let label = String::from_utf8_lossy(name).into_owned();
            let chunk = chunk.filter(fits).ok_or_else(|| Error::sound_font(format!("its table {label} is damaged")))?;
            riff::bytes(file, chunk.start, chunk.size)
        };
        let presets = owners(&table(b"phdr", 38)?, 38, &table(b"pbag", 4)?, &table(b"pgen", 4)?)?;
        let instruments = owners(&table(b"inst", 22)?, 22, &table(b"ibag", 4)?, &table(b"igen", 4)?)?;
        let headers = table(b"shdr", 46)?;
        let count = headers.len() / 46 - 1; // the last one only ends the table
        let headers = headers.chunks_exact(46).take(count).map(header).collect();
        Ok(Self { presets, instruments, headers })
    }

    /// The presets there are.
    pub fn presets(&self) -> Vec<Preset> {
        self.presets.iter().map(|owner| owner.preset).collect()
    }
}

fn owners(records: &[u8], record: usize, bags: &[u8], generators: &[u8]) -> Result<Vec<Owner>> {
    let bag_field = record - if record == 38 { 14 } else { 2 };
    let bag_starts: Vec<usize> = bags.chunks_exact(4).map(|bag| u16_at(bag, 0).into()).collect();
    let generators: Vec<(u16, u16)> = generators.chunks_exact(4).map(|raw| (u16_at(raw, 0), u16_at(raw, 2))).collect();
    let mut found = Vec::new();
    for pair in records.chunks_exact(record).collect::<Vec<_>>().windows(2) {
        let zones = checked(usize::from(u16_at(pair[0], bag_field))..usize::from(u16_at(pair[1], bag_field)), {
            bag_starts.len().saturating_sub(1)
        })?;
        let mut contents = Vec::with_capacity(zones.len());
        for zone in zones {
            contents.push(generators[checked(bag_starts[zone]..bag_starts[zone + 1], generators.len())?].to_vec());
        }
        let preset = match record {
            38 => Preset { program: u16_at(pair[0], 20), bank: u16_at(pair[0], 22) },
            _ => Preset { program: 0, bank: 0 },
        };
        found.push(Owner { preset, zones: contents });
    }
    Ok(found)
}

fn checked(range: Range<usize>, length: usize) -> Result<Range<usize>> {
    if range.start > range.end || range.end > length {
        return Err(Error::sound_font("its tables point to what is not there"));
    }
    Ok(range)
}

fn header(raw: &[u8]) -> Header {
    Header {
        start: u32_at(raw, 20),
        end: u32_at(raw, 24),
        loop_start: u32_at(raw, 28),
        loop_end: u32_at(raw, 32),
        rate_hz: u32_at(raw, 36),
        key: raw[40],
        cents: raw[41] as i8,
        kind: u16_at(raw, 44),
    }
}

fn u16_at(raw: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([raw[at], raw[at + 1]])
}

fn u32_at(raw: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([raw[at], raw[at + 1], raw[at + 2], raw[at + 3]])
}
