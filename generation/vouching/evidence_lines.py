"""The lines of a piece of evidence: rows of tables and sentences, with their numbers and how to read them."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from vouch.generation.drafts import Evidence
from vouch.generation.quotes import Quote
from vouch.generation.retrieve import Shelf
from vouch.generation.rows import Row, rows
from vouch.generation.sentences import sentences
from vouch.generation.statement_titles import unit_above
from vouch.generation.vouching.agreement import Around, around
from vouch.generation.vouching.columns import column_years
from vouch.generation.vouching.figures import Figure, figures, folded
from vouch.generation.vouching.signs import signs
from vouch.retrieval.fields import FieldDictionary, FieldMention
from vouch.retrieval.tokenize import tokens
from vouch.retrieval.types import Page

_LOSS = re.compile(r"亏损|损失|减少|下降|流出|\bloss|decreas|declin", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;:。!?](?!\d)|、|\band\b|[和及与](?=[^,。]{0,12}\d)", re.IGNORECASE)
_NUMERIC = re.compile(r"[\d.,%]+")
_READS_ON = re.compile(r"[，。；]|[,;]\s")
"""Printed lines of running text that happen to end with a number are no rows."""
_BESIDE = 60
_LONGEST = 600
"""Characters of a line that is quoted whole."""


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """`page.text[start:end]`: what can be quoted for a claim."""

    start: int
    end: int
    words: frozenset[str]
    """Content words: of a row its label's, of a sentence its own, those of the sentence before and the headings."""
    own: frozenset[str]
    """The words of the line itself."""
    figures: tuple[Figure, ...]
    place: Around
    years: tuple[int | None, ...] = ()
    """Of a row: the year of each figure, as far as the table's header tells."""
    fields: frozenset[str] = frozenset()
    """Of a row: the fields of statements that its label names."""
    clauses: tuple[frozenset[str], ...] = ()
    """Of a sentence: the words around each figure, up to the next comma."""


def content_words(text: str) -> frozenset[str]:
    """Return the words of a text without numbers."""
    return frozenset(token for token in tokens(text) if not _NUMERIC.fullmatch(token) and "_" not in token)


def clause_words(text: str, figure: Figure) -> frozenset[str]:
    """Return the words around a figure of a text, from the comma before it to the one behind."""
    plain = folded(text)
    start = max((match.end() for match in _CLAUSE.finditer(plain, 0, figure.start)), default=0)
    stop = _CLAUSE.search(plain, figure.end)
    return content_words(plain[start : stop.start() if stop else len(plain)])


class LineReader:
    """Reads evidence into lines, each piece once."""

    def __init__(self, shelf: Shelf, fields: FieldDictionary) -> None:
        self._shelf = shelf
        self._fields = fields
        self._rows: dict[tuple[str, int], list[Row]] = {}
        self._read: dict[tuple[str, int, int, int], tuple[EvidenceLine, ...]] = {}

    def lines(self, evidence: Evidence) -> tuple[EvidenceLine, ...]:
        """Return the rows and sentences that the span holds, in their order, but none that order the reader about."""
        quote = evidence.quote
        key = (quote.source.doc_id, quote.page.number, quote.start, quote.end)
        if key not in self._read:
            unit = self._unit(evidence)
            table = list(self._table_rows(evidence, unit))
            beside = [s for s in self._sentences(evidence, unit) if evidence.kind != "table" or not _is_in(s, table)]
            found = [line for line in (*table, *beside) if not gives_orders(quote, line.start, line.end)]
            self._read[key] = tuple(sorted(found, key=lambda line: (line.start, line.end)))
        return self._read[key]

    def fields_of(self, text: str) -> frozenset[str]:
        """Return the fields of statements that a text names."""
        return frozenset(mention.field.name for mention in self._fields.mentions(text))

    def mentions(self, text: str) -> list[FieldMention]:
        """Return where a text names fields of statements."""
        return self._fields.mentions(text)

    def without_fields(self, text: str, fields: frozenset[str]) -> str:
        """Return a text without the names of these fields, under which a document may have other words."""
        for mention in reversed(self._fields.mentions(text)):
            if mention.field.name in fields:
                text = f"{text[: mention.start]} {text[mention.end :]}"
        return text

    def _table_rows(self, evidence: Evidence, unit: str) -> Iterable[EvidenceLine]:
        quote = evidence.quote
        key = (quote.source.doc_id, quote.page.number)
        if key not in self._rows:
            self._rows[key] = rows(quote.page)
        for row in self._rows[key]:
            inside = row.start < quote.end and row.end > quote.start and (row.end - row.start) < _LONGEST
            if inside and not _READS_ON.search(row.printed):
                yield self._row_line(evidence, row, unit)

    def _row_line(self, evidence: Evidence, row: Row, unit: str) -> EvidenceLine:
        quote = evidence.quote
        page, label = quote.page, " ".join((row.printed, *row.long_labels[:1]))
        # The words of a label (净亏损以“－”号填列) do not say which way a value went.
        found = [replace(figure, direction=0) for figure in figures(page.text[row.start : row.end])]
        above = f"{evidence.context}\n{page.text[: row.start]}"
        by_value = column_years(above, quote.source.year, row.values)
        years = _aligned(found, row.values, by_value)
        words = content_words(label)
        place = around(
            unit, f"{label} {_header(above)}" if "%" in _header(above) else label, bool(_LOSS.search(row.label))
        )
        fields = self.fields_of(row.label)
        return EvidenceLine(row.start, row.end, words, words, tuple(found), place, years, fields)

    def _sentences(self, evidence: Evidence, unit: str) -> Iterable[EvidenceLine]:
        quote = evidence.quote
        text, headings = quote.page.text, content_words(" ".join(quote.section))
        before: frozenset[str] = frozenset()
        for sentence in sentences(text, quote.start, quote.end):
            said = text[sentence.start : sentence.end]
            own = content_words(said)
            place = around(unit if evidence.kind == "table" else "", "", bool(_LOSS.search(said)))
            found = tuple(figures(said))
            clauses = tuple(clause_words(said, figure) for figure in found)
            words = own | before | headings
            yield EvidenceLine(sentence.start, sentence.end, words, own, found, place, clauses=clauses)
            before = own

    def _unit(self, evidence: Evidence) -> str:
        """Return the unit of a piece of evidence: printed in it, in its caption, or nearest above it."""
        quote = evidence.quote
        for text in (quote.page.text[quote.start : quote.end], evidence.context):
            if near := unit_above(Page(1, text), len(text), _no_page):
                return near
        return unit_above(quote.page, quote.start, self._page_of(quote.source.doc_id))

    def _page_of(self, doc_id: str) -> Callable[[int], Page]:
        return lambda number: self._shelf.page(doc_id, number)


def gives_orders(quote: Quote, start: int, end: int) -> bool:
    """Say whether a span of a page, or what stands right beside it, gives orders to whoever reads it."""
    text = quote.page.text
    return bool(signs().instructions.search(text[max(0, start - _BESIDE) : end + _BESIDE]))


def _is_in(sentence: EvidenceLine, table: Sequence[EvidenceLine]) -> bool:
    """Say whether a run of lines of a table is made of rows, which are read with their columns."""
    return any(row.start < sentence.end and sentence.start < row.end for row in table)


def _no_page(_number: int) -> Page:
    return Page(1, "")


def _header(above: str) -> str:
    """Return the line or two right above a row, where a column says that it holds percentages."""
    return " ".join(folded(above).splitlines()[-2:])


def _aligned(found: list[Figure], values: tuple[str, ...], years: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """Return the year of each figure; figures of the label come first and have none."""
    ahead = len(found) - len(values)
    return (*([None] * ahead), *years) if ahead >= 0 else tuple(None for _ in found)
