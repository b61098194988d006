"""Instruments of the timbre net: pictures of notes, read as partials and noise, made into a small SoundFont."""
