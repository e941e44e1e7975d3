"""BM25 indexes, one module for each engine."""
