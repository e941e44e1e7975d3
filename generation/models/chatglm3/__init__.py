"""ChatGLM3 checkpoints in their original layout, loaded into the native GLM classes of transformers."""
