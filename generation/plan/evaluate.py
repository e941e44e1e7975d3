"""From a plan to its outcome: the values asked for, with what they stand on. Words nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median

from vouch.generation.plan.across import Across
from vouch.generation.plan.types import ADDRESS, Comparison, Condition, Measure, Order, Period, QueryPlan
from vouch.generation.plan.values import FactReader, Value

_COMPARE: dict[Comparison, Callable[[Decimal, Decimal], bool]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan comes to. `rows`: each a company or period with its values, in the order asked."""

    rows: tuple[tuple[Value, ...], ...]
    number: Decimal | None = None
    """A count, an average."""
    same: bool | None = None
    considered: int = 0
    """How many companies state what is compared."""


def evaluate(plan: QueryPlan, reader: FactReader, across: Across | None) -> Outcome:
    """Return the outcome of a plan."""
    if plan.act in ("rank", "count", "list", "average", "sum") and across is not None:
        return _over_all(plan, reader, across)
    reader.load(plan.companies, plan.measures, plan.periods)
    rows = tuple(
        tuple(reader.value(company, period, measure) for measure in plan.measures)
        for company in plan.companies
        for period in plan.periods
    )
    match plan.act:
        case "same":
            told = [row[0].text or row[0].number for row in rows if row and row[0].found]
            same = len({_plain(entry) for entry in told}) == 1 if len(told) == len(rows) else None
            return Outcome(rows, same=same)
        case "best_period" | "rank":
            stated = [row for row in rows if row[0].number is not None]
            ordered = sorted(stated, key=_first_number, reverse=plan.order == "highest")
            missing = [row for row in rows if row[0].number is None]
            return Outcome((*ordered, *missing), considered=len(stated))
        case "average" | "sum":
            numbers = [row[0].number for row in rows if row[0].number is not None]
            return Outcome(rows, _figure(plan, numbers), considered=len(numbers))
    return Outcome(rows)


def _over_all(plan: QueryPlan, reader: FactReader, across: Across) -> Outcome:
    """Return the ranks, the number or the companies of a plan over all companies, or over those it names."""
    leading = plan.measures[0]
    companies, considered = _chosen(plan, across)
    number: Decimal | None = None
    if plan.act in ("average", "sum"):
        everyone, considered = _chosen(replace(plan, conditions=()), across)
        values = across.values(leading, plan.periods[0])
        number = _figure(plan, [values[company] for company in everyone])
        companies = companies if plan.conditions else everyone
    if plan.act == "count":
        number = Decimal(len(companies))
    shown = _with_conditions(plan)
    reader.load(companies, shown, plan.periods)
    rows = tuple(
        tuple(reader.value(company, period, measure) for period in plan.periods for measure in shown)
        for company in companies
    )
    return Outcome(rows, number, considered=considered)


def _chosen(plan: QueryPlan, across: Across) -> tuple[list[str], int]:
    """Return the companies that a plan ends with, best first, and how many were compared."""
    ranked: list[list[str]] = []
    considered = 0
    for period in plan.periods:
        values = across.values(plan.measures[0], period)
        if plan.measures[0] == Measure(ADDRESS):
            values = dict.fromkeys(across.placed(plan, period.year), Decimal(0))
        allowed = set(plan.companies) or (across.reported(period) & values.keys()) or set(values)
        if plan.place:
            allowed &= across.placed(plan, period.year)
        allowed &= values.keys()
        considered = max(considered, len(allowed))
        for condition in plan.conditions:
            allowed &= _meeting(condition, period, across)
        order = sorted(allowed, key=_Best(values, plan.order))
        last = plan.last or len(order)
        ranked.append(order[plan.first - 1 : last] if plan.act == "rank" else order)
    in_all = [company for company in ranked[0] if all(company in others for others in ranked[1:])]
    return in_all, considered


@dataclass(frozen=True, slots=True)
class _Best:
    """Orders companies by value, equal ones by name."""

    values: Mapping[str, Decimal]
    order: Order

    def __call__(self, company: str) -> tuple[Decimal, str]:
        value = self.values[company]
        return (value if self.order == "lowest" else -value), company


def _meeting(condition: Condition, period: Period, across: Across) -> set[str]:
    values = across.values(condition.measure, period)
    compare = _COMPARE[condition.comparison]
    if condition.against is not None:
        others = across.values(condition.against, period)
        return {company for company, value in values.items() if company in others and compare(value, others[company])}
    threshold = condition.threshold
    if condition.level and values:
        numbers = list(values.values())
        threshold = median(numbers) if condition.level == "median" else sum(numbers, Decimal(0)) / len(numbers)
    return {company for company, value in values.items() if threshold is not None and compare(value, threshold)}


def _figure(plan: QueryPlan, numbers: Sequence[Decimal]) -> Decimal | None:
    """Return the sum or the mean of numbers, None of none."""
    total = sum(numbers, Decimal(0))
    return None if not numbers else total if plan.act == "sum" else total / len(numbers)


def _with_conditions(plan: QueryPlan) -> list[Measure]:
    """Return the values to show of each company: those asked for and those its conditions look at."""
    looked_at = [m for c in plan.conditions for m in (c.measure, c.against) if m is not None]
    return list(dict.fromkeys((*plan.measures, *looked_at)))


def _first_number(row: Sequence[Value]) -> Decimal:
    return row[0].number or Decimal(0)


def _plain(entry: object) -> str:
    return "".join(str(entry).split())
