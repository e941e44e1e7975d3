"""The pages and rows that values stand on, as numbered citations, checked before anyone reads them."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from vouch.generation.plan.sentences import Wording
from vouch.generation.plan.values import Used
from vouch.generation.quotes import Quote, Statement, cite
from vouch.generation.types import Citation, Verification
from vouch.generation.verify import is_on_page, squeezed
from vouch.retrieval.types import Page

Pages = Callable[[str, int], Page]
"""Returns a page of a document; KeyError where there is none."""


@dataclass(slots=True)
class Citer:
    """Gives every row that is used a number, the same row the same one."""

    pages: Pages
    wording: Wording
    _quotes: dict[tuple[str, int, int, int], Quote] = field(default_factory=dict)
    _numbers: int = 0
    _unsupported: int = 0

    def number(self, used: Used) -> int:
        """Return the number of the citation for a value."""
        fact, source = used.stored.fact, used.stored.source
        key = (source.doc_id, fact.page, fact.start, fact.end)
        if key not in self._quotes:
            self._quotes[key] = row_of(used, self.pages, self.wording)
        self._numbers += 1
        if not _holds(self._quotes[key], fact.raw or fact.text):
            self._unsupported += 1
        return list(self._quotes).index(key) + 1

    def mark(self, used: Used) -> str:
        """Return the mark to set behind a value."""
        return f"[{self.number(used)}]"

    def citations(self) -> tuple[Citation, ...]:
        """Return the citations in the order of their numbers."""
        return cite([Statement("", (quote,)) for quote in self._quotes.values()])[1]

    def verification(self) -> Verification:
        """Return what was checked: that each value stands in its row, and each row on its page."""
        missing = sum(not is_on_page(quote) for quote in self._quotes.values())
        return Verification(self._numbers, self._unsupported, len(self._quotes), missing)


def row_of(used: Used, pages: Pages, wording: Wording) -> Quote:
    """Return the row that a value was read from."""
    fact, source = used.stored.fact, used.stored.source
    section = tuple(filter(None, (wording.statement(fact.statement),)))
    return Quote(source, pages(source.doc_id, fact.page), fact.start, fact.end, section, fact.confidence)


def _holds(quote: Quote, printed: str) -> bool:
    return unicodedata.normalize("NFKC", squeezed(printed)) in squeezed(quote.text)
