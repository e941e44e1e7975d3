"""Facts as rows of a library in SQLite: inserted with their document, read by query, counted. Opens no database."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from sqlite3 import Connection
from typing import Any

from vouch.retrieval.fact_query import ColumnQuery, FactCompany, FactQuery, StoredFact
from vouch.retrieval.facts import Fact
from vouch.retrieval.stores import record_facts
from vouch.retrieval.stores.record_facts import PackedFacts
from vouch.retrieval.stores.sqlite_database import Database
from vouch.retrieval.stores.sqlite_filters import fact_filter, in_collections
from vouch.retrieval.types import Source

_BATCH = 1000
_INSERT = f"INSERT INTO facts (document, {record_facts.COLUMNS}, preference) VALUES (?{', ?' * 19})"  # noqa: S608
_INSERT_COMPANY = f"INSERT INTO fact_companies (document, {record_facts.COMPANY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608


def insert(connection: Connection, document: int, packed: PackedFacts) -> None:
    """Insert rows inside the transaction of their document."""
    connection.executemany(_INSERT, ((document, *row) for row in packed.facts))
    connection.executemany(_INSERT_COMPANY, ((document, *row) for row in packed.companies))


class SqliteFacts:
    """The facts of a library: its FactStore and FactColumns."""

    _database: Database

    def _sources(self, keys: set[int]) -> Mapping[int, Source]:
        """Return the documents of these keys that still exist."""
        raise NotImplementedError

    def facts(self, query: FactQuery) -> Iterable[StoredFact]:
        """Yield the facts asked for by company, year, period, field and scope; of equal ones the preferred first."""
        where, parameters = fact_filter(query)
        found = self._database.rows(
            f"SELECT id FROM facts WHERE {where} "  # noqa: S608 - our own column names
            "ORDER BY company, year, period, field, scope, preference, id",
            tuple(parameters),
        )
        return self._in_batches([key for (key,) in found])

    def fact_companies(self, collections: Sequence[str] = ()) -> list[FactCompany]:
        """Return whom facts are about, by name, with the years stated."""
        among, bound = in_collections(collections)
        found = self._database.rows(
            "SELECT company, short_name, code, group_concat(DISTINCT year) FROM fact_companies "  # noqa: S608 - ours
            f"WHERE company <> '' {among} GROUP BY company, short_name, code ORDER BY company, short_name, code",
            tuple(bound),
        )
        return [
            FactCompany(company, short_name, code, tuple(sorted(map(int, years.split(",")))))
            for company, short_name, code, years in found
        ]

    def fact_column(self, query: ColumnQuery) -> dict[str, float]:
        """Return the value to believe of each company that states one; of equally good ones the first stored."""
        among, names = in_collections(query.collections)
        bound: list[Any] = [query.field, query.year, query.period, query.scope, *names]
        # Of an aggregate by min, SQLite takes the other columns from the row that has it.
        found = self._database.rows(
            "SELECT company, value, min((preference << 40) | id) FROM facts "  # noqa: S608 - our own column names
            f"WHERE field = ? AND year = ? AND period = ? AND scope IN (?, '') AND value IS NOT NULL {among}"
            "GROUP BY company",
            tuple(bound),
        )
        return {company: value for company, value, _ in found}

    def companies_reporting(self, year: int, period: str, collections: Sequence[str] = ()) -> set[str]:
        """Return the companies with a report of the period itself, or an imported table of the year."""
        among, bound = in_collections(collections)
        found = self._database.rows(
            "SELECT DISTINCT f.company FROM documents d JOIN fact_companies f ON f.document = d.id "  # noqa: S608 - ours
            f"WHERE f.year = ? AND (d.kind = 'facts' OR (d.year = f.year AND d.period = ?)) {among}",
            (year, period, *bound),
        )
        return {company for (company,) in found}

    def companies_stating(
        self, fields: Sequence[str], year: int, words: str, collections: Sequence[str] = ()
    ) -> set[str]:
        """Return the companies one of whose text fields holds these words, as they stand."""
        among, bound = in_collections(collections)
        found = self._database.rows(
            "SELECT DISTINCT company FROM facts WHERE value IS NULL "  # noqa: S608 - our own column names
            f"AND field IN (SELECT value FROM json_each(?)) AND year = ? AND instr(text, ?) > 0 {among}",
            (json.dumps(list(fields)), year, words, *bound),
        )
        return {company for (company,) in found}

    def imported_periods(self, company: str, collections: Sequence[str] = ()) -> set[tuple[int, str]]:
        """Return year and period of what imported tables hold of a company."""
        among, bound = in_collections(collections)
        found = self._database.rows(
            "SELECT DISTINCT f.year, f.period FROM facts f JOIN documents d ON d.id = f.document "  # noqa: S608 - ours
            f"WHERE f.company = ? AND d.kind = 'facts' {among}",
            (company, *bound),
        )
        return {(year, period) for year, period in found}

    def imported_years(self, collections: Sequence[str] = ()) -> set[int]:
        """Return the years of which imported tables hold anything."""
        among, bound = in_collections(collections)
        found = self._database.rows(
            "SELECT DISTINCT f.year FROM fact_companies f JOIN documents d ON d.id = f.document "  # noqa: S608 - ours
            f"WHERE d.kind = 'facts' {among}",
            tuple(bound),
        )
        return {year for (year,) in found}

    def _facts_of(self, document: int) -> tuple[Fact, ...]:
        """Return the facts of one document as they were stored."""
        found = self._database.rows(
            f"SELECT {record_facts.COLUMNS} FROM facts WHERE document = ? ORDER BY id",  # noqa: S608
            (document,),
        )
        return tuple(record_facts.fact(row) for row in found)

    def _fact_problems(self) -> list[str]:
        """Return the documents whose facts are not all there, one sentence each."""
        counted = self._database.rows(
            "SELECT path, (SELECT coalesce(sum(facts), 0) FROM fact_companies WHERE document = documents.id) AS said, "
            "(SELECT count(*) FROM facts WHERE document = documents.id) AS real FROM documents WHERE said <> real"
        )
        return [f"{path} should have {said} facts, but {real} are there" for path, said, real in counted]

    def _in_batches(self, ids: list[int]) -> Iterator[StoredFact]:
        """Yield facts in this order, read a thousand at a time, so that a whole library can be listed."""
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            stored = self._stored(batch)
            # What was removed since the numbers were read is left out.
            yield from (stored[key] for key in batch if key in stored)

    def _stored(self, ids: list[int]) -> dict[int, StoredFact]:
        found = self._database.rows(
            f"SELECT id, document, {record_facts.COLUMNS} FROM facts "  # noqa: S608 - our own column names
            "WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(ids),),
        )
        documents = self._sources({row[1] for row in found})
        return {
            row[0]: StoredFact(record_facts.fact(row[2:]), documents[row[1]]) for row in found if row[1] in documents
        }
