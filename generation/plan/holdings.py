"""Whom and when a library's facts are about, remembered until the library changes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from vouch.generation.plan.grammar import Holdings
from vouch.generation.plan.types import ANNUAL, Period
from vouch.retrieval.companies import known_names
from vouch.retrieval.fact_query import FactColumns, FactStore
from vouch.retrieval.types import StoredDocument


class Stated(FactStore, FactColumns, Protocol):
    """What is read of a library's facts."""


class Catalogue:
    """The companies and periods of a library's facts."""

    def __init__(self, store: Stated) -> None:
        self._store = store
        self._position = ""
        self._companies: frozenset[tuple[str, str, str]] = frozenset()
        self._short_names: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        self._imported: dict[str, frozenset[Period]] = {}

    def companies(self) -> frozenset[tuple[str, str, str]]:
        """Return name, short name and code of every company."""
        position = self._store.position()
        if position != self._position:
            found = sorted((c.company, c.short_name, c.code) for c in self._store.fact_companies())
            self._companies = frozenset(found)
            self._short_names = {company: short for company, short, _ in found if short}
            self._codes = {company: code for company, _, code in found if code}
            self._imported = {}
            self._position = position
        return self._companies

    def short_names(self) -> Mapping[str, str]:
        """Return the short name of each company."""
        self.companies()
        return self._short_names

    def codes(self) -> Mapping[str, str]:
        """Return the code of each company."""
        self.companies()
        return self._codes

    def holdings(self, documents: Sequence[StoredDocument]) -> Holdings:
        """Return what can be asked about: the documents' own periods and those of imported tables."""
        stating = self.companies()
        own = {(d.source.company, d.source.short_name, d.source.code) for d in documents}
        names = known_names(stating if own <= stating else stating | own)
        return Holdings(
            names, tuple({company: None for company, _, _ in stating}), _Periods(documents, self._of_tables)
        )

    def _of_tables(self, company: str) -> frozenset[Period]:
        """Return the periods that imported tables hold of a company, '' for their years of all companies.

        Imported tables hold many companies and years; a report is about its own.
        """
        if company not in self._imported:
            periods = {Period(*period) for period in self._store.imported_periods(company)} if company else set()
            years = set() if company else {Period(year) for year in self._store.imported_years()}
            self._imported[company] = frozenset(periods | years)
        return self._imported[company]


class _Periods:
    """The periods that companies report on; worked out when asked for."""

    def __init__(self, documents: Sequence[StoredDocument], of_tables: Callable[[str], frozenset[Period]]) -> None:
        self._documents = documents
        self._of_tables = of_tables

    def __call__(self, companies: Sequence[str]) -> tuple[Period, ...]:
        periods = {
            Period(source.year, source.period.removesuffix("摘要") or ANNUAL)
            for source in (document.source for document in self._documents if document.facts)
            if source.kind == "report" and source.year is not None and (not companies or source.company in companies)
        }
        for company in companies or ("",):
            periods |= self._of_tables(company)
        return tuple(sorted(periods, key=lambda period: (period.year, period.part), reverse=True))
