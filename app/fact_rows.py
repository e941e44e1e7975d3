"""A stored fact as the contract's row, for JSON, tables and exports alike."""

from dataclasses import dataclass, fields
from decimal import Decimal

from vouch.app.document_table import aligned
from vouch.retrieval.fact_query import StoredFact
from vouch.retrieval.facts import FactScope

_HEADER = ("company", "year", "period", "scope", "field", "value", "page", "document")


@dataclass(frozen=True, slots=True)
class FactRow:
    """The keys of `vouch facts --json`, in order; ours stand at the end."""

    company: str
    short_name: str
    code: str
    year: int
    period: str
    scope: FactScope
    field: str
    value: float | int | None
    unit: str
    raw: str
    text: str
    document: str
    page: int
    row: str
    confidence: float
    statement: str
    column: str
    document_id: str


COLUMNS = tuple(entry.name for entry in fields(FactRow))


def fact_row(stored: StoredFact) -> FactRow:
    """Return the row of a fact; whole numbers without a point."""
    fact, source = stored.fact, stored.source
    value = fact.value
    return FactRow(
        company=fact.company,
        short_name=fact.short_name,
        code=fact.code,
        year=fact.year,
        period=fact.period,
        scope=fact.scope,
        field=fact.field,
        value=int(value) if value is not None and value.is_integer() else value,
        unit=fact.unit,
        raw=fact.raw,
        text=fact.text or (f"{amount(value)}{fact.unit}" if value is not None else ""),
        document=source.name,
        page=fact.page,
        row=fact.row,
        confidence=fact.confidence,
        statement=fact.statement,
        column=fact.column,
        document_id=source.doc_id,
    )


def amount(value: float) -> str:
    """Return a number with its thousands parted and all its digits: 905,402,299.44."""
    return f"{Decimal(repr(value)):,f}".removesuffix(".0")


def fact_table(rows: list[FactRow]) -> str:
    """Return a line for each fact, with headings."""
    lines = [
        (
            row.short_name or row.company,
            str(row.year),
            row.period,
            row.scope,
            row.field,
            row.text,
            str(row.page),
            row.document,
        )
        for row in rows
    ]
    return aligned([_HEADER, *lines])
