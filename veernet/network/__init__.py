"""Strips to class maps: the network, its targets and losses, its weights, and how it is run."""
