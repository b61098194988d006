//! Tests of the sound rooms.
