"""Where the weights come from: synthetic tracks, the training loop, synthetic sheets."""
