"""Whether an answer is right: one module for each way of being right."""
