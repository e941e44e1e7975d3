"""How facts are asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from vouch.retrieval.facts import Fact, FactScope
from vouch.retrieval.types import Source


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact and the document that states it; the fact always names its company."""

    fact: Fact
    source: Source


@dataclass(frozen=True, slots=True)
class FactQuery:
    """Which facts are wanted; an empty sequence allows all."""

    companies: Sequence[str] = ()
    """Full company names."""
    years: Sequence[int] = ()
    fields: Sequence[str] = ()
    periods: Sequence[str] = ()
    scopes: Sequence[FactScope] = ()
    collections: Sequence[str] = ()
    columns: Sequence[Literal["current", "prior"]] = ()


@dataclass(frozen=True, slots=True)
class ColumnQuery:
    """One column of all companies: a field in a period."""

    field: str
    year: int
    period: str
    scope: FactScope
    """Values that know no scope are taken too."""
    collections: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FactCompany:
    """A company that facts are about, as one document names it, and the years for which there are any."""

    company: str
    short_name: str
    code: str
    years: tuple[int, ...]


@runtime_checkable
class FactStore(Protocol):
    """The facts of a library: written with their document, read by query."""

    def facts(self, query: FactQuery) -> Iterable[StoredFact]:
        """Yield the facts asked for by company, year, period, field and scope; of equal ones the preferred first.

        A report of the year itself comes before a comparative column, a full report before its 摘要, a surer reading
        before a doubtful one, a report before an imported table.
        """
        ...

    def position(self) -> str:
        """Return a mark of the present state: what was remembered at the same one still holds."""
        ...

    def fact_companies(self, collections: Sequence[str] = ()) -> list[FactCompany]:
        """Return whom facts are about, by name; a company that documents name differently stands there once each."""
        ...


class FactColumns(Protocol):
    """The facts of all companies at once: what rankings, counts and lists are worked out from.

    `collections`: only what stands in these, as far as documents of others do not exist; empty allows all.
    """

    def fact_column(self, query: ColumnQuery) -> dict[str, float]:
        """Return the value to believe of each company that states one; of equally good ones the first stored."""
        ...

    def companies_reporting(self, year: int, period: str, collections: Sequence[str] = ()) -> set[str]:
        """Return the companies with a report of the period itself, or an imported table of the year."""
        ...

    def companies_stating(
        self, fields: Sequence[str], year: int, words: str, collections: Sequence[str] = ()
    ) -> set[str]:
        """Return the companies one of whose text fields holds these words, as they stand."""
        ...

    def imported_periods(self, company: str, collections: Sequence[str] = ()) -> set[tuple[int, str]]:
        """Return year and period of what imported tables hold of a company."""
        ...

    def imported_years(self, collections: Sequence[str] = ()) -> set[int]:
        """Return the years of which imported tables hold anything."""
        ...
