"""Vectors as pgvector's type halfvec reads and sends them. Knows no database."""

from collections.abc import Sequence

import numpy as np

from vouch.retrieval.types import Vectors


def vectors_from(packed: Sequence[bytes], dimension: int) -> Vectors:
    """Read vectors as pgvector sends them: dimension and an unused word, then the coordinates."""
    words = np.frombuffer(b"".join(packed), ">f2").reshape(len(packed), dimension + 2)
    return words[:, 2:].astype(np.float32)


def vector_text(vector: Vectors) -> str:
    """Return a vector of shape (1, dimension) as pgvector reads it."""
    return f"[{','.join(map(str, vector[0].tolist()))}]"
