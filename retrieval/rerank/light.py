"""The reranker that ships: a small network over what words of question and passage have in common. numpy only.

Trained by `vouch finetune rerank` on questions that its embedder has not learned from.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from vouch.retrieval.pair_features import Features, Reading, Standing, TokenTable, pair_features
from vouch.retrieval.rerank.ranked import passage_text, reordered
from vouch.retrieval.token_bag import WeighedTokens
from vouch.retrieval.types import Hit, Vectors

SHIPPED = Path(__file__).parent.parent / "data" / "reranker" / "light.npz"
DEPTH = 40
"""Hits that are read again; those below keep their order."""
_REMEMBERED = 8192
"""Passages whose tokens are kept, some 2 kB each."""
_STEEPNESS = 3.0
"""Of logits to scores: differences stay about as large as those of mixed rankings, to which callers add their own."""


class TokenWeigher(TokenTable, Protocol):
    """The embedder whose tokens are compared."""

    @property
    def name(self) -> str: ...

    def weighed_tokens(self, text: str) -> WeighedTokens: ...


class LightReranker:
    """A Reranker that takes some milliseconds and no model runtime."""

    def __init__(self, embedder: TokenWeigher, weights: Path = SHIPPED) -> None:
        self._name = f"light/{embedder.name}"
        self._network = Network.load(weights)
        self._embedder = embedder
        self._tokens = lru_cache(maxsize=_REMEMBERED)(embedder.weighed_tokens)

    @property
    def name(self) -> str:
        return self._name

    def rerank(self, query: str, hits: Sequence[Hit]) -> list[Hit]:
        """Return all hits; scores are 1 for the best one and above 0."""
        if not hits:
            return []
        read, rest = hits[:DEPTH], hits[DEPTH:]
        texts = [passage_text(hit.chunk) for hit in read]
        passages = [Reading(text, self._tokens(text)) for text in texts]
        standings = [Standing(hit.score, hit.ranks.get("lexical"), hit.ranks.get("vector")) for hit in read]
        asked = Reading(query, self._embedder.weighed_tokens(query))
        logits = self._network.logits(pair_features(asked, passages, standings, self._embedder))
        scores = 2 / (1 + np.exp((logits.max() - logits) / _STEEPNESS))
        below = [float(scores.min()) / (2 + place) for place in range(len(rest))]
        return reordered(hits, [*map(float, scores), *below])


class Network:
    """One hidden layer: tanh, then a sum."""

    def __init__(self, mean: Vectors, scale: Vectors, inner: Vectors, bias: Vectors, outer: Vectors) -> None:
        """`inner` has a column for each hidden unit, `outer` and `bias` a number for each."""
        self._mean, self._scale = mean, scale
        self._inner, self._bias, self._outer = inner, bias, outer

    @classmethod
    def load(cls, file: Path) -> "Network":
        """Return the network in an .npz file."""
        with np.load(file, allow_pickle=False) as kept:
            return cls(kept["mean"], kept["scale"], kept["inner"], kept["bias"], kept["outer"])

    def logits(self, features: Features) -> Vectors:
        """Return one number for each row."""
        hidden = np.tanh((features - self._mean) / self._scale @ self._inner + self._bias)
        found: Vectors = hidden @ self._outer
        return found
