"""Trains Scumble's models in torch and exports them as bundles; the SDK never imports this package."""
