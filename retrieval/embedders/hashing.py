"""The embedder that needs no model: hashed words, bigrams and word pieces, projected by signs. Learns nothing."""

import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vouch.retrieval.tokenize import TOKENIZER_NAME, tokens
from vouch.retrieval.types import Vectors

_SPREAD = 8
"""Coordinates that each token adds to."""


class HashingEmbedder:
    """TF-IDF in a few hundred dimensions: each token adds or subtracts its weight in eight of them."""

    def __init__(self, dimension: int = 384) -> None:
        self._dimension = dimension

    @property
    def name(self) -> str:
        return f"hashing/1/{self._dimension} {TOKENIZER_NAME}"

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.concatenate(
            [self.embed_query(text) for text in texts] or [np.zeros((0, self._dimension), np.float32)]
        )

    def embed_query(self, text: str) -> Vectors:
        counted = Counter(tokens(text))
        hashes = np.fromiter((zlib.crc32(token.encode()) for token in counted), np.uint64, len(counted))
        weights = 1 + np.log(np.fromiter(counted.values(), np.float64, len(counted)))
        return _unit(_project(hashes, weights, self._dimension))


def _project(hashes: npt.NDArray[np.uint64], weights: npt.NDArray[np.float64], dimension: int) -> Vectors:
    """Return the sum of the tokens' signed coordinates, shape (1, dimension)."""
    mixed = _mix(np.add.outer(hashes * np.uint64(_SPREAD), np.arange(_SPREAD, dtype=np.uint64)))
    places = (mixed >> np.uint64(1)) % np.uint64(dimension)
    signs = 1.0 - 2.0 * (mixed & np.uint64(1)).astype(np.float64)
    summed = np.bincount(places.astype(np.intp).ravel(), (signs * weights[:, None]).ravel(), dimension)
    return summed.astype(np.float32)[None, :]


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return well-scattered numbers, always the same for the same input (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)
