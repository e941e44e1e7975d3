"""Rankings in which no passage says again what one above it says. Knows no index.

Maximal marginal relevance (Carbonell and Goldstein, 1998): the next passage is the one with the largest
(1 - diversity) * score - diversity * likeness to the passages chosen so far, scores put between 0 and 1.
"""

from collections.abc import Sequence

from vouch.retrieval.tokenize import words
from vouch.retrieval.types import Hit


def diverse(hits: Sequence[Hit], diversity: float) -> list[Hit]:
    """Return the same hits, best first, those like a better one further down; `diversity` 0 leaves them as they are."""
    if not diversity or len(hits) < 3:
        return list(hits)
    low, high = min(hit.score for hit in hits), max(hit.score for hit in hits)
    share = [(hit.score - low) / (high - low) if high > low else 1.0 for hit in hits]
    held = [frozenset(words(hit.chunk.text)) for hit in hits]
    likest = [0.0] * len(hits)
    left = list(range(len(hits)))
    chosen: list[Hit] = []
    while left:
        best = max(left, key=lambda i: (1 - diversity) * share[i] - diversity * likest[i])  # the first of equals
        left.remove(best)
        chosen.append(hits[best])
        for i in left:
            likest[i] = max(likest[i], likeness(held[best], held[i]))
    return chosen


def likeness(left: frozenset[str], right: frozenset[str]) -> float:
    """Return the share of common words of two passages (Jaccard): 1 for the same words, 0 without any."""
    together = len(left | right)
    return len(left & right) / together if together else 0.0
