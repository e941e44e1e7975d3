"""What an answer quotes: spans of pages, and the numbered citations made of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vouch.generation.sentences import rejoined
from vouch.generation.types import Citation
from vouch.retrieval.types import Page, Source

Span = tuple[str, int, int, int]


@dataclass(frozen=True, slots=True)
class Quote:
    """`page.text[start:end]` of a document, and why it was chosen."""

    source: Source
    page: Page
    start: int
    end: int
    section: tuple[str, ...]
    score: float
    """How well it answers, 0 to 1."""

    @property
    def span(self) -> Span:
        """What makes two quotes the same: document, page number, start and end."""
        return self.source.doc_id, self.page.number, self.start, self.end

    @property
    def text(self) -> str:
        """The quoted span in one line, every character as printed."""
        return rejoined(self.page.text[self.start : self.end])


@dataclass(frozen=True, slots=True)
class Statement:
    """One paragraph of an answer and the quotes that it stands on."""

    text: str
    quotes: tuple[Quote, ...]


def cite(statements: Sequence[Statement]) -> tuple[list[str], tuple[Citation, ...]]:
    """Return the statements' texts with [n] markers and the citations they point to, equal spans cited once."""
    citations = numbered(quote for statement in statements for quote in statement.quotes)
    texts: list[str] = []
    for statement in statements:
        marks = dict.fromkeys(f"[{citations[quote.span].n}]" for quote in statement.quotes)
        texts.append(f"{statement.text} {''.join(marks)}".strip())
    return texts, tuple(citations.values())


def numbered(quotes: Iterable[Quote]) -> dict[Span, Citation]:
    """Return the citation of each span, numbered in the order in which they come up."""
    citations: dict[Span, Citation] = {}
    for quote in quotes:
        if quote.span not in citations:
            citations[quote.span] = _citation(len(citations) + 1, quote)
    return citations


def _citation(n: int, quote: Quote) -> Citation:
    return Citation(
        n=n,
        document_id=quote.source.doc_id,
        document=quote.source.name,
        page=quote.page.number,
        section=quote.section,
        text=quote.text,
        boxes=quote.page.boxes(quote.start, quote.end),
        score=round(min(1.0, max(0.0, quote.score)), 4),
        ocr=quote.page.origin == "ocr",
    )
