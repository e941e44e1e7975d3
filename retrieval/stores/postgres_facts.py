"""Facts as rows of a library in PostgreSQL: copied in with their document, read by query, counted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vouch.retrieval.fact_query import ColumnQuery, FactCompany, FactQuery, StoredFact
from vouch.retrieval.facts import Fact
from vouch.retrieval.stores import record_facts
from vouch.retrieval.stores.postgres_copy import copy_rows
from vouch.retrieval.stores.postgres_database import Connection, Database
from vouch.retrieval.stores.record_facts import PackedFacts
from vouch.retrieval.types import Source

_BATCH = 1000
_TYPES = (
    *("int8", "text", "text", "text", "int4", "text", "text", "text", "float8", "text", "text", "text"),
    *("int4", "int4", "int4", "text", "text", "text", "float8", "int4"),
)
_COMPANY_TYPES = ("int8", "text", "text", "text", "int4", "int4")


def insert(connection: Connection, document: int, packed: PackedFacts) -> None:
    """Copy rows in, inside the transaction of their document."""
    columns = f"document, {record_facts.COLUMNS}, preference"
    copy_rows(connection, "facts", columns, _TYPES, ((document, *row) for row in packed.facts))
    columns = f"document, {record_facts.COMPANY_COLUMNS}"
    copy_rows(connection, "fact_companies", columns, _COMPANY_TYPES, ((document, *row) for row in packed.companies))


class PostgresFacts:
    """The facts of a library: its FactStore and FactColumns."""

    database: Database

    def _sources(self, keys: set[int]) -> Mapping[int, Source]:
        """Return the documents of these keys that still exist."""
        raise NotImplementedError

    def facts(self, query: FactQuery) -> Iterable[StoredFact]:
        """Yield the facts asked for by company, year, period, field and scope; of equal ones the preferred first."""
        where, parameters = _filter(query)
        found = self.database.rows(
            f"SELECT id FROM facts WHERE {where} "  # noqa: S608 - our own column names
            "ORDER BY company, year, period, field, scope, preference, id",
            parameters,
        )
        return self._in_batches([key for (key,) in found])

    def fact_companies(self, collections: Sequence[str] = ()) -> list[FactCompany]:
        """Return whom facts are about, by name, with the years stated."""
        among, bound = _in_collections(collections)
        found = self.database.rows(
            "SELECT company, short_name, code, array_agg(DISTINCT year) FROM fact_companies "  # noqa: S608 - our own names
            f"WHERE company <> '' {among} GROUP BY company, short_name, code ORDER BY company, short_name, code",
            bound,
        )
        return [FactCompany(company, short_name, code, tuple(years)) for company, short_name, code, years in found]

    def fact_column(self, query: ColumnQuery) -> dict[str, float]:
        """Return the value to believe of each company that states one; of equally good ones the first stored."""
        among, bound = _in_collections(query.collections)
        found = self.database.rows(
            "SELECT DISTINCT ON (company) company, value FROM facts "  # noqa: S608 - our own column names
            f"WHERE field = %s AND year = %s AND period = %s AND scope IN (%s, '') AND value IS NOT NULL {among} "
            "ORDER BY company, preference, id",
            (query.field, query.year, query.period, query.scope, *bound),
        )
        return dict(found)

    def companies_reporting(self, year: int, period: str, collections: Sequence[str] = ()) -> set[str]:
        """Return the companies with a report of the period itself, or an imported table of the year."""
        among, bound = _in_collections(collections)
        found = self.database.rows(
            "SELECT DISTINCT f.company FROM documents d JOIN fact_companies f ON f.document = d.id "  # noqa: S608 - ours
            f"WHERE f.year = %s AND (d.kind = 'facts' OR (d.year = f.year AND d.period = %s)) {among}",
            (year, period, *bound),
        )
        return {company for (company,) in found}

    def companies_stating(
        self, fields: Sequence[str], year: int, words: str, collections: Sequence[str] = ()
    ) -> set[str]:
        """Return the companies one of whose text fields holds these words, as they stand."""
        among, bound = _in_collections(collections)
        found = self.database.rows(
            "SELECT DISTINCT company FROM facts WHERE value IS NULL AND field = ANY(%s) AND year = %s "  # noqa: S608 - ours
            f"AND strpos(text, %s) > 0 {among}",
            (list(fields), year, words, *bound),
        )
        return {company for (company,) in found}

    def imported_periods(self, company: str, collections: Sequence[str] = ()) -> set[tuple[int, str]]:
        """Return year and period of what imported tables hold of a company."""
        among, bound = _in_collections(collections)
        found = self.database.rows(
            "SELECT DISTINCT f.year, f.period FROM facts f JOIN documents d ON d.id = f.document "  # noqa: S608 - ours
            f"WHERE f.company = %s AND d.kind = 'facts' {among}",
            (company, *bound),
        )
        return {(year, period) for year, period in found}

    def imported_years(self, collections: Sequence[str] = ()) -> set[int]:
        """Return the years of which imported tables hold anything."""
        among, bound = _in_collections(collections)
        found = self.database.rows(
            "SELECT DISTINCT f.year FROM fact_companies f JOIN documents d ON d.id = f.document "  # noqa: S608 - ours
            f"WHERE d.kind = 'facts' {among}",
            bound,
        )
        return {year for (year,) in found}

    def _facts_of(self, document: int) -> tuple[Fact, ...]:
        """Return the facts of one document as they were stored."""
        found = self.database.rows(
            f"SELECT {record_facts.COLUMNS} FROM facts WHERE document = %s ORDER BY id",  # noqa: S608
            (document,),
        )
        return tuple(record_facts.fact(row) for row in found)

    def _fact_problems(self) -> list[str]:
        """Return the documents whose facts are not all there, one sentence each."""
        counted = self.database.rows(
            "SELECT path, said, found FROM (SELECT path, "
            "(SELECT coalesce(sum(facts), 0) FROM fact_companies WHERE document = documents.id) AS said, "
            "(SELECT count(*) FROM facts WHERE document = documents.id) AS found FROM documents) AS counted "
            "WHERE said <> found"
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
        found = self.database.rows(
            f"SELECT id, document, {record_facts.COLUMNS} FROM facts WHERE id = ANY(%s)",  # noqa: S608
            (ids,),
        )
        documents = self._sources({row[1] for row in found})
        return {
            row[0]: StoredFact(record_facts.fact(row[2:]), documents[row[1]]) for row in found if row[1] in documents
        }


def _filter(query: FactQuery) -> tuple[str, list[Any]]:
    """Return a WHERE clause and its parameters: one array a column, whatever the number of values."""
    allowed: dict[str, Sequence[str] | Sequence[int]] = {
        "company": query.companies,
        "field": query.fields,
        "year": query.years,
        "period": query.periods,
        "scope": query.scopes,
        '"column"': query.columns,
    }
    used = {column: list(values) for column, values in allowed.items() if values}
    among, names = _in_collections(query.collections)
    clauses = "".join(f" AND {column} = ANY(%s)" for column in used)
    return f"TRUE{clauses} {among}", [*used.values(), *names]


def _in_collections(collections: Sequence[str]) -> tuple[str, list[list[str]]]:
    """Return a condition on the column `document` and its parameter; nothing where all collections are allowed."""
    if not collections:
        return "", []
    return "AND document = ANY(ARRAY(SELECT id FROM documents WHERE collection = ANY(%s)))", [list(collections)]
