"""Texts as rows of a table of token vectors, ready to be added up many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vouch.retrieval.token_bag import TIMES_STEPS, TIMES_WEIGHTS, Bag


@dataclass(frozen=True, slots=True)
class Bags:
    """Text i has the rows `rows[starts[i]:starts[i + 1]]`, each once, with its weight."""

    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]


def bags_of(texts: Sequence[str], bag: Bag) -> Bags:
    """Return the texts in the embedder's own terms."""
    found, times, sizes = [], [], [0]
    for text in texts:
        rows, occurs = np.unique(bag.rows(text), return_counts=True)
        found.append(rows)
        times.append(occurs)
        sizes.append(len(rows))
    occurrences = np.minimum(np.concatenate(times), len(TIMES_WEIGHTS)) - 1
    return Bags(np.cumsum(sizes, dtype=np.int64), np.concatenate(found), TIMES_WEIGHTS[occurrences] / TIMES_STEPS)
