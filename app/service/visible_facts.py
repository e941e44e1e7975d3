"""The facts of a library as far as some collections hold them: what a key may not see answers nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from vouch.retrieval.fact_query import ColumnQuery, FactCompany, FactQuery, StoredFact
from vouch.retrieval.library_store import LibraryStore


class VisibleFacts:
    """The facts of some collections, asked like those of a whole store."""

    def __init__(self, store: LibraryStore, collections: frozenset[str]) -> None:
        self._store = store
        self._collections = tuple(sorted(collections)) or ("\x00",)  # an empty list would mean all of them

    def facts(self, query: FactQuery) -> Iterable[StoredFact]:
        """Yield the facts asked for that may be seen."""
        return self._store.facts(replace(query, collections=self._narrowed(query.collections)))

    def position(self) -> str:
        """Return a mark of the present state."""
        return self._store.position()

    def fact_companies(self, collections: Sequence[str] = ()) -> list[FactCompany]:
        """Return whom the facts that may be seen are about."""
        return self._store.fact_companies(self._narrowed(collections))

    def fact_column(self, query: ColumnQuery) -> dict[str, float]:
        """Return the value to believe of each company that states one where it may be seen."""
        return self._store.fact_column(replace(query, collections=self._narrowed(query.collections)))

    def companies_reporting(self, year: int, period: str, collections: Sequence[str] = ()) -> set[str]:
        """Return the companies with a report of the period that may be seen."""
        return self._store.companies_reporting(year, period, self._narrowed(collections))

    def companies_stating(
        self, fields: Sequence[str], year: int, words: str, collections: Sequence[str] = ()
    ) -> set[str]:
        """Return the companies one of whose text fields holds these words where it may be seen."""
        return self._store.companies_stating(fields, year, words, self._narrowed(collections))

    def imported_periods(self, company: str, collections: Sequence[str] = ()) -> set[tuple[int, str]]:
        """Return year and period of what imported tables hold of a company."""
        return self._store.imported_periods(company, self._narrowed(collections))

    def imported_years(self, collections: Sequence[str] = ()) -> set[int]:
        """Return the years of which imported tables hold anything."""
        return self._store.imported_years(self._narrowed(collections))

    def _narrowed(self, wanted: Sequence[str]) -> tuple[str, ...]:
        if not wanted:
            return self._collections
        return tuple(name for name in wanted if name in self._collections) or ("\x00",)
