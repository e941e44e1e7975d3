"""Which facts `vouch facts` shows, and what it says when there are none. Knows neither JSON nor tables."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from vouch.retrieval.companies import CompanyNames
from vouch.retrieval.errors import UsageError
from vouch.retrieval.fact_query import FactCompany, FactQuery, FactStore, StoredFact
from vouch.retrieval.facts import FactScope
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.periods import named_periods

SHOWN_COMPANIES = 8

_YEAR = re.compile(r"(?:19|20)\d\d年?(?:\s*(?:-|至|到)\s*(?:19|20)\d\d年?)?")
_PERIOD = re.compile(r"FY|H[12]|Q[1-4](?:-single)?", re.IGNORECASE)
_ANNUAL = re.compile(r"年度报告|年报|全年|年度", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line asks for, as it was written."""

    company: str = ""
    year: str = ""
    fields: tuple[str, ...] = ()
    scopes: tuple[FactScope, ...] = ()
    periods: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    every: bool = False
    """All statements of a value, comparative columns too, rather than the one to believe."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What was made of it, and what the user should know about that."""

    query: FactQuery
    held: tuple[FactCompany, ...]
    every: bool
    unknown: tuple[str, ...] = ()
    """Sentences about names that the library does not know; with any of them there is nothing to show."""


def understood(asked: Asked, store: FactStore) -> Understood:
    """Return the query of a command line; UsageError for a year or period that is none."""
    held = tuple(store.fact_companies())
    names = CompanyNames(held)
    company, year = asked.company.strip(), asked.year.strip()
    if not year and _YEAR.fullmatch(company) and not companies_named(names, company):
        company, year = "", company
    companies = companies_named(names, company) if company else ()
    fields, unknown = _fields(asked.fields)
    if company and not companies:
        unknown = (f"the library holds no facts on {company!r}", *unknown)
    years, periods = _time(year, asked.periods)
    query = FactQuery(companies, years, fields, periods, asked.scopes, asked.collections)
    return Understood(query, held, asked.every, unknown)


def companies_named(names: CompanyNames, said: str) -> tuple[str, ...]:
    """Return the full names that a name, a short name, a code or a part of a name stands for."""
    mentioned = {company for mention in names.find(said) for company in mention.companies}
    return tuple(sorted(mentioned)) or names.similar(said)


def chosen(understood: Understood, store: FactStore) -> Iterator[StoredFact]:
    """Yield the facts to show: of each value the one to believe, and comparative columns only where all else lacks.

    Those of a period come in the order of the statements, as the dictionary has them.
    Without a year only what reports state of their own year: a comparative column is no report of the year before.
    """
    if understood.unknown:
        return
    found = store.facts(understood.query)
    if understood.every:
        yield from found
        return
    order = {field.name: place for place, field in enumerate(FieldDictionary.load().fields)}
    for _, period in groupby(found, key=lambda stored: (stored.fact.company, stored.fact.year, stored.fact.period)):
        best = [next(same) for _, same in groupby(period, key=lambda stored: (stored.fact.field, stored.fact.scope))]
        own = [stored for stored in best if stored.fact.column == "current"]
        shown = own or (best if understood.query.years else [])
        yield from sorted(shown, key=lambda stored: (stored.fact.scope, order.get(stored.fact.field, len(order))))


def nothing_found(understood: Understood) -> str:
    """Return why there is nothing to show, and what the library holds."""
    query, held = understood.query, understood.held
    if not held:
        return "the library holds no facts; vouch ingest adds those of annual reports and tables"
    reasons = list(understood.unknown)
    if not reasons:
        what = [*query.fields, *map(str, query.years), *query.periods, *query.scopes, *query.collections]
        whom = f" on {', '.join(query.companies[:SHOWN_COMPANIES])}" if query.companies else ""
        reasons = [f"the library holds no such facts{whom} ({', '.join(what) or 'of a year of its own'})"]
    about = [company for company in held if company.company in query.companies] or held
    return "; ".join((*reasons, f"it holds {_listed(about)}"))


def _listed(companies: Sequence[FactCompany]) -> str:
    years: dict[str, set[int]] = {}
    for company in companies:
        years.setdefault(company.company, set()).update(company.years)
    named = [f"{name} ({', '.join(map(str, sorted(of)))})" for name, of in list(years.items())[:SHOWN_COMPANIES]]
    more = f" and {len(years) - SHOWN_COMPANIES:,} more companies" if len(years) > SHOWN_COMPANIES else ""
    return ", ".join(named) + more


def _fields(said: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return canonical names, and a sentence for each name that the dictionary does not know."""
    dictionary = FieldDictionary.load()
    known = {word: dictionary.by_name(word) or dictionary.by_alias(word) for word in said}
    unknown = []
    for word in (word for word, field in known.items() if field is None):
        near = difflib.get_close_matches(word, [field.name for field in dictionary.fields], n=3, cutoff=0.5)
        hint = f" (near are {', '.join(near)})" if near else ""
        unknown.append(f"no field is called {word!r}{hint}")
    return tuple(dict.fromkeys(field.name for field in known.values() if field)), tuple(unknown)


def _time(year: str, periods: Sequence[str]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the years and periods of 2022, 2019-2021, 2025年第三季度 and --period."""
    named = named_periods(year)
    if year and not named.years:
        raise UsageError(f"{year!r} is no year: write 2022, or 2019-2021 for several")
    wanted = [*named.periods]
    for said in periods:
        spoken = ("FY",) if _ANNUAL.fullmatch(said) else named_periods(said).periods
        if not _PERIOD.fullmatch(said) and not spoken:
            raise UsageError(f"{said!r} is no period: write FY, H1, Q1, Q2, Q3 or Q4")
        wanted += [said.upper().replace("SINGLE", "single")] if _PERIOD.fullmatch(said) else spoken
    return named.years, tuple(dict.fromkeys(wanted))
