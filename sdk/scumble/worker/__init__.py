"""The worker: one process of Scumble's own environment that owns the device and serves every host of the user."""
