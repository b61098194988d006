"""How good the backgrounds are that Scumble ships: colours, moods, seams, text, bytes, time and memory."""
