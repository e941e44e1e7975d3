"""The early-warning report of a company and year: signals whose every operand cites document and page."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from vouch.app.fact_listing import Asked, companies_named, nothing_found, understood
from vouch.generation.warning import Signal, Stated, early_warning
from vouch.generation.warning_rules import standard_rules
from vouch.retrieval.companies import CompanyNames
from vouch.retrieval.errors import UsageError
from vouch.retrieval.fact_query import FactCompany, FactQuery, FactStore, StoredFact
from vouch.retrieval.facts import FactScope
from vouch.retrieval.identities import exact

YEARS_BACK = 2
"""Rules compare a year with the one before; averages of that one reach a year further back."""
SAME = Decimal("0.000001")
"""Two statements of one value that are this close, relative to it, differ in rounding alone."""
MAX_NAMED = 6

_SCOPES: tuple[FactScope, ...] = ("consolidated", "")


@dataclass(frozen=True, slots=True)
class CitedOperand:
    """A value that a signal was computed from, and who states it."""

    field: str
    year: int
    stated: StoredFact


@dataclass(frozen=True, slots=True)
class CitedSignal:
    """A signal with its operands; none where nothing could be computed."""

    signal: Signal
    operands: tuple[CitedOperand, ...]


@dataclass(frozen=True, slots=True)
class WarningReport:
    """All signals of a company and year; without a company there are only warnings that say why."""

    company: str = ""
    code: str = ""
    year: int | None = None
    signals: tuple[CitedSignal, ...] = ()
    warnings: tuple[str, ...] = ()


class _Stated:
    """What a company states, by year and field: the statement to believe first."""

    def __init__(self, found: Iterable[StoredFact]) -> None:
        self._by_name: dict[tuple[str, int], list[StoredFact]] = defaultdict(list)
        for stored in found:
            self._by_name[stored.fact.field, stored.fact.year].append(stored)

    def best(self, field: str, year: int) -> StoredFact | None:
        found = self._by_name.get((field, year))
        return found[0] if found else None

    def value(self, field: str, year: int) -> Stated:
        stored = self.best(field, year)
        if stored is None:
            return None
        return stored.fact.value if stored.fact.value is not None else stored.fact.text

    def restated(self, field: str, year: int) -> StoredFact | None:
        """Return the comparative column of a later report that gives another value than the year's own report."""
        best = self.best(field, year)
        if best is None or best.fact.value is None or best.fact.column == "prior":
            return None
        stated = exact(best.fact.value)
        for other in self._by_name[field, year]:
            value = other.fact.value
            if other.fact.column == "prior" and value is not None and abs(exact(value) - stated) > SAME * abs(stated):
                return other
        return None


def warning_report(company: str, year: str, store: FactStore) -> WarningReport:
    """Return the report of a company as a command line names it; UsageError for a name that several share."""
    asked = understood(Asked(company, year), store)
    named = companies_named(CompanyNames(asked.held), company.strip())
    years = asked.query.years
    if asked.query.periods or len(years) > 1:
        raise UsageError(f"{year!r} is not one year: early warning is of a whole year, as in 2022")
    if not named:
        return WarningReport(warnings=(nothing_found(asked),))
    if len(named) > 1:
        raise UsageError(f"{company!r} may be {', '.join(named[:MAX_NAMED])}: name one of them")
    chosen = years[0] if years else _latest(named[0], store)
    about = next(held for held in asked.held if held.company == named[0])
    if chosen is None:
        return WarningReport(about.company, _code(asked.held, about), warnings=("no annual report is held",))
    return _report(about.company, _code(asked.held, about), chosen, store)


def _code(held: Sequence[FactCompany], about: FactCompany) -> str:
    return next((other.code for other in held if other.company == about.company and other.code), "")


def _latest(company: str, store: FactStore) -> int | None:
    """Return the year of the latest full annual report, else of the latest abridged one or table."""
    query = FactQuery((company,), periods=("FY",), scopes=_SCOPES, columns=("current",))
    years: dict[bool, set[int]] = {True: set(), False: set()}
    for stored in store.facts(query):
        years[stored.source.kind == "report" and stored.source.period == "FY"].add(stored.fact.year)
    return max(years[True] or years[False], default=None)


def _report(company: str, code: str, year: int, store: FactStore) -> WarningReport:
    wanted = tuple(range(year - YEARS_BACK, year + 1))
    stated = _Stated(store.facts(FactQuery((company,), wanted, periods=("FY",), scopes=_SCOPES)))
    cited = tuple(_cited(signal, stated) for signal in early_warning(stated.value, year))
    return WarningReport(company, code, year, cited, tuple(_warnings(cited, stated, year)))


def _cited(signal: Signal, stated: _Stated) -> CitedSignal:
    named: Sequence[tuple[str, int]] = [(operand.field, operand.year) for operand in signal.operands]
    audit = standard_rules().audit
    if signal.name == audit.name and signal.text:
        named = [(audit.field, signal.year)]
    found = ((field, year, stated.best(field, year)) for field, year in named)
    return CitedSignal(signal, tuple(CitedOperand(field, year, best) for field, year, best in found if best))


def _warnings(cited: Iterable[CitedSignal], stated: _Stated, year: int) -> Iterator[str]:
    """Yield what a reader should know of the values: of comparative columns, read with doubt, restated later."""
    used = {(operand.field, operand.year): operand for signal in cited for operand in signal.operands}
    if not used:
        yield f"{year}年没有年度报告数据"
        return
    columns: dict[tuple[int, str], list[str]] = defaultdict(list)
    for operand in used.values():
        if operand.stated.fact.column == "prior":
            columns[operand.year, operand.stated.source.name].append(operand.field)
    for (of, document), fields in sorted(columns.items()):
        yield f"{of}年的{_listed(fields)}取自《{document}》的上年对比列"
    doubted = [f"{o.year}年{o.field}" for o in used.values() if o.stated.fact.confidence < 1]
    if doubted:
        yield f"以下数据识别存疑，请核对原文: {_listed(doubted)}"
    for operand in used.values():
        if later := stated.restated(operand.field, operand.year):
            where = f"《{later.source.name}》第{later.fact.page}页"
            yield f"{operand.year}年{operand.field}后被重述: 此处用当年报告的值，{where}列为{later.fact.raw}"


def _listed(names: Sequence[str]) -> str:
    shown = "、".join(names[:MAX_NAMED])
    return f"{shown}等{len(names)}项" if len(names) > MAX_NAMED else shown
