"""What is evaluated and what came of it, as values. Knows no file format and no metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from vouch.generation.chat import Message, ToolSchema
from vouch.generation.types import Answer
from vouch.retrieval.types import Hit, Scope, SearchMode

ItemKind = Literal[
    "value", "values", "text", "ranking", "count", "open", "reading", "filing", "refusal", "choice", "reply"
]
"""value: one number · values: several · text: a name, a date, an address · ranking, count: over many companies ·
open: prose about a section · reading: the words are in a given passage · filing: FinanceBench · refusal: must not be
answered · choice: multiple choice · reply: the last turn of a conversation."""

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
    """1-based pages that are all needed for the answer."""
    also_pages: tuple[int, ...] = ()
    """Pages that do as well as any of `pages`: where a section goes on."""
    report: str = ""
    """File name of the document that holds the answer."""
    other_places: tuple[tuple[str, int], ...] = ()
    """(file name, page) in further documents that are needed as well."""
    labels: tuple[str, ...] = ()
    """What each of `gold_values` is the value of; for rankings, everything that may be named, right or not."""
    alternatives: tuple[tuple[float, ...], ...] = ()
    """Other accepted `gold_values`, such as those of another reading of the period."""
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other names of what `gold` and `labels` name: full name -> short name, stock code."""
    ordered: bool = True
    """Whether the order of `gold` counts."""
    passage: str = ""
    """Reading comprehension: the text that the answer is taken from."""
    choices: tuple[str, ...] = ()
    language: str = "zh"
    core: bool = False
    not_applicable: bool = False
    messages: tuple[Message, ...] = ()
    """Every turn up to the one asked for, where the file holds a conversation."""
    tools: tuple[ToolSchema, ...] = ()
    """Of that conversation."""

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """(file name, page) of everything that the answer needs."""
        return (*((self.report, page) for page in self.pages), *self.other_places)


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


class AskPassage(Protocol):
    """The system under test, asked about a text that comes with the question."""

    def __call__(self, passage: str, question: str) -> tuple[Answer, tuple[Hit, ...]]: ...


class PageText(Protocol):
    """Where an evaluation reads what a cited page says."""

    def __call__(self, document_id: str, page: int) -> str:
        """Return the text of a page; KeyError where there is none."""
        ...


class UnderTest(Protocol):
    """What answers the items of an evaluation."""

    @property
    def page_text(self) -> PageText:
        """What cited pages say."""
        ...

    def answer(self, item: Item) -> tuple[Answer, tuple[Hit, ...]]:
        """Return an answer and the passages that were retrieved for it, best first."""
        ...

    def likelihood(self, item: Item, /) -> Mapping[str, float]:
        """Return scores of an item that need no answer: how likely its reference is; nothing where unknown."""
        ...


class Search(Protocol):
    """Retrieval under test."""

    def __call__(self, query: str, k: int, mode: SearchMode, scope: Scope) -> list[Hit]: ...


class TextScorer(Protocol):
    """Scores of generated texts, as the module `text_generation` has them."""

    def perplexity(self, token_logprobs: Sequence[Sequence[float]]) -> float: ...

    def bleu(self, texts: Sequence[str], references: Sequence[Sequence[str]], language: str) -> float: ...

    def rouge(self, texts: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]: ...
