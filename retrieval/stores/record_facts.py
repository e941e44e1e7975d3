"""How a document's facts become rows, and which of equal facts is to be believed. Opens no database."""

from collections import Counter
from dataclasses import dataclass, replace

from vouch.retrieval.facts import Fact
from vouch.retrieval.stores.record_rows import Row
from vouch.retrieval.types import DocumentRecord, Source

NAMES = (
    *("company", "short_name", "code", "year", "period", "scope", "field", "value", "unit", "text", "raw"),
    *("page", "start", "end", "row", "statement", "column", "confidence"),
)
COLUMNS = ", ".join(f'"{name}"' for name in NAMES)
COMPANY_COLUMNS = "company, short_name, code, year, facts"


@dataclass(frozen=True, slots=True)
class PackedFacts:
    """The rows of a document's facts; made before the transaction starts, so that others wait less."""

    facts: tuple[Row, ...]
    """The values of COLUMNS, and the preference."""
    companies: tuple[Row, ...]
    """The values of COMPANY_COLUMNS."""


def pack(record: DocumentRecord) -> PackedFacts:
    """Return a document's facts as rows, each with the company it is about."""
    facts = [_owned(fact, record.source) for fact in record.facts]
    owners = Counter((fact.company, fact.short_name, fact.code, fact.year) for fact in facts)
    return PackedFacts(
        tuple((*(getattr(fact, name) for name in NAMES), preference(fact, record.source)) for fact in facts),
        tuple((*owner, count) for owner, count in owners.items()),
    )


def fact(row: Row) -> Fact:
    """Read a row of COLUMNS."""
    return Fact(**dict(zip(NAMES, row, strict=True)))


def preference(stated: Fact, source: Source) -> int:
    """Return how far a fact stands behind others that state the same: the lowest is to be believed.

    A column of the year itself, then the full report, then the surer reading, then the report before a table.
    """
    doubt = round((1 - stated.confidence) * 10_000)
    return (
        (stated.column == "prior") * 1_000_000
        + ("摘要" in source.period) * 100_000
        + doubt * 2
        + (source.kind == "facts")
    )


def _owned(stated: Fact, source: Source) -> Fact:
    """Return the fact with its company named; most are about the company of their document."""
    if stated.company:
        return stated
    return replace(stated, company=source.company, short_name=source.short_name, code=source.code)
