//! Borrowed pictures: rows of interleaved samples in someone else's memory, with any distance between rows.

use std::marker::PhantomData;

use crate::error::{Error, Result};

/// The shape of a picture: `width` × `height` pixels of `channels` samples, rows `row_stride` bytes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Samples in a pixel: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.
    pub channels: usize,
    /// Bytes from one row to the next; may be negative.
    pub row_stride: isize,
}

impl Layout {
    /// A layout without gaps.
    pub fn packed<S>(width: usize, height: usize, channels: usize) -> Self {
        Self { width, height, channels, row_stride: (width * channels * size_of::<S>()) as isize }
    }

    /// Whether the last channel is alpha.
    pub fn has_alpha(&self) -> bool {
        self.channels == 2 || self.channels == 4
    }

    /// Channels that carry colour: 1 or 3.
    pub fn color_channels(&self) -> usize {
        if self.channels < 3 { 1 } else { 3 }
    }

    fn check<S>(&self, data: *const S) -> Result<()> {
        if self.width == 0 || self.height == 0 {
            return Err(Error::argument("a picture needs at least one pixel"));
        }
        if !(1..=4).contains(&self.channels) {
            return Err(Error::argument(format!("a picture has 1 to 4 channels, not {}", self.channels)));
        }
        if !(data.addr().is_multiple_of(align_of::<S>()) && self.row_stride % align_of::<S>() as isize == 0) {
            return Err(Error::argument("the picture's samples are not aligned in memory"));
        }
        Ok(())
    }
}

/// A picture to read.
#[derive(Debug, Clone, Copy)]
pub struct View<'a, S> {
    data: *const S,
    layout: Layout,
    memory: PhantomData<&'a [S]>,
}

// SAFETY: a view only reads, as `&[S]` does.
unsafe impl<S: Sync> Send for View<'_, S> {}
// SAFETY: as above.
unsafe impl<S: Sync> Sync for View<'_, S> {}

impl<'a, S> View<'a, S> {
    /// Wraps foreign memory.
    ///
    /// # Safety
    /// For `'a`, each row `data + y * row_stride` must hold `width * channels` readable samples that nobody writes.
    ///
    /// # Errors
    /// `Argument` for an empty picture, a wrong channel count or unaligned memory.
    pub unsafe fn from_raw(data: *const S, layout: Layout) -> Result<Self> {
        layout.check(data)?;
        Ok(Self { data, layout, memory: PhantomData })
    }

    /// Wraps a slice without gaps.
    ///
    /// # Errors
    /// `Argument` when the slice's length is not `width * height * channels`.
    pub fn from_slice(data: &'a [S], width: usize, height: usize, channels: usize) -> Result<Self> {
        if data.len() != width * height * channels {
            return Err(Error::argument("the picture's size and its memory differ"));
        }
        // SAFETY: the slice holds all rows and lives for `'a`.
        unsafe { Self::from_raw(data.as_ptr(), Layout::packed::<S>(width, height, channels)) }
    }

    /// The picture's shape.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Samples of row `y`, which must be below the height.
    pub fn row(&self, y: usize) -> &'a [S] {
        assert!(y < self.layout.height, "row {y} of {}", self.layout.height);
        // SAFETY: the constructor's contract, and `y` was checked.
        unsafe {
            let start = self.data.byte_offset(y as isize * self.layout.row_stride);
            std::slice::from_raw_parts(start, self.layout.width * self.layout.channels)
        }
    }
}

/// A picture to write, shared by workers which each own other pixels of it.
#[derive(Debug)]
pub struct Canvas<'a, S> {
    data: *mut S,
    layout: Layout,
    memory: PhantomData<&'a mut [S]>,
}

// SAFETY: writing goes through `span`, whose caller promises disjoint pixels.
unsafe impl<S: Send> Send for Canvas<'_, S> {}
// SAFETY: as above.
unsafe impl<S: Send> Sync for Canvas<'_, S> {}

impl<'a, S> Canvas<'a, S> {
    /// Wraps foreign memory.
    ///
    /// # Safety
    /// For `'a`, each row `data + y * row_stride` must hold `width * channels` samples that only this canvas uses,
    /// and rows must not overlap.
    ///
    /// # Errors
    /// `Argument` for an empty picture, a wrong channel count or unaligned memory.
    pub unsafe fn from_raw(data: *mut S, layout: Layout) -> Result<Self> {
        layout.check(data)?;
        Ok(Self { data, layout, memory: PhantomData })
    }

    /// Wraps a slice without gaps.
    ///
    /// # Errors
    /// `Argument` when the slice's length is not `width * height * channels`.
    pub fn from_slice(data: &'a mut [S], width: usize, height: usize, channels: usize) -> Result<Self> {
        if data.len() != width * height * channels {
            return Err(Error::argument("the picture's size and its memory differ"));
        }
        // SAFETY: the slice holds all rows, exclusively, for `'a`.
        unsafe { Self::from_raw(data.as_mut_ptr(), Layout::packed::<S>(width, height, channels)) }
    }

    /// The picture's shape.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Samples of `width` pixels of row `y` from column `x`.
    ///
    /// # Safety
    /// No two spans alive at one time may share a pixel.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn span(&self, x: usize, y: usize, width: usize) -> &mut [S] {
        let Layout { channels, row_stride, .. } = self.layout;
        assert!(y < self.layout.height && x + width <= self.layout.width, "a span outside the picture");
        // SAFETY: the constructor's contract, the check above, and the caller's promise.
        unsafe {
            let start = self.data.byte_offset(y as isize * row_stride).add(x * channels);
            std::slice::from_raw_parts_mut(start, width * channels)
        }
    }
}
