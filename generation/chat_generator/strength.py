"""How well passages cover what a question asks, before a model reads them."""

from vouch.generation.drafts import Task
from vouch.generation.relevance import relevance
from vouch.retrieval.tokenize import tokens
from vouch.retrieval.types import Hit

ENOUGH, LEAST, EACH = 0.5, 0.22, 0.04
"""Share of a question's informative words that the best passage must cover for a model to be asked: less for each word
past two, as long questions carry words that no passage repeats.

Measured with these: of questions that the library answers 0 of 164 about Chinese reports and 4 of 29 about English
filings are refused unread; of those it cannot answer 134 of 136 (financial concepts, medical documents), 123 of 150
(patients' questions, reports), 76 of 100 (diseases, filings) and 26 of 30 about other subjects.
"""
READ = 10


def is_worth_reading(task: Task) -> bool:
    """Say whether one of the first passages covers enough of the question, its headings and title taken in."""
    held = sum(document.chunks for document in task.shelf.documents())
    asks = relevance(task.question, task.shelf.lexical.document_frequency, held)
    covered = max((asks.coverage(_words(hit)) for hit in task.hits[:READ]), default=0.0)
    return covered >= max(LEAST, ENOUGH - EACH * max(0, len(asks.facets) - 2))


def _words(hit: Hit) -> frozenset[str]:
    chunk = hit.chunk
    return frozenset(tokens(" ".join((*chunk.section, chunk.context, chunk.source.title, chunk.text))))
