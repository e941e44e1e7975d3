"""Values of all companies of a library at once: one column of facts for each stated value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from vouch.generation.expressions import FormulaError
from vouch.generation.plan.reading import Vocabulary
from vouch.generation.plan.types import ADDRESS, ANNUAL, SINGLE, Measure, Period, QueryPlan
from vouch.retrieval.fact_query import ColumnQuery, FactColumns
from vouch.retrieval.facts import FactScope

_FORMER_ADDRESS = "注册地址的历史变更情况"


@dataclass(frozen=True, slots=True)
class _Of:
    """One company's values, as a formula looks them up."""

    company: str
    columns: Mapping[tuple[str, int], Mapping[str, Decimal]]

    def __call__(self, field: str, years_back: int) -> Decimal | None:
        return self.columns[field, years_back].get(self.company)


class Across:
    """All companies' values of one scope; each stated value is read once."""

    def __init__(
        self, facts: FactColumns, vocabulary: Vocabulary, scope: FactScope, collections: Sequence[str] = ()
    ) -> None:
        """Only `collections` may answer; empty for all."""
        self._facts = facts
        self._vocabulary = vocabulary
        self._scope = scope
        self._collections = collections
        self._read: dict[tuple[str, Period], dict[str, Decimal]] = {}

    def values(self, measure: Measure, period: Period) -> dict[str, Decimal]:
        """Return the measure of every company that states it or what it is computed from."""
        stated: dict[str, Decimal] = {}
        if not measure.expression and self._vocabulary.fields.by_name(measure.name):
            stated = self._stated(measure.name, period)
        formula = self._vocabulary.formula(measure)
        if formula is None:
            return stated
        columns = {o: self._column(o.field, period, o.years_back) for o in formula.expression.operands}
        found = dict(stated)
        for company in {company for column in columns.values() for company in column} - stated.keys():
            lookup = _Of(company, {(o.field, o.years_back): column for o, column in columns.items()})
            try:
                found[company] = formula.compute(lookup).value
            except FormulaError:
                continue  # not stated, or divided by zero: the company has no such value
        return found

    def reported(self, period: Period) -> set[str]:
        """Return the companies with a full report of the period, or a table: they state all there is to compare.

        An abridged report or a later one's comparative column has some values and lacks others.
        """
        part = period.part.removesuffix(SINGLE)
        return self._facts.companies_reporting(period.year, part)

    def placed(self, plan: QueryPlan, year: int) -> set[str]:
        """Return the companies whose registered address of the year names the plan's place."""
        former = _FORMER_ADDRESS if plan.former_place else ADDRESS
        return self._facts.companies_stating((ADDRESS, former), year, plan.place)

    def _column(self, name: str, period: Period, back: int) -> dict[str, Decimal]:
        found = self.values(Measure(name), period.back(back))
        known = self._vocabulary.fields.by_name(name)
        if back and period.part != ANNUAL and known and known.statement == "balance":
            return {**self._stated(name, Period(period.year - back)), **found}
        return found

    def _stated(self, name: str, period: Period) -> dict[str, Decimal]:
        key = (name, period)
        if key not in self._read:
            query = ColumnQuery(name, period.year, period.part, self._scope, self._collections)
            found = self._facts.fact_column(query)
            self._read[key] = {company: Decimal(repr(value)) for company, value in found.items()}
        return self._read[key]
