"""What was read from a question and decides where it is looked for: never silently, so it is told beside the result."""

from dataclasses import dataclass

from vouch.retrieval.question import Question
from vouch.retrieval.types import DocumentKind


@dataclass(frozen=True, slots=True)
class Inferred:
    """The filters of a question. Soft: where nothing within them answers, the search goes on outside."""

    companies: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    periods: tuple[str, ...] = ()
    kinds: tuple[DocumentKind, ...] = ()
    collections: tuple[str, ...] = ()
    department: str = ""
    """Weighs in the search only."""
    documents: tuple[str, ...] = ()
    """Ids of the documents looked in first; empty for all of them."""


def inferred(question: Question) -> Inferred:
    """Return what a question says about the documents that should answer it."""
    return Inferred(
        companies=question.companies,
        years=question.years,
        periods=question.periods,
        kinds=question.filters.kinds,
        collections=question.filters.collections,
        department=question.filters.department,
        documents=tuple(sorted(question.scope.doc_ids)),
    )
