//! Chunks of a RIFF file, read within the bounds that the file really has.

use std::io::{Read, Seek, SeekFrom};

use crate::error::{Error, Result};

/// A chunk: its name, where its content begins in the file, and how many bytes it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Four letters.
    pub name: [u8; 4],
    /// Offset of the first byte of content.
    pub start: u64,
    /// Bytes of content.
    pub size: u64,
}

const HEADER_BYTES: u64 = 8;
const MOST_CHUNKS: usize = 64;

/// The chunks that lie one after the other between two offsets.
///
/// # Errors
/// `SoundFont` when a chunk reaches beyond the end, or there are too many.
pub fn chunks<R: Read + Seek>(file: &mut R, start: u64, end: u64) -> Result<Vec<Chunk>> {
    let mut found = Vec::new();
    let mut at = start;
    while at + HEADER_BYTES <= end {
        let header = bytes(file, at, HEADER_BYTES)?;
        let name = [header[0], header[1], header[2], header[3]];
        let size = u64::from(u32::from_le_bytes([header[4], header[5], header[6], header[7]]));
        let chunk = Chunk { name, start: at + HEADER_BYTES, size };
        if chunk.start + size > end {
            let name = String::from_utf8_lossy(&name).into_owned();
            return Err(Error::sound_font(format!("it is cut off: the part {name:?} is longer than the file")));
        }
        if found.len() == MOST_CHUNKS {
            return Err(Error::sound_font("it has too many parts"));
        }
        found.push(chunk);
        at = chunk.start + size;
        // Odd content is padded, but MuseScore's writer of version 3 forgets it.
        if size % 2 == 1 && !(at + HEADER_BYTES <= end && bytes(file, at, 4)? == b"LIST") {
            at += 1;
        }
    }
    Ok(found)
}

/// Bytes of the file.
///
/// # Errors
/// `SoundFont` when they cannot be read.
pub fn bytes<R: Read + Seek>(file: &mut R, start: u64, size: u64) -> Result<Vec<u8>> {
    let unreadable = |error: std::io::Error| Error::sound_font(format!("it cannot be read: {error}"));
    let size = usize::try_from(size).map_err(|_| Error::sound_font("it is too large for this machine"))?;
    file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
    let mut content = Vec::new();
    content.try_reserve_exact(size).map_err(|_| Error::OutOfMemory { during: "reading a SoundFont".into() })?;
    file.take(size as u64).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() < size {
        return Err(Error::sound_font("it is cut off"));
    }
    Ok(content)
}

/// Appends a chunk with an even number of bytes after its header.
pub fn push_chunk(out: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(&(content.len() as u32).to_le_bytes());
    out.extend_from_slice(content);
    if content.len() % 2 == 1 {
        out.push(0);
    }
}
