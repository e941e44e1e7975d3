"""Facts as rows of a library: packed and inserted with their document, read by query, counted. Opens no database."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from sqlite3 import Connection

from vouch.retrieval.fact_query import FactCompany, FactQuery, StoredFact
from vouch.retrieval.facts import Fact
from vouch.retrieval.stores.sqlite_database import Database
from vouch.retrieval.stores.sqlite_rows import Row
from vouch.retrieval.types import DocumentRecord, Source

Sources = Callable[[set[int]], Mapping[int, Source]]
"""Returns the documents of these keys that still exist."""

_BATCH = 1000
_NAMES = (
    *("company", "short_name", "code", "year", "period", "scope", "field", "value", "unit", "text", "raw"),
    *("page", "start", "end", "row", "statement", "column", "confidence"),
)
_COLUMNS = ", ".join(f'"{name}"' for name in _NAMES)
_INSERT = f"INSERT INTO facts (document, {_COLUMNS}, preference) VALUES (?{', ?' * (len(_NAMES) + 1)})"  # noqa: S608


@dataclass(frozen=True, slots=True)
class PackedFacts:
    """The rows of a document's facts; made before the transaction starts, so that others wait less."""

    facts: tuple[Row, ...]
    companies: tuple[Row, ...]


def pack(record: DocumentRecord) -> PackedFacts:
    """Return a document's facts as rows, each with the company it is about."""
    facts = [_owned(fact, record.source) for fact in record.facts]
    owners = Counter((fact.company, fact.short_name, fact.code, fact.year) for fact in facts)
    return PackedFacts(
        tuple((*(getattr(fact, name) for name in _NAMES), preference(fact, record.source)) for fact in facts),
        tuple((*owner, count) for owner, count in owners.items()),
    )


def preference(fact: Fact, source: Source) -> int:
    """Return how far a fact stands behind others that state the same: the lowest is to be believed.

    A column of the year itself, then the full report, then the surer reading, then the report before a table.
    """
    doubt = round((1 - fact.confidence) * 10_000)
    return (
        (fact.column == "prior") * 1_000_000
        + ("摘要" in source.period) * 100_000
        + doubt * 2
        + (source.kind == "facts")
    )


def insert(connection: Connection, document: int, packed: PackedFacts) -> None:
    """Insert rows inside the transaction of their document."""
    connection.executemany(_INSERT, ((document, *row) for row in packed.facts))
    connection.executemany(
        "INSERT INTO fact_companies (document, company, short_name, code, year, facts) VALUES (?, ?, ?, ?, ?, ?)",
        ((document, *row) for row in packed.companies),
    )


def read(database: Database, query: FactQuery, sources: Sources) -> Iterator[StoredFact]:
    """Yield facts in order; they are read a thousand at a time, so that a whole library can be listed."""
    where, parameters = _filter(query)
    found = database.rows(
        f"SELECT id FROM facts WHERE {where} "  # noqa: S608 - our own column names
        "ORDER BY company, year, period, field, scope, preference, id",
        tuple(parameters),
    )
    ids = [key for (key,) in found]
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        stored = _stored(database, batch, sources)
        # What was removed since the first query is left out.
        yield from (stored[key] for key in batch if key in stored)


def companies(database: Database) -> list[FactCompany]:
    """Return whom facts are about, by name, with the years stated."""
    found = database.rows(
        "SELECT company, short_name, code, group_concat(DISTINCT year) FROM fact_companies "
        "WHERE company <> '' GROUP BY company, short_name, code ORDER BY company, short_name, code"
    )
    return [
        FactCompany(company, short_name, code, tuple(sorted(map(int, years.split(",")))))
        for company, short_name, code, years in found
    ]


def problems(database: Database) -> list[str]:
    """Return the documents whose facts are not all there, one sentence each."""
    counted = database.rows(
        "SELECT path, (SELECT coalesce(sum(facts), 0) FROM fact_companies WHERE document = documents.id) AS said, "
        "(SELECT count(*) FROM facts WHERE document = documents.id) AS real FROM documents WHERE said <> real"
    )
    return [f"{path} should have {said} facts, but {real} are there" for path, said, real in counted]


def _owned(fact: Fact, source: Source) -> Fact:
    """Return the fact with its company named; most are about the company of their document."""
    if fact.company:
        return fact
    return replace(fact, company=source.company, short_name=source.short_name, code=source.code)


def _stored(database: Database, ids: list[int], sources: Sources) -> dict[int, StoredFact]:
    found = database.rows(
        f"SELECT id, document, {_COLUMNS} FROM facts "  # noqa: S608 - our own column names
        "WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    )
    documents = sources({row[1] for row in found})
    return {
        row[0]: StoredFact(Fact(**dict(zip(_NAMES, row[2:], strict=True))), documents[row[1]])
        for row in found
        if row[1] in documents
    }


def _filter(query: FactQuery) -> tuple[str, list[str]]:
    """Return a WHERE clause and its parameters: one JSON list a column, whatever the number of values."""
    allowed = {
        "company": query.companies,
        "field": query.fields,
        "year": query.years,
        "period": query.periods,
        "scope": query.scopes,
        '+"column"': query.columns,  # + keeps SQLite from starting at what leaves half of the facts
    }
    used = {column: list(values) for column, values in allowed.items() if values}
    clauses = [f"{column} IN (SELECT value FROM json_each(?))" for column in used]  # noqa: S608
    parameters = [json.dumps(values) for values in used.values()]
    if query.collections:
        clauses.append("+document IN (SELECT id FROM documents WHERE collection IN (SELECT value FROM json_each(?)))")
        parameters.append(json.dumps(list(query.collections)))
    return " AND ".join(clauses) or "TRUE", parameters
