"""Fine-tuning of the generator and the embedder."""
