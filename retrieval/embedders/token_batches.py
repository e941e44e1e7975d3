"""Texts as token ids, put together by length. Knows no model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vouch.retrieval.embedders.pooling import Mask

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Texts of nearly equal length, padded on the right."""

    places: Sequence[int]
    """Where each row stands among all texts."""
    ids: Ids
    """Shape (texts, tokens); 0 under padding."""
    mask: Mask
    """Of the attention: 1 for a token, 0 for padding."""
    counted: Mask
    """Of the pooling: the mask, without an instruction that is not pooled."""


def batches(rows: Sequence[Sequence[int]], size: int, tokens: int, uncounted: int = 0) -> Iterator[TokenBatch]:
    """Yield all rows, the longest first: what memory cannot hold shows at once.

    At most `size` rows and `tokens` padded tokens (or one row) in each; the first `uncounted` tokens of every row
    are not pooled.
    """
    order = sorted(range(len(rows)), key=lambda place: -len(rows[place]))
    start = 0
    while start < len(order):
        longest = max(len(rows[order[start]]), 1)
        end = start + max(min(size, tokens // longest), 1)
        yield _padded(rows, order[start:end], uncounted)
        start = end


def _padded(rows: Sequence[Sequence[int]], places: Sequence[int], uncounted: int) -> TokenBatch:
    ids = np.zeros((len(places), len(rows[places[0]])), np.int64)
    mask = np.zeros_like(ids)
    for number, place in enumerate(places):
        ids[number, : len(rows[place])] = rows[place]
        mask[number, : len(rows[place])] = 1
    counted = mask
    if uncounted:
        counted = mask.copy()
        counted[:, :uncounted] = 0
    return TokenBatch(places, ids, mask, counted)
