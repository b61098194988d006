//! The inks of CMYK JPEG files, which libjpeg's other readers give away as RGB by a formula that knows no press.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jpeg_decoder::{Decoder, PixelFormat};

use crate::error::{Error, Result};

/// Ink, 0 none to 255, of a JPEG file of four channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inks {
    /// Pixels a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Cyan, magenta, yellow and black of each pixel.
    pub samples: Vec<u8>,
}

/// Decodes a JPEG file, CMYK or YCCK, as Adobe's programs write it: the less light the more ink.
///
/// # Errors
/// `Argument` when it is damaged or has other channels, or more than `most_pixels`.
pub fn inks_from_jpeg(data: &[u8], most_pixels: usize) -> Result<Inks> {
    let refused = |reason: String| Error::argument(format!("the JPEG file's inks cannot be read: {reason}"));
    // The decoder was made for sound files; on others it may give up in the middle.
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let mut decoder = Decoder::new(data);
        decoder.set_max_decoding_buffer_size(most_pixels.saturating_mul(4));
        let samples = decoder.decode()?;
        Ok::<_, jpeg_decoder::Error>((decoder.info(), samples))
    }));
    match decoded {
        Ok(Ok((Some(info), samples))) if info.pixel_format == PixelFormat::CMYK32 => {
            Ok(Inks { width: info.width.into(), height: info.height.into(), samples })
        }
        Ok(Ok(_)) => Err(refused("it has other channels".to_owned())),
        Ok(Err(error)) => Err(refused(error.to_string())),
        Err(_) => Err(refused("it is damaged".to_owned())),
    }
}
