"""An Embedder over any model that turns token ids into states: instructions, batches, dense layers, length 1.

Knows numpy only; the model comes through a callable and is loaded with the first text, so that listing or checking
a library costs no model. Not the package sentence-transformers: importing that takes 8 s on top of transformers'
5.5 s, and its vectors are the same (a test compares them).
"""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from vouch.retrieval.embedders.description import ModelDescription
from vouch.retrieval.embedders.projection import DenseLayer, dense_layer
from vouch.retrieval.embedders.recent_queries import RecentQueries
from vouch.retrieval.embedders.token_batches import TokenBatch, batches
from vouch.retrieval.types import Vectors

_WINDOW = 16_384
"""Texts whose tokens are held at a time."""
_USUAL_LENGTH = 512
"""A batch holds at most as many tokens as a full one of texts of this length."""


class TokenModel(Protocol):
    """A tokenizer and what turns its ids into one state for each text."""

    @property
    def end(self) -> int | None:
        """The id of the end token."""
        ...

    def token_ids(self, texts: Sequence[str], max_length: int) -> list[list[int]]:
        """Return the ids of each text with the model's special tokens, cut to `max_length`."""
        ...

    def pooled(self, batch: TokenBatch) -> Vectors:
        """Return one row for each text of a batch, its poolings side by side."""
        ...


class ModelEmbedder:
    """Runs a described model."""

    def __init__(self, described: ModelDescription, load: Callable[[], TokenModel], batch: int = 32) -> None:
        self.described = described
        self._load, self._batch = load, batch
        self._model: TokenModel | None = None
        self._layers: tuple[DenseLayer, ...] = ()
        self._one_at_a_time = threading.Lock()
        self._queries = RecentQueries(lambda text: self._embedded([text], described.query_instruction))

    @property
    def name(self) -> str:
        return self.described.name

    @property
    def dimension(self) -> int:
        return self.described.dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embedded(texts, self.described.passage_instruction)

    def embed_query(self, text: str) -> Vectors:
        return self._queries.vector(text)

    def _embedded(self, texts: Sequence[str], instruction: str) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        full = [place for place, text in enumerate(texts) if any(map(str.isalnum, text))]
        with self._one_at_a_time:
            for start in range(0, len(full), _WINDOW):
                window = full[start : start + _WINDOW]
                vectors[window] = self._encoded([instruction + texts[place] for place in window], instruction)
        return vectors

    def _encoded(self, texts: Sequence[str], instruction: str) -> Vectors:
        model = self._loaded()
        rows = self._token_ids(model, texts)
        uncounted = 0
        if instruction and not self.described.pools_prompt:
            uncounted = _common_start(self._token_ids(model, [instruction])[0], rows[0])
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for batch in batches(rows, self._batch, self._batch * _USUAL_LENGTH, uncounted):
            states = model.pooled(batch)
            for layer in self._layers:
                states = layer(states)
            vectors[batch.places] = unit(states[:, : self.dimension])
        return vectors

    def _token_ids(self, model: TokenModel, texts: Sequence[str]) -> list[list[int]]:
        if self.described.lower_case:
            texts = [text.lower() for text in texts]
        if not self.described.appends_end or model.end is None:
            return model.token_ids(texts, self.described.max_length)
        rows = model.token_ids(texts, self.described.max_length - 1)
        return [row if row[-1:] == [model.end] else [*row, model.end] for row in rows]

    def _loaded(self) -> TokenModel:
        if self._model is None:
            self._layers = tuple(map(dense_layer, self.described.projections))
            self._model = self._load()
        return self._model


def unit(rows: Vectors) -> Vectors:
    """Return the rows with length 1; zeros stay zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _common_start(instruction: Sequence[int], row: Sequence[int]) -> int:
    """Return how many tokens of a text are its instruction's (whose own end token is not there any more)."""
    same = 0
    for mine, other in zip(instruction, row, strict=False):
        if mine != other:
            break
        same += 1
    return same
