"""What an answer quotes: spans of pages, and the numbered citations made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from vouch.generation.sentences import rejoined
from vouch.generation.types import Citation
from vouch.retrieval.types import Page, Source


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
    numbers: dict[tuple[str, int, int, int], int] = {}
    citations: list[Citation] = []
    texts: list[str] = []
    for statement in statements:
        marks: list[str] = []
        for quote in statement.quotes:
            key = (quote.source.doc_id, quote.page.number, quote.start, quote.end)
            if key not in numbers:
                numbers[key] = len(citations) + 1
                citations.append(_citation(numbers[key], quote))
            marks.append(f"[{numbers[key]}]")
        texts.append(f"{statement.text} {''.join(dict.fromkeys(marks))}".strip())
    return texts, tuple(citations)


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
