"""What the light reranker sees of a question and a passage: how well each word of one is met by words of the other.

MaxSim (late interaction) after ColBERT, Khattab & Zaharia 2020, over vectors that do not depend on their sentence.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vouch.retrieval.token_bag import WeighedTokens
from vouch.retrieval.types import Vectors

NAMES = (
    "fused score over the best one",
    "1 / lexical rank",
    "1 / vector rank",
    "found by words",
    "found by vectors",
    "cosine of the texts",
    "nearest word of the passage to each of the question, weighed",
    "the same, cubed",
    "share of the question's words in the passage, weighed",
    "share of the question's words in the passage",
    "nearest word of the question to each of the passage, weighed",
    "share of the question's pairs of characters in the passage",
    "logarithm of the passage's length",
    "logarithm of the question's length",
)

NOT_FOUND = 200
"""Rank of a passage that a leg has not found."""

_ONE_THREAD = 1 << 18
"""Multiplications up to which OpenBLAS takes one thread; several wait for each other on busy cores (measured: 1 s)."""
_HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")

Features = npt.NDArray[np.float32]
"""Shape (passages, len(NAMES))."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text and its tokens."""

    text: str
    tokens: WeighedTokens


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a passage stands before."""

    score: float
    lexical: int | None
    """1-based rank; None where this leg has not found it."""
    vector: int | None


def pair_features(query: Reading, passages: Sequence[Reading], standings: Sequence[Standing]) -> Features:
    """Return a row for each passage."""
    best = max((standing.score for standing in standings), default=0.0) or 1.0
    pairs = {f"{one}{other}" for run in _HAN_RUN.findall(query.text) for one, other in pairwise(run)}
    found = np.zeros((len(passages), len(NAMES)), np.float32)
    asked = _Asked(query.tokens)
    for row, (passage, standing) in enumerate(zip(passages, standings, strict=True)):
        found[row] = (
            standing.score / best,
            1 / (standing.lexical or NOT_FOUND),
            1 / (standing.vector or NOT_FOUND),
            standing.lexical is not None,
            standing.vector is not None,
            *asked.met_by(passage.tokens),
            sum(pair in passage.text for pair in pairs) / max(len(pairs), 1),
            math.log1p(len(passage.text)),
            math.log1p(len(query.text)),
        )
    return found


class _Asked:
    """The tokens of a question, each with its worth."""

    def __init__(self, tokens: WeighedTokens) -> None:
        self._rows = tokens.rows
        lengths = np.linalg.norm(tokens.vectors, axis=1)
        self._directions = tokens.vectors / np.maximum(lengths, 1e-6)[:, None]
        worth = lengths * tokens.weights
        self._shares = worth / max(float(worth.sum()), 1e-6)
        self._sum = np.einsum("i,ij->j", tokens.weights, tokens.vectors)

    def met_by(self, tokens: WeighedTokens) -> tuple[float, ...]:
        """Return the six measures that compare tokens."""
        if not len(self._rows) or not len(tokens.rows):
            return (0.0,) * 6
        lengths = np.maximum(np.linalg.norm(tokens.vectors, axis=1), 1e-6)
        cosines = self._cosines(tokens.vectors / lengths[:, None])
        nearest = cosines.max(axis=1)
        present = np.isin(self._rows, tokens.rows)
        whole = np.einsum("i,ij->j", tokens.weights, tokens.vectors)
        cosine = self._sum @ whole / max(float(np.linalg.norm(self._sum) * np.linalg.norm(whole)), 1e-6)
        return (
            float(cosine),
            float(self._shares @ nearest),
            float(self._shares @ np.maximum(nearest, 0) ** 3),
            float(self._shares @ present),
            float(present.mean()),
            float(lengths @ cosines.max(axis=0) / lengths.sum()),
        )

    def _cosines(self, directions: Vectors) -> Vectors:
        """Return shape (tokens of the question, tokens of the passage)."""
        step = max(1, _ONE_THREAD // self._directions.size)
        parts = [self._directions @ directions[at : at + step].T for at in range(0, len(directions), step)]
        found: Vectors = np.concatenate(parts, axis=1)
        return found
