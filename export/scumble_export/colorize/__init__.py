"""The colorizer's recipe: net, training, evaluation and export."""
