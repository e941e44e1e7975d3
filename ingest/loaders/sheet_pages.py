"""A sheet of rows as one page: its tables apart where blank rows part them. Knows neither CSV nor XLSX."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from vouch.ingest.loaders.qa_records import document_of, left_out_warnings
from vouch.ingest.loaders.records import record_of
from vouch.ingest.loaders.tables import add_table
from vouch.ingest.pages import PageDraft
from vouch.ingest.types import Document

Row = Sequence[str]


def sheet_draft(number: int, name: str, rows: Iterable[Row]) -> PageDraft:
    """Return a page with the sheet's name, where it says something, as heading and its tables below."""
    draft = PageDraft(number)
    tables = [list(group) for filled, group in groupby(rows, key=any) if filled]
    if tables:
        draft.add("heading", name, level=1)
    for table in tables:
        first = min(next(i for i, cell in enumerate(row) if cell) for row in table)
        add_table(draft, [row[first:] for row in table])
    return draft


def qa_document(rows: Sequence[Row], warnings: tuple[str, ...]) -> Document | None:
    """Return a page for each row, numbered as in a spreadsheet; None where no columns are questions and answers."""
    records = [
        (number, record_of(dict(zip(rows[0], row, strict=False)))) for number, row in enumerate(rows[1:], start=2)
    ]
    pairs = [(number, record) for number, record in records if record is not None and record.turns]
    if not pairs:
        return None
    held = {number for number, _ in pairs}
    left_out = [number for number, row in enumerate(rows[1:], start=2) if any(row) and number not in held]
    return document_of(pairs, warnings + left_out_warnings((left_out, "no answered question")))
