//! Plays one track's notes on a SoundFont, a block at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustysynth::{Synthesizer, SynthesizerSettings};

use crate::error::{Error, Result};
use crate::sound::font::{DRUM_BANK, Font, Preset};
use crate::sound::{Frame, RATE_HZ};

/// Frames between two chances to start or end a note: a third of a millisecond off at most.
pub const STEP_FRAMES: usize = 32;
const MOST_VOICES: usize = 128;
const DRUM_CHANNEL: i32 = Synthesizer::PERCUSSION_CHANNEL as i32;
const CONTROL: i32 = 0xB0;
const PROGRAM: i32 = 0xC0;
const BANK_SELECT: i32 = 0;

/// A note, in frames from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// When the key is pressed.
    pub start: u64,
    /// When it is released.
    pub end: u64,
    /// MIDI key, 0 to 127.
    pub key: u8,
    /// How hard, 1 to 127.
    pub velocity: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    frame: u64,
    /// 0 releases; so of one moment's events releases come first.
    velocity: u8,
    key: u8,
}

/// One track's voices.
pub struct Sampler {
    synthesizer: Synthesizer,
    channel: i32,
    events: Vec<Event>,
    next: usize,
    frame: u64,
    left: [f32; STEP_FRAMES],
    right: [f32; STEP_FRAMES],
}

impl Sampler {
    /// Makes the voices of a track that plays `preset`.
    ///
    /// # Errors
    /// `Argument` for a key or velocity above 127, or a preset that the font was not loaded for.
    pub fn new(font: &Font, preset: Preset, notes: &[Note]) -> Result<Self> {
        let played = font.played(preset).ok_or_else(|| Error::argument(format!("{preset:?} was not loaded")))?;
        let mut settings = SynthesizerSettings::new(RATE_HZ as i32);
        settings.block_size = STEP_FRAMES;
        settings.maximum_polyphony = MOST_VOICES;
        settings.enable_reverb_and_chorus = false;
        let mut synthesizer =
            Synthesizer::new(&font.inner, &settings).map_err(|error| Error::sound_font(error.to_string()))?;
        let (channel, bank) = match played.bank.checked_sub(DRUM_BANK) {
            Some(bank) => (DRUM_CHANNEL, bank),
            None => (0, played.bank),
        };
        synthesizer.process_midi_message(channel, CONTROL, BANK_SELECT, i32::from(bank));
        synthesizer.process_midi_message(channel, PROGRAM, i32::from(played.program), 0);
        let mut events = Vec::with_capacity(2 * notes.len());
        for note in notes {
            if note.key > 127 || note.velocity > 127 {
                return Err(Error::argument(format!("a note of key {} and velocity {}", note.key, note.velocity)));
            }
            events.push(Event { frame: note.start, velocity: note.velocity.max(1), key: note.key });
            events.push(Event { frame: note.end.max(note.start + 1), velocity: 0, key: note.key });
        }
        events.sort_unstable();
        let (left, right) = ([0.0; STEP_FRAMES], [0.0; STEP_FRAMES]);
        Ok(Self { synthesizer, channel, events, next: 0, frame: 0, left, right })
    }

    /// Writes the next frames; their number is a multiple of `STEP_FRAMES`.
    ///
    /// # Errors
    /// `SoundFont` when the font's values lead the voices astray.
    pub fn render(&mut self, out: &mut [Frame]) -> Result<()> {
        // A font may ask for what its samples do not have; that ends this rendering, not the process.
        catch_unwind(AssertUnwindSafe(|| self.render_steps(out)))
            .map_err(|_| Error::sound_font("its values contradict each other"))
    }

    fn render_steps(&mut self, out: &mut [Frame]) {
        for step in out.chunks_mut(STEP_FRAMES) {
            let nearest = self.frame + (STEP_FRAMES / 2) as u64;
            while let Some(event) = self.events.get(self.next).filter(|event| event.frame < nearest) {
                match event.velocity {
                    0 => self.synthesizer.note_off(self.channel, i32::from(event.key)),
                    velocity => self.synthesizer.note_on(self.channel, i32::from(event.key), i32::from(velocity)),
                }
                self.next += 1;
            }
            self.synthesizer.render(&mut self.left, &mut self.right);
            for (frame, (left, right)) in step.iter_mut().zip(self.left.iter().zip(&self.right)) {
                let sound = |sample: f32| if sample.is_finite() { sample } else { 0.0 };
                *frame = [sound(*left), sound(*right)];
            }
            self.frame += STEP_FRAMES as u64;
        }
    }
}
