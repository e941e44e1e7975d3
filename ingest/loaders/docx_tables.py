"""The grid of a Word table, merged cells expanded. Knows elements only by their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vouch.ingest.loaders.docx_xml import PAGE_BREAK, W, text_of, value_of, whole
from vouch.ingest.loaders.tables import header_rows

MAX_SPAN = 64
"""Columns; Word allows 63."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: the text of each grid column once, and again in every column that a wide cell covers."""

    once: tuple[str, ...]
    repeated: tuple[str, ...]
    is_header: bool
    page_breaks: int


def table_rows(table: Any) -> list[TableRow]:
    """Return the rows of a table; a cell merged downwards stands in each of its rows."""
    rows: list[TableRow] = []
    above: list[str] = []
    for element in table.iter(W + "tr"):
        if next(element.iterancestors(W + "tbl")) is not table:
            continue  # a table inside a cell is part of that cell's text
        once: list[str] = []
        repeated: list[str] = []
        breaks = 0
        for cell in element.iter(W + "tc"):
            if next(cell.iterancestors(W + "tr")) is not element:
                continue
            text = "\n".join(text_of(paragraph) for paragraph in cell.iter(W + "p"))
            breaks = max(breaks, text.count(PAGE_BREAK))
            text = text.replace(PAGE_BREAK, "").strip()
            if value_of(cell, "tcPr", "vMerge") in ("", "continue") and not text:
                text = above[len(once)] if len(once) < len(above) else ""
            span = min(whole(value_of(cell, "tcPr", "gridSpan"), 1), MAX_SPAN)
            once += [text] + [""] * (span - 1)
            repeated += [text] * max(span, 1)
        is_header = value_of(element, "trPr", "tblHeader") not in (None, "0", "false")
        rows.append(TableRow(tuple(once), tuple(repeated), is_header, breaks))
        above = repeated
    return rows


def shown_cells(rows: Sequence[TableRow], headers: int | None) -> list[tuple[str, ...]]:
    """Return the cells of each row: a wide header stands over each of its columns, any other wide cell once."""
    count = header_rows([row.once for row in rows]) if headers is None else headers
    return [row.repeated if i < count and len(set(row.repeated)) > 1 else row.once for i, row in enumerate(rows)]
