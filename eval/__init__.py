"""Evaluation of retrieval, answers and facts."""
