"""One vector from the states of a text's tokens. Knows numpy and padding, no model.

Every pooling but `max` is a weighted sum over tokens, so it is told by its weights: numpy and torch then share
their one definition and only the sum runs where the states are.
"""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from vouch.retrieval.types import Vectors

LAST_LAYERS = 4
"""How many layers `mean-last-layers` averages (all of them in a model with fewer): the choice of Devlin et al. 2019
for BERT as a source of features."""

Mask = npt.NDArray[np.int64]
"""Shape (texts, tokens): 1 for a token that counts, 0 for padding on either side."""


class Pooling(StrEnum):
    """How the states of the tokens become one vector."""

    CLS = "cls"
    """The first token's."""
    MEAN = "mean"
    MEAN_SQRT = "mean-sqrt"
    """The sum over the square root of the number of tokens."""
    WEIGHTED_MEAN = "weighted-mean"
    """Token n weighs n: in a decoder, later tokens have seen more (Muennighoff 2022, SGPT)."""
    MAX = "max"
    LAST_TOKEN = "last-token"  # noqa: S105 - no password
    MEAN_LAST_LAYERS = "mean-last-layers"
    """The mean over tokens of the mean over the last layers."""


def token_weights(mask: Mask, pooling: Pooling) -> Vectors:
    """Return what each token's state is multiplied with before summing, shape (texts, tokens); not for `max`."""
    counted = mask.astype(np.float32)
    match pooling:
        case Pooling.CLS:
            return _where(counted, np.cumsum(mask, axis=1) == 1)
        case Pooling.LAST_TOKEN:
            return _where(counted, np.cumsum(mask[:, ::-1], axis=1)[:, ::-1] == 1)
        case Pooling.MEAN | Pooling.MEAN_LAST_LAYERS:
            return _over(counted, counted.sum(axis=1))
        case Pooling.MEAN_SQRT:
            return _over(counted, np.sqrt(counted.sum(axis=1)))
        case Pooling.WEIGHTED_MEAN:
            place = counted * np.cumsum(counted, axis=1)
            return _over(place, place.sum(axis=1))
        case Pooling.MAX:
            raise ValueError("the maximum is no weighted sum")


def pooled(states: Vectors, mask: Mask, poolings: Sequence[Pooling]) -> Vectors:
    """Return one row for each text, the poolings side by side; zeros for a text without tokens.

    `states` has shape (texts, tokens, width): of the last layer, or the mean of the last ones.
    """
    return np.concatenate([_pooled(states, mask, pooling) for pooling in poolings], axis=1)


def _pooled(states: Vectors, mask: Mask, pooling: Pooling) -> Vectors:
    if pooling is Pooling.MAX:
        highest = np.where(mask[:, :, None] > 0, states, -np.inf).max(axis=1)
        return np.where(np.isfinite(highest), highest, 0).astype(np.float32)
    product: Vectors = np.matmul(token_weights(mask, pooling)[:, None, :], states)
    return product[:, 0]


def _where(weights: Vectors, here: npt.NDArray[np.bool_]) -> Vectors:
    return np.where(here, weights, np.float32(0))


def _over(weights: Vectors, sums: Vectors) -> Vectors:
    return (weights / np.maximum(sums, np.finfo(np.float32).tiny)[:, None]).astype(np.float32)
