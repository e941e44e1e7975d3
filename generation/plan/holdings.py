"""Whom and when a library's facts are about, remembered until the library changes."""

from collections import defaultdict
from collections.abc import Sequence

from vouch.generation.plan.across import Rows
from vouch.generation.plan.grammar import Holdings
from vouch.generation.plan.types import ANNUAL, Period
from vouch.retrieval.companies import known_names
from vouch.retrieval.fact_query import FactStore
from vouch.retrieval.types import StoredDocument

_IMPORTED = """
SELECT DISTINCT facts.company, facts.year, facts.period FROM documents JOIN facts ON facts.document = documents.id
WHERE documents.kind = 'facts'
"""
"""Tables hold many companies and years; a report is about its own."""


class Catalogue:
    """The companies and periods of a library's facts."""

    def __init__(self, store: FactStore, rows: Rows) -> None:
        self._store = store
        self._rows = rows
        self._position = ""
        self._companies: frozenset[tuple[str, str, str]] = frozenset()
        self._imported: tuple[tuple[str, Period], ...] = ()

    def companies(self) -> frozenset[tuple[str, str, str]]:
        """Return name, short name and code of every company."""
        self._catch_up()
        return self._companies

    def short_names(self) -> dict[str, str]:
        """Return the short name of each company."""
        return {company: short for company, short, _ in sorted(self.companies()) if short}

    def codes(self) -> dict[str, str]:
        """Return the code of each company."""
        return {company: code for company, _, code in sorted(self.companies()) if code}

    def holdings(self, documents: Sequence[StoredDocument]) -> Holdings:
        """Return what can be asked about: the documents' own periods and those of imported tables."""
        periods: dict[str, set[Period]] = defaultdict(set)
        for document in documents:
            source = document.source
            if source.kind == "report" and source.company and source.year is not None and document.facts:
                periods[source.company].add(Period(source.year, source.period.removesuffix("摘要") or ANNUAL))
        for company, period in self._imported if self._current() else ():
            periods[company].add(period)
        newest_first = {
            company: tuple(sorted(held, key=lambda p: (p.year, p.part), reverse=True))
            for company, held in periods.items()
        }
        own = {(d.source.company, d.source.short_name, d.source.code) for d in documents}
        return Holdings(known_names(frozenset(own | self._companies)), newest_first)

    def _current(self) -> bool:
        self._catch_up()
        return bool(self._imported)

    def _catch_up(self) -> None:
        position = self._store.position()
        if position != self._position:
            self._companies = frozenset((c.company, c.short_name, c.code) for c in self._store.fact_companies())
            self._imported = tuple((company, Period(year, part)) for company, year, part in self._rows(_IMPORTED, ()))
            self._position = position
