//! Builds a small SoundFont 2 from some presets of a larger one; compressed samples are decoded.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use crate::error::{Error, Result};
use crate::sound::font::Preset;
use crate::sound::font::tables::{Header, INSTRUMENT, Owner, SAMPLE, Tables};
use crate::sound::riff::{self, Chunk, push_chunk};
use crate::sound::vorbis;

const MOST_SAMPLES: usize = 256 << 20;
const COMPRESSED: u16 = 0x10;
const ROM: u16 = 0x8000;
/// Zeros that the specification wants after each sample.
const GAP: usize = 46;
const RATES_HZ: std::ops::RangeInclusive<u32> = 400..=192_000;

/// The bytes of a SoundFont 2 that holds the presets `used` and nothing else.
///
/// # Errors
/// `SoundFont` when a sample is damaged or all of them together are too long.
pub fn sound_font<R: Read + Seek>(file: &mut R, pool: Chunk, tables: &Tables, used: &[Preset]) -> Result<Vec<u8>> {
    let presets: Vec<&Owner> =
        used.iter().filter_map(|preset| tables.presets.iter().find(|owner| owner.preset == *preset)).collect();
    let mut instruments = Numbered::default();
    let preset_zones: Vec<_> =
        presets.iter().map(|owner| kept(owner, INSTRUMENT, tables.instruments.len(), &mut instruments)).collect();
    let mut samples = Numbered::default();
    let instrument_zones: Vec<_> = instruments
        .order
        .iter()
        .map(|index| kept(&tables.instruments[*index], SAMPLE, tables.headers.len(), &mut samples))
        .collect();
    if samples.order.is_empty() {
        return Err(Error::sound_font("its presets have no samples"));
    }
    let mut waves: Vec<i16> = Vec::new();
    let mut headers = Vec::new();
    for index in &samples.order {
        headers.push(append_sample(file, pool, &tables.headers[*index], &mut waves)?);
    }
    let preset_names: Vec<[u16; 2]> = presets.iter().map(|owner| [owner.preset.program, owner.preset.bank]).collect();
    Ok(written(&waves, &headers, &preset_names, &preset_zones, &instrument_zones))
}

type Zones = Vec<Vec<(u16, u16)>>;

/// Numbers things anew in the order in which they are first met.
#[derive(Default)]
struct Numbered {
    order: Vec<usize>,
    numbers: BTreeMap<usize, u16>,
}

impl Numbered {
    fn number(&mut self, index: usize) -> u16 {
        *self.numbers.entry(index).or_insert_with(|| {
            self.order.push(index);
            (self.order.len() - 1) as u16
        })
    }
}

/// The zones that count: a first one without a target, and those whose last generator names one that is there.
fn kept(owner: &Owner, target: u16, count: usize, numbers: &mut Numbered) -> Zones {
    let mut zones = Zones::new();
    for (place, zone) in owner.zones.iter().enumerate() {
        match zone.last() {
            Some((operator, index)) if *operator == target && usize::from(*index) < count => {
                let mut generators: Vec<(u16, u16)> =
                    zone[..zone.len() - 1].iter().copied().filter(|(operator, _)| *operator != target).collect();
                generators.push((target, numbers.number(usize::from(*index))));
                zones.push(generators);
            }
            Some((operator, _)) if *operator != target && place == 0 => {
                zones.push(zone.iter().copied().filter(|(operator, _)| *operator != target).collect());
            }
            _ => {}
        }
    }
    if zones.is_empty() || zones.iter().all(|zone| zone.last().is_none_or(|(operator, _)| *operator != target)) {
        zones.clear();
        zones.push(vec![]); // silent: an owner without zones is no owner to readers
    }
    zones
}

/// Appends a sample and returns its header, pointing to where it lies now.
fn append_sample<R: Read + Seek>(file: &mut R, pool: Chunk, from: &Header, waves: &mut Vec<i16>) -> Result<Header> {
    let damaged = || Error::sound_font("a sample lies outside of the file");
    let room = MOST_SAMPLES - waves.len().min(MOST_SAMPLES);
    let (start, end) = (u64::from(from.start), u64::from(from.end));
    if !RATES_HZ.contains(&from.rate_hz) || from.kind & ROM != 0 {
        return Err(Error::sound_font("a sample has an impossible rate, or lies in a ROM"));
    }
    let (mut wave, loop_start, loop_end) = if from.kind & COMPRESSED != 0 {
        if start >= end || end > pool.size {
            return Err(damaged());
        }
        let stream = riff::bytes(file, pool.start + start, end - start)?;
        (vorbis::samples(&stream, room)?, u64::from(from.loop_start), u64::from(from.loop_end))
    } else {
        if start >= end || end > pool.size / 2 {
            return Err(damaged());
        }
        let raw = riff::bytes(file, pool.start + 2 * start, 2 * (end - start))?;
        let wave = raw.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        let own = |place: u32| u64::from(place).saturating_sub(start);
        (wave, own(from.loop_start), own(from.loop_end))
    };
    if wave.is_empty() || wave.len() > room {
        return Err(if wave.is_empty() { damaged() } else { Error::sound_font("its samples are too long") });
    }
    let base = waves.len();
    let length = wave.len() as u64;
    let loops = loop_start < loop_end && loop_end <= length;
    let place = |offset: u64| (base as u64 + offset) as u32;
    waves.append(&mut wave);
    waves.resize(waves.len() + GAP, 0);
    Ok(Header {
        start: place(0),
        end: place(length),
        loop_start: place(if loops { loop_start } else { 0 }),
        loop_end: place(if loops { loop_end } else { 0 }),
        kind: 1,
        ..*from
    })
}

fn written(
    waves: &[i16],
    headers: &[Header],
    presets: &[[u16; 2]],
    preset_zones: &[Zones],
    zones: &[Zones],
) -> Vec<u8> {
    let mut pool = Vec::with_capacity(2 * waves.len());
    waves.iter().for_each(|sample| pool.extend_from_slice(&sample.to_le_bytes()));
    let mut tables = b"pdta".to_vec();
    owners(&mut tables, [b"phdr", b"pbag", b"pmod", b"pgen"], preset_zones, |number| {
        let [program, bank] = presets.get(number).copied().unwrap_or_default();
        [program.to_le_bytes().as_slice(), &bank.to_le_bytes()].concat()
    });
    owners(&mut tables, [b"inst", b"ibag", b"imod", b"igen"], zones, |_| vec![]);
    let mut shdr: Vec<u8> = headers.iter().flat_map(header_bytes).collect();
    shdr.extend([0; 46]);
    push_chunk(&mut tables, b"shdr", &shdr);
    let mut info = b"INFO".to_vec();
    push_chunk(&mut info, b"ifil", &[2, 0, 4, 0]);
    let mut data = b"sdta".to_vec();
    push_chunk(&mut data, b"smpl", &pool);
    let mut content = b"sfbk".to_vec();
    for part in [&info, &data, &tables] {
        push_chunk(&mut content, b"LIST", part);
    }
    let mut file = Vec::new();
    push_chunk(&mut file, b"RIFF", &content);
    file
}

/// Appends the four tables of presets or instruments; `place` gives what a header has between name and first zone.
fn owners(out: &mut Vec<u8>, names: [&[u8; 4]; 4], all: &[Zones], place: impl Fn(usize) -> Vec<u8>) {
    let (mut records, mut bags, mut generators) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bag, mut generator) = (0u16, 0u16);
    let is_preset = names[0] == b"phdr";
    let mut record = |number: usize, bag: u16| {
        records.extend([0u8; 20]);
        records.extend(place(number));
        records.extend(bag.to_le_bytes());
        records.extend(if is_preset { vec![0u8; 12] } else { vec![] });
    };
    for (number, zones) in all.iter().enumerate() {
        record(number, bag);
        for zone in zones {
            bags.extend([generator.to_le_bytes(), [0, 0]].concat());
            zone.iter().for_each(|(operator, amount)| {
                generators.extend([operator.to_le_bytes(), amount.to_le_bytes()].concat());
            });
            generator += zone.len() as u16;
            bag += 1;
        }
    }
    record(all.len(), bag);
    bags.extend([generator.to_le_bytes(), [0, 0]].concat());
    generators.extend([0u8; 4]);
    for (name, table) in names.iter().zip([&records, &bags, &vec![0u8; 10], &generators]) {
        push_chunk(out, name, table);
    }
}

fn header_bytes(header: &Header) -> Vec<u8> {
    let mut raw = vec![0u8; 20];
    for value in [header.start, header.end, header.loop_start, header.loop_end, header.rate_hz] {
        raw.extend(value.to_le_bytes());
    }
    raw.extend([header.key, header.cents as u8, 0, 0]);
    raw.extend(header.kind.to_le_bytes());
    raw
}
