"""The timbre net: notes of instruments as pictures of log-magnitude and frequency, after GANSynth."""
