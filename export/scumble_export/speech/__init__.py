"""The speech detector that a music bed is ducked by: taken over as it is."""
