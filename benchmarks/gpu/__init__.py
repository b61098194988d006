"""The colorizer on a graphics card, against what one would write without Scumble: `python -m benchmarks.gpu`."""
