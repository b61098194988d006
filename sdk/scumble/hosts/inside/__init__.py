"""Short programs that the doctor runs inside a host; each writes what it found as JSON to SCUMBLE_PROBE."""
