"""Which documents of a library may answer for a company and its years, best first.

An annual question prefers the full annual report, then the abridged one; a value may also stand in the next year's
report, which prints the year before beside its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vouch.retrieval.periods import NamedPeriods
from vouch.retrieval.types import EVERYTHING, Scope, StoredDocument
from vouch.retrieval.us_filings import ANNUAL, beside_annual, english, newer, of_form

_ANNUAL = ("FY", "摘要")
_QUARTERLY_ORDER = ("Q4", "Q3", "H1", "Q2", "Q1")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question says about whose documents of when it needs."""

    companies: tuple[str, ...]
    years: tuple[int, ...]
    time: NamedPeriods
    value: bool
    """A number is asked for, which a later report may print as its comparative column."""
    about_report: bool
    outlook: bool = False
    """What is expected is asked for, which stands in the filings of the year before."""
    form: frozenset[str] = frozenset()
    """Periods of the kind of filing that is named; empty for none."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where to look, in order, and what is not held."""

    scopes: tuple[Scope, ...]
    years: tuple[int, ...] = ()
    missing_years: tuple[int, ...] = ()
    prior_years: tuple[int, ...] = ()


def choose(documents: Sequence[StoredDocument], wanted: Wanted) -> Chosen:
    """Return the scopes to search, best first."""
    if not wanted.companies:
        return _any_company(documents, wanted)
    tiers: tuple[set[str], ...] = (set(), set(), set())
    years: list[int] = []
    missing: list[int] = []
    prior: list[int] = []
    for company in wanted.companies:
        own = [document for document in documents if document.source.company == company]
        asked = _asked_years(own, wanted)
        years += asked
        for year in asked or (_newest(own, wanted),):
            first, later, every = _answering(own, year, wanted)
            missing += [year] if year is not None and not first and not later else []
            prior += [year] if year is not None and not first and later else []
            first = _with_filings(own, year, first, wanted)
            for tier, found in zip(tiers, (first or later, later, every), strict=True):
                tier |= {document.source.doc_id for document in found}
    widening = (tiers[0], tiers[0] | tiers[1], tiers[0] | tiers[1] | tiers[2])
    scopes = tuple(Scope(doc_ids=ids) for ids in dict.fromkeys(map(frozenset, widening)) if ids)
    return Chosen(scopes or (EVERYTHING,), *(tuple(dict.fromkeys(found)) for found in (years, missing, prior)))


def _any_company(documents: Sequence[StoredDocument], wanted: Wanted) -> Chosen:
    """Return the reports of the years named, then everything; years mean nothing to other documents."""
    if not (wanted.about_report and wanted.years):
        return Chosen((EVERYTHING,), wanted.years if wanted.about_report else ())
    held = [d for d in documents if d.source.kind == "report" and d.source.year in wanted.years]
    held += [d for d in english(documents) if d not in held and d.source.year in {year - 1 for year in wanted.years}]
    first = [d for d in held if _fits(d, wanted.time.periods or (*_ANNUAL, *ANNUAL))] or held
    scope = Scope(doc_ids=frozenset(d.source.doc_id for d in first))
    return Chosen((scope, EVERYTHING) if first else (EVERYTHING,), wanted.years)


def _asked_years(own: Sequence[StoredDocument], wanted: Wanted) -> tuple[int, ...]:
    """Return the years named, with 近三年 and 去年 counted back from the newest one named or held."""
    held = sorted(
        {d.source.year for d in own if d.source.year is not None and _fits(d, wanted.time.periods)}, reverse=True
    )
    newest = max(wanted.years, default=held[0] if held else None)
    if newest is None:
        return wanted.years
    if wanted.time.last_years:
        return tuple(year for year in range(newest, newest - wanted.time.last_years, -1) if year in held) or (newest,)
    if wanted.time.previous and not wanted.years:
        return (newest,)
    return wanted.years


def _fits(document: StoredDocument, periods: tuple[str, ...]) -> bool:
    return document.source.period in (periods or _ANNUAL)


def _newest(own: Sequence[StoredDocument], wanted: Wanted) -> int | None:
    """Return the newest year held with a report of the kind asked for: the year meant where none is named."""
    return max(
        (d.source.year for d in own if d.source.year is not None and _fits(d, wanted.time.periods)), default=None
    )


def _answering(
    own: Sequence[StoredDocument], year: int | None, wanted: Wanted
) -> tuple[list[StoredDocument], list[StoredDocument], list[StoredDocument]]:
    """Return a year's best documents, later annual reports that print the year as a column, and all of the year."""
    if year is None:
        return list(own), [], []
    periods = wanted.time.of_year(year)
    every = [document for document in own if document.source.year == year and not (wanted.value and periods)]
    first = _of_year(own, year, periods)
    later: list[StoredDocument] = []
    if wanted.value and not any(d.source.period in (periods or ("FY",)) for d in first):
        later = [d for d in own if d.source.year == year + 1 and d.source.period in (periods or ("FY",))]
    if not (first or later or every) and periods in ((), ("Q4",)):
        later = _other_fiscal_year(own, year)
    return first, later, every


def _other_fiscal_year(own: Sequence[StoredDocument], year: int) -> list[StoredDocument]:
    """Return the nearest report under United States rules that may cover a year it is not named for.

    Its statements cover three years, and a year that ends in January is named for either of two.
    """
    english = [document for document in own if document.source.language == "en"]
    for other in (year + 1, year + 2, year - 1):
        found = [d for d in english if d.source.year == other and (d.source.period == "FY" or other < year)]
        if found:
            return found
    return []


def _with_filings(
    own: Sequence[StoredDocument], year: int | None, first: list[StoredDocument], wanted: Wanted
) -> list[StoredDocument]:
    """Return a year's best documents with the filings in English that tell of the year too."""
    if year is None or not english(own):
        return first
    beside = [] if wanted.time.of_year(year) else beside_annual(own, year, wanted.outlook)
    if not (wanted.years or wanted.time.periods):
        beside += newer(own, year)
    together = [*first, *(document for document in beside if document not in first)]
    return of_form(together, wanted.form) if wanted.form else together


def _of_year(own: Sequence[StoredDocument], year: int, periods: tuple[str, ...]) -> list[StoredDocument]:
    """Return one year's documents of the best period: the one asked for, else full before abridged before quarterly."""
    of_year = [document for document in own if document.source.year == year]
    for period in periods or (*_ANNUAL, *_QUARTERLY_ORDER):
        found = [document for document in of_year if document.source.period == period]
        if found:
            return found
    return [] if periods else of_year
