"""Training a generator: one recipe, one reproducible run."""
