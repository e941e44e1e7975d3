"""What the light reranker sees of a question and a passage: how well each word of one is met by words of the other.

MaxSim (late interaction) after ColBERT, Khattab & Zaharia 2020, over vectors that do not depend on their sentence.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vouch.retrieval.token_bag import Rows, WeighedTokens
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

_MET = slice(5, 11)
"""The features that compare tokens."""
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


class TokenTable(Protocol):
    """Where the tokens have their vectors."""

    def token_vectors(self, rows: Rows) -> Vectors:
        """Return a vector for each, as long as the token is worth."""
        ...


def pair_features(
    query: Reading, passages: Sequence[Reading], standings: Sequence[Standing], table: TokenTable
) -> Features:
    """Return a row for each passage."""
    best = max((standing.score for standing in standings), default=0.0) or 1.0
    pairs = {f"{one}{other}" for run in _HAN_RUN.findall(query.text) for one, other in pairwise(run)}
    found = np.zeros((len(passages), len(NAMES)), np.float32)
    found[:, _MET] = _met(query.tokens, [passage.tokens for passage in passages], table)
    for row, (passage, standing) in enumerate(zip(passages, standings, strict=True)):
        found[row, : _MET.start] = (
            standing.score / best,
            1 / (standing.lexical or NOT_FOUND),
            1 / (standing.vector or NOT_FOUND),
            standing.lexical is not None,
            standing.vector is not None,
        )
        found[row, _MET.stop :] = (
            sum(pair in passage.text for pair in pairs) / max(len(pairs), 1),
            math.log1p(len(passage.text)),
            math.log1p(len(query.text)),
        )
    return found


def _met(asked: WeighedTokens, passages: Sequence[WeighedTokens], table: TokenTable) -> Features:
    """Return the six measures that compare tokens, those of all passages at once: shape (passages, 6)."""
    found = np.zeros((len(passages), 6), np.float32)
    full = [place for place, tokens in enumerate(passages) if len(tokens.rows)]
    if not len(asked.rows) or not full:
        return found
    question = _Asked(asked, table)
    rows = np.concatenate([passages[place].rows for place in full])
    sizes = np.array([len(passages[place].rows) for place in full])
    starts = np.cumsum(sizes) - sizes
    # Passages about one thing share most of their words.
    different, where = np.unique(rows, return_inverse=True)
    vectors = table.token_vectors(different)
    lengths = _lengths(vectors)
    cosines, along = question.cosines(vectors, lengths)
    nearest = np.maximum.reduceat(cosines[where], starts, axis=0)
    present = np.add.reduceat((different[:, None] == asked.rows)[where], starts, axis=0).astype(bool)
    weights = np.concatenate([passages[place].weights for place in full])
    whole = np.array([passages[place].length for place in full])
    worth = lengths[where]
    found[full] = np.column_stack(
        (
            np.add.reduceat((along * lengths)[where] * weights, starts) / np.maximum(whole, 1e-6),
            np.einsum("pq,q->p", nearest, question.shares),
            np.einsum("pq,q->p", np.maximum(nearest, 0) ** 3, question.shares),
            np.einsum("pq,q->p", present, question.shares),
            present.mean(axis=1),
            np.add.reduceat(cosines.max(axis=1)[where] * worth, starts) / np.add.reduceat(worth, starts),
        )
    )
    return found


class _Asked:
    """The tokens of a question, each with its share of the worth of all."""

    def __init__(self, tokens: WeighedTokens, table: TokenTable) -> None:
        vectors = table.token_vectors(tokens.rows)
        lengths = _lengths(vectors)
        worth = lengths * tokens.weights
        self.shares = worth / max(float(worth.sum()), 1e-6)
        whole = np.einsum("i,ij->j", tokens.weights, vectors) / max(tokens.length, 1e-6)
        self._directions = np.concatenate((vectors / lengths[:, None], whole[None, :])).T

    def cosines(self, vectors: Vectors, lengths: Vectors) -> tuple[Vectors, Vectors]:
        """Return those with each token of the question, shape (vectors, tokens), and those with their sum."""
        step = max(1, _ONE_THREAD // self._directions.size)
        found = np.empty((len(vectors), self._directions.shape[1]), np.float32)
        for at in range(0, len(vectors), step):
            np.matmul(vectors[at : at + step], self._directions, out=found[at : at + step])
        found /= lengths[:, None]
        return found[:, :-1], found[:, -1]


def _lengths(vectors: Vectors) -> Vectors:
    found: Vectors = np.maximum(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)), 1e-6)
    return found
