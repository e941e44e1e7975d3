"""现金流量表补充资料: how the notes lead from profit to cash, where depreciation and amortisation are stated."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vouch.ingest.facts.printed import PrintedLine, PrintedPages, columns
from vouch.ingest.facts.statement_columns import statement_columns, unit_factor
from vouch.ingest.facts.statements import default_column, header_lines, labelled_rows, row_facts
from vouch.ingest.rejoin import squeeze
from vouch.retrieval.facts import Fact, FactScope
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.types import Page, Source

STATEMENT = "cash_flow_supplement"
MAX_PAGES = 3

_MENTION = re.compile(r"补\s*充\s*资\s*料")
_CAPTION = re.compile(r"(?P<parent>母公司)?(?:的)?现金流量表(?:的)?补充资料$")
_END = re.compile(r"不涉及现金收支|净变动情况|现金(?:和|及)现金等价物的构成|取得子公司支付的现金|所有权或使用权")


@dataclass(frozen=True, slots=True)
class _Table:
    """The lines below a caption, page by page."""

    scope: FactScope
    pages: tuple[tuple[Page, tuple[PrintedLine, ...]], ...]


def supplement_facts(printed: PrintedPages, source: Source, fields: FieldDictionary) -> list[Fact]:
    """Return the facts of the table; the first value of a field in a scope and year counts."""
    found: dict[tuple[str, int, str], Fact] = {}
    for table in _tables(printed):
        for fact in _table_facts(table, source, fields):
            found.setdefault((fact.field, fact.year, fact.scope), fact)
    return list(found.values())


def _tables(printed: PrintedPages) -> Iterator[_Table]:
    """Yield the tables; a caption right below another one is the same table's."""
    scope: FactScope | None = None
    parts: list[tuple[Page, tuple[PrintedLine, ...]]] = []
    for page in printed.pages:
        if scope is None and not _MENTION.search(page.text):
            continue
        lines, first = printed.lines(page), 0
        for i, line in enumerate(lines):
            text = "" if line.amounts else squeeze(line.label)
            caption = _CAPTION.search(text) if len(text) < 30 else None
            if caption or (scope and _END.search(text)):
                if scope:
                    yield _Table(scope, (*parts, (page, tuple(lines[first:i]))))
                scope = ("parent" if caption["parent"] else "consolidated") if caption else None
                parts, first = [], i + 1
        if scope:
            parts.append((page, tuple(lines[first:])))
            if len(parts) >= MAX_PAGES:
                yield _Table(scope, tuple(parts))
                scope, parts = None, []
    if scope:
        yield _Table(scope, tuple(parts))


def _table_facts(table: _Table, source: Source, fields: FieldDictionary) -> Iterator[Fact]:
    every = [line for _, lines in table.pages for line in lines]
    extents = columns(every)
    if not extents:
        return
    header, at = _header(table, extents)
    heads = statement_columns(at, header, extents, source, default_column(table.scope, source))
    factor = unit_factor([at.text[line.start : line.end] for line in header]) or 1.0
    for page, lines in table.pages:
        for row in labelled_rows(lines, STATEMENT, fields):
            for fact in row_facts(row, page, extents, heads, factor):
                yield replace(fact, statement=STATEMENT)


def _header(table: _Table, extents: Sequence[tuple[float, float]]) -> tuple[Sequence[PrintedLine], Page]:
    """Return the lines above the first amounts and their page; a caption at the foot of a page has none on its own."""
    for page, lines in table.pages:
        if any(line.amounts for line in lines):
            return header_lines(lines, extents), page
    return (), table.pages[0][0]
