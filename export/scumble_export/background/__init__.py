"""The background generator: data, net, training, evaluation and export."""
