"""What is evaluated and what came of it, as values. Knows no file format and no metric."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from vouch.generation.types import Answer
from vouch.retrieval.types import Hit, Scope, SearchMode

ItemKind = Literal["value", "values", "text", "ranking", "count", "open", "reading", "filing", "refusal", "choice"]
"""value: one number · values: several · text: a name, a date, an address · ranking, count: over many companies ·
open: prose about a section · reading: the words are in a given passage · filing: FinanceBench · refusal: must not be
answered · choice: multiple choice."""

Verdict = Literal["correct", "wrong", "refused"]


@dataclass(frozen=True, slots=True)
class Item:
    """One question with everything that is known of its right answer."""

    id: str
    question: str
    kind: ItemKind
    type: str = ""
    """The data set's own name for the sort of question; `by_type` counts these."""
    gold: tuple[str, ...] = ()
    """Accepted answers as text; for several values, one entry for each value."""
    gold_values: tuple[float, ...] = ()
    """Numbers in the unit of `unit`, in the order asked."""
    unit: str = ""
    components: Mapping[str, str] = field(default_factory=dict)
    """What a computed answer must show besides the result: operand name -> printed value."""
    keywords: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """Whole answers to compare prose with."""
    pages: tuple[int, ...] = ()
    """1-based pages that hold the answer."""
    report: str = ""
    """File name of the document that holds the answer."""
    passage: str = ""
    """Reading comprehension: the text that the answer is taken from."""
    choices: tuple[str, ...] = ()
    language: str = "zh"
    core: bool = False
    not_applicable: bool = False


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """One line of records.jsonl for answers."""

    item: Item
    answer: Answer
    verdict: Verdict
    scores: Mapping[str, float]
    """Per-item metrics, e.g. page_recall@1, citation_precision, f1; a metric that does not apply is absent."""
    retrieved_pages: tuple[tuple[str, int], ...] = ()
    """(document name, page) of the passages that retrieval offered, best first, distinct."""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metrics:
    """A run's summary: what metrics.json holds, in the contract's keys."""

    values: Mapping[str, Any]


class Ask(Protocol):
    """The system under test, as evaluation sees it."""

    def __call__(self, question: str) -> tuple[Answer, tuple[Hit, ...]]:
        """Return the answer and the passages that were retrieved for it, best first."""
        ...


class Search(Protocol):
    """Retrieval under test."""

    def __call__(self, query: str, k: int, mode: SearchMode, scope: Scope) -> list[Hit]: ...
