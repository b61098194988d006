//! Samples of SoundFont 3: Ogg Vorbis, decoded to 16 bits, within a limit.

use std::io::Cursor;

use lewton::inside_ogg::OggStreamReader;

use crate::error::{Error, Result};

/// The first channel of an Ogg Vorbis stream.
///
/// # Errors
/// `SoundFont` when the stream is damaged or has more than `most` samples.
pub fn samples(stream: &[u8], most: usize) -> Result<Vec<i16>> {
    let damaged = |error: lewton::VorbisError| Error::sound_font(format!("a compressed sample is damaged: {error}"));
    let mut reader = OggStreamReader::new(Cursor::new(stream)).map_err(damaged)?;
    let channels = usize::from(reader.ident_hdr.audio_channels).max(1);
    let mut decoded = Vec::new();
    while let Some(packet) = reader.read_dec_packet_itl().map_err(damaged)? {
        decoded.extend(packet.iter().step_by(channels));
        if decoded.len() > most {
            return Err(Error::sound_font("its samples are too long"));
        }
    }
    Ok(decoded)
}
