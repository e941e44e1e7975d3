"""What every reranker reads of a passage and gives back of a ranking."""

from collections.abc import Sequence
from dataclasses import replace

from vouch.retrieval.types import Chunk, Hit

LEG = "rerank"
"""Under this name a hit's ranks hold its rank here."""


def passage_text(chunk: Chunk) -> str:
    """Return what is read of a passage: its headings and context with its text."""
    return "\n".join(filter(None, (" ".join(chunk.section), chunk.context, chunk.text)))


def reordered(hits: Sequence[Hit], scores: Sequence[float]) -> list[Hit]:
    """Return the hits by falling score, each with its score and its 1-based rank; equal scores keep their order."""
    best_first = sorted(zip(hits, scores, strict=True), key=lambda pair: -pair[1])
    return [
        replace(hit, score=score, ranks={**hit.ranks, LEG: rank})
        for rank, (hit, score) in enumerate(best_first, start=1)
    ]
