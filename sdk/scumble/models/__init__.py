"""Bundles: trained models with their facts, found, verified and linted before anything runs them."""
