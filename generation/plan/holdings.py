"""Whom and when a library's facts are about, remembered until the library changes."""

from collections.abc import Callable, Mapping, Sequence

from vouch.generation.plan.across import Rows
from vouch.generation.plan.grammar import Holdings
from vouch.generation.plan.types import ANNUAL, Period
from vouch.retrieval.companies import known_names
from vouch.retrieval.fact_query import FactStore
from vouch.retrieval.types import StoredDocument

_IMPORTED = """
SELECT DISTINCT facts.year, facts.period FROM facts JOIN documents ON documents.id = facts.document
WHERE facts.company = ? AND documents.kind = 'facts'
"""
_IMPORTED_YEARS = """
SELECT DISTINCT fact_companies.year FROM fact_companies JOIN documents ON documents.id = fact_companies.document
WHERE documents.kind = 'facts'
"""
"""Imported tables hold many companies and years; a report is about its own."""


class Catalogue:
    """The companies and periods of a library's facts."""

    def __init__(self, store: FactStore, rows: Rows) -> None:
        self._store = store
        self._rows = rows
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
        """Return the periods that imported tables hold of a company, '' for their years of all companies."""
        if company not in self._imported:
            found = self._rows(_IMPORTED, (company,)) if company else self._rows(_IMPORTED_YEARS, ())
            self._imported[company] = frozenset(Period(year, *part) for year, *part in found)
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
