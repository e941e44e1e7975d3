"""Training examples: where they come from, what is kept of them, and how they are written down."""
