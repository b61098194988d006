//! The mix bus: tracks played side by side, panned, sent to one room, added up and gently compressed.

use crate::cores::Core;
use crate::error::{Error, Result};
use crate::progress::Ticker;
use crate::sound::compressor::{Compressor, WORKING_LUFS};
use crate::sound::font::{Font, Preset};
use crate::sound::gains::{Curve, Point};
use crate::sound::loudness;
use crate::sound::low_cut::LowCut;
use crate::sound::reverb::Reverb;
use crate::sound::sampler::{Note, Sampler};
use crate::sound::{BLOCK_FRAMES, Frame, RATE_HZ, factor_from_db};

/// How long a loop's last notes and room are heard at most, added to its beginning.
const TAIL_FRAMES: u64 = 8 * RATE_HZ as u64;
const MOST_TAIL_FRAMES: u64 = 30 * RATE_HZ as u64;
/// How much of a loop's end the compressor hears before its beginning.
const WARM_FRAMES: usize = 2 * RATE_HZ as usize;
const PLAYING_SHARE: f64 = 0.8;

/// One track.
#[derive(Debug, Clone)]
pub struct Track {
    /// What it is played on.
    pub preset: Preset,
    /// Its notes.
    pub notes: Vec<Note>,
    /// Its level in the mix, in dB.
    pub gain_db: f64,
    /// -1 left to 1 right.
    pub pan: f64,
    /// How much of it goes to the room, 0 to 1.
    pub reverb: f64,
    /// How its level moves, in order.
    pub expression: Vec<Point>,
}

/// How the bed begins and ends.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    /// Whether the end leads into the beginning: what rings on is added there.
    pub cyclic: bool,
    /// Frames over which the end fades to nothing, without a loop.
    pub fade_out: usize,
}

struct Voice<'a> {
    sampler: Sampler,
    low_cut: LowCut,
    expression: Curve<'a>,
    gains: Frame,
    send: f32,
    /// The track's own room: only where its stem is kept.
    room: Option<Reverb>,
    block: Vec<Frame>,
}

/// Plays `tracks`, each on its own of `fonts`, into `mix`, and each into its stem where there are stems, at a working
/// level of about -20 LUFS.
///
/// Stems have their share of the room and the bus's own gain, so they add up to the mix. The same input gives the
/// same bits for any number of `workers`.
///
/// # Errors
/// `Argument` for lengths or values out of range, `SoundFont`, `Cancelled`, `OutOfMemory`.
pub fn play(
    fonts: &[&Font],
    tracks: &[Track],
    mix: &mut [Frame],
    stems: &mut [&mut [Frame]],
    ends: Ends,
    workers: usize,
    ticker: &mut Ticker<'_>,
) -> Result<()> {
    let length = mix.len();
    if length == 0 || stems.iter().any(|stem| stem.len() != length) {
        return Err(Error::argument("the mix and its stems must have one length, not 0"));
    }
    if !stems.is_empty() && stems.len() != tracks.len() {
        return Err(Error::argument("there must be a stem for every track, or none"));
    }
    if fonts.len() != tracks.len() {
        return Err(Error::argument("there must be a font for every track"));
    }
    let mut voices = (fonts.iter().zip(tracks))
        .map(|(font, track)| voice(font, track, !stems.is_empty()))
        .collect::<Result<Vec<_>>>()?;
    let mut room = Reverb::default();
    let last = tracks.iter().flat_map(|track| &track.notes).map(|note| note.end).max().unwrap_or(0);
    let tail = if ends.cyclic { (last.saturating_sub(length as u64) + TAIL_FRAMES).min(MOST_TAIL_FRAMES) } else { 0 };
    let total = length + tail as usize;
    mix.fill([0.0; 2]);
    // Stems may be files that are not in memory yet: clearing them can take seconds.
    for part in stems.iter_mut().flat_map(|stem| stem.chunks_mut(BLOCK_FRAMES)) {
        ticker.tick(0.0)?;
        part.fill([0.0; 2]);
    }
    for start in (0..total).step_by(BLOCK_FRAMES) {
        ticker.tick(PLAYING_SHARE * start as f64 / total as f64)?;
        play_block(&mut voices, start as u64, workers)?;
        let fade = |frame: usize| if ends.cyclic { 1.0 } else { fade_out(length - frame, ends.fade_out) };
        for offset in 0..BLOCK_FRAMES.min(total - start) {
            let place = (start + offset) % length;
            let level = fade(place);
            let mut sent = [0.0f32; 2];
            let mut dry = [0.0f32; 2];
            for (number, voice) in voices.iter_mut().enumerate() {
                let frame = voice.block[offset];
                let part = frame.map(|value| voice.send * value);
                (0..2).for_each(|side| {
                    dry[side] += frame[side];
                    sent[side] += part[side];
                });
                if let (Some(stem), Some(room)) = (stems.get_mut(number), &mut voice.room) {
                    let wet = room.next(part);
                    (0..2).for_each(|side| stem[place][side] += level * (frame[side] + wet[side]));
                }
            }
            let wet = room.next(sent);
            (0..2).for_each(|side| mix[place][side] += level * (dry[side] + wet[side]));
        }
    }
    compress(mix, stems, ends.cyclic, ticker)
}

fn voice<'a>(font: &Font, track: &'a Track, keep: bool) -> Result<Voice<'a>> {
    if !(-1.0..=1.0).contains(&track.pan)
        || !(0.0..=1.0).contains(&track.reverb)
        || !(f64::NEG_INFINITY..=24.0).contains(&track.gain_db)
    {
        return Err(Error::argument(format!(
            "a track with gain {} dB, pan {} and reverb {}: at most 24, -1 to 1 and 0 to 1 are possible",
            track.gain_db, track.pan, track.reverb
        )));
    }
    let angle = (track.pan + 1.0) * std::f64::consts::FRAC_PI_4;
    let gain = factor_from_db(track.gain_db) * std::f64::consts::SQRT_2;
    Ok(Voice {
        sampler: Sampler::new(font, track.preset, &track.notes)?,
        low_cut: LowCut::default(),
        expression: Curve::new(&track.expression),
        gains: [(gain * angle.cos()) as f32, (gain * angle.sin()) as f32],
        send: track.reverb as f32,
        room: keep.then(Reverb::default),
        block: vec![[0.0; 2]; BLOCK_FRAMES],
    })
}

/// Plays the next block of every track, several at a time.
fn play_block(voices: &mut [Voice<'_>], start: u64, workers: usize) -> Result<()> {
    let share = voices.len().div_ceil(workers.max(1)).max(1);
    std::thread::scope(|scope| {
        let running: Vec<_> = voices
            .chunks_mut(share)
            .map(|part| {
                scope.spawn(move || {
                    let _core = Core::wait(&|| false);
                    part.iter_mut().try_for_each(|voice| play_voice(voice, start))
                })
            })
            .collect();
        let lost = |_| Err(Error::Worker { reason: "a track could not be played".into() });
        running.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(lost))
    })
}

fn play_voice(voice: &mut Voice<'_>, start: u64) -> Result<()> {
    voice.sampler.render(&mut voice.block)?;
    for (offset, frame) in voice.block.iter_mut().enumerate() {
        let level = voice.expression.factor(start + offset as u64);
        let [left, right] = voice.low_cut.next(*frame);
        *frame = [level * voice.gains[0] * left, level * voice.gains[1] * right];
    }
    Ok(())
}

/// Half a cosine from 1 to 0 over the last frames.
fn fade_out(left: usize, fade: usize) -> f32 {
    if left > fade {
        return 1.0;
    }
    let share = (left - 1) as f64 / fade as f64;
    (0.5 - 0.5 * (std::f64::consts::PI * share).cos()) as f32
}

/// Brings mix and stems to the working level and compresses them by the mix.
fn compress(mix: &mut [Frame], stems: &mut [&mut [Frame]], cyclic: bool, ticker: &mut Ticker<'_>) -> Result<()> {
    let found = ticker.part((PLAYING_SHARE, PLAYING_SHARE), |ticker| loudness::lufs(mix, ticker))?;
    let level = if found.is_finite() { factor_from_db(WORKING_LUFS - found) as f32 } else { 1.0 };
    let mut compressor = Compressor::default();
    let length = mix.len();
    if cyclic {
        let turns = WARM_FRAMES.div_ceil(length);
        for index in turns * length - WARM_FRAMES..turns * length {
            compressor.gain(mix[index % length].map(|value| level * value));
        }
    }
    for start in (0..length).step_by(BLOCK_FRAMES) {
        ticker.tick(PLAYING_SHARE + (1.0 - PLAYING_SHARE) * start as f64 / length as f64)?;
        for index in start..length.min(start + BLOCK_FRAMES) {
            let frame = mix[index].map(|value| level * value);
            let gain = compressor.gain(frame);
            mix[index] = frame.map(|value| gain * value);
            stems.iter_mut().for_each(|stem| stem[index] = stem[index].map(|value| gain * (level * value)));
        }
    }
    Ok(())
}
