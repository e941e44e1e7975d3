"""Text to vectors, one module for each kind."""
