"""How well passages cover what a question asks, before a model reads them."""

from collections.abc import Sequence

from vouch.generation.drafts import Task
from vouch.generation.relevance import relevance
from vouch.retrieval.tokenize import tokens
from vouch.retrieval.types import Hit

LEAST = 0.3
"""Share of the question's informative words that the best passage must hold for a model to be asked."""
READ = 10


def evidence_strength(task: Task) -> float:
    """Return the share of a question, 0 to 1, that the best of the first passages covers with headings and title."""
    held = sum(document.chunks for document in task.shelf.documents())
    asks = relevance(task.question, task.shelf.lexical.document_frequency, held)
    return max((asks.coverage(_words(hit)) for hit in _read(task.hits)), default=0.0)


def _read(hits: Sequence[Hit]) -> Sequence[Hit]:
    return hits[:READ]


def _words(hit: Hit) -> frozenset[str]:
    chunk = hit.chunk
    return frozenset(tokens(" ".join((*chunk.section, chunk.context, chunk.source.title, chunk.text))))
