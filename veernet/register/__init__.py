"""A scan that nobody registered: its sheet manifest, drafted from the pixels alone."""
