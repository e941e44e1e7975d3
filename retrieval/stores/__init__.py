"""Where a library keeps its documents, one module for each engine."""
