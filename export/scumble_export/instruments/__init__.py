"""The instruments that a music bed is played on: some presets of a large SoundFont, compressed."""
