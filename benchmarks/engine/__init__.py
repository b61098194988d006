"""The engine's bench: whole jobs by Scumble and by what one would write or install without it, in turns."""
