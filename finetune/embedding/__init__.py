"""Training of the embedder that ships: pairs of texts in, a table of token vectors out."""
