//! Blocks of interleaved pixels taken apart into channels and put together: whole pixels in a loop, which becomes vector shuffles.

use super::BLOCK;

/// How many channels of pixels carry colour.
#[inline(always)]
pub fn colors(channels: usize) -> usize {
    if channels < 3 { 1 } else { 3 }
}

/// Takes the colour channels of `BLOCK` pixels apart; of gray ones, the first lane is filled.
#[inline(always)]
pub fn split<S: Copy>(pixels: &[S], channels: usize, lanes: &mut [[S; BLOCK]; 3]) {
    match channels {
        1 => lanes[0].copy_from_slice(&pixels[..BLOCK]),
        2 => {
            let pixels = block::<S, 2>(pixels);
            for i in 0..BLOCK {
                lanes[0][i] = pixels[i][0];
            }
        }
        3 => {
            let pixels = block::<S, 3>(pixels);
            for i in 0..BLOCK {
                lanes[0][i] = pixels[i][0];
                lanes[1][i] = pixels[i][1];
                lanes[2][i] = pixels[i][2];
            }
        }
        _ => {
            let pixels = block::<S, 4>(pixels);
            for i in 0..BLOCK {
                lanes[0][i] = pixels[i][0];
                lanes[1][i] = pixels[i][1];
                lanes[2][i] = pixels[i][2];
            }
        }
    }
}

/// Takes the last channel of `BLOCK` pixels of two or four channels.
#[inline(always)]
pub fn alpha_of<S: Copy>(pixels: &[S], channels: usize, alpha: &mut [S; BLOCK]) {
    if channels == 2 {
        let pixels = block::<S, 2>(pixels);
        for i in 0..BLOCK {
            alpha[i] = pixels[i][1];
        }
    } else {
        let pixels = block::<S, 4>(pixels);
        for i in 0..BLOCK {
            alpha[i] = pixels[i][3];
        }
    }
}

/// Puts three lanes, and alpha where there are four channels, together to `BLOCK` pixels.
#[inline(always)]
pub fn join<S: Copy>(rgb: &[[S; BLOCK]; 3], alpha: &[S; BLOCK], pixels: &mut [S], channels: usize) {
    if channels == 3 {
        let pixels = &mut pixels.as_chunks_mut::<3>().0[..BLOCK];
        for i in 0..BLOCK {
            pixels[i] = [rgb[0][i], rgb[1][i], rgb[2][i]];
        }
    } else {
        let pixels = &mut pixels.as_chunks_mut::<4>().0[..BLOCK];
        for i in 0..BLOCK {
            pixels[i] = [rgb[0][i], rgb[1][i], rgb[2][i], alpha[i]];
        }
    }
}

#[inline(always)]
fn block<S, const N: usize>(pixels: &[S]) -> &[[S; N]] {
    &pixels.as_chunks::<N>().0[..BLOCK]
}
