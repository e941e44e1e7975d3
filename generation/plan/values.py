"""Values of companies and periods, stated or computed, each with the facts it stands on. Decimal throughout."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from vouch.generation.expressions import DivisionByZero, MissingOperand, Operand
from vouch.generation.formulas import Formula
from vouch.generation.plan.reading import Vocabulary
from vouch.generation.plan.types import ANNUAL, SINGLE, Measure, Period
from vouch.retrieval.fact_query import FactQuery, FactStore, StoredFact
from vouch.retrieval.facts import Fact, FactScope
from vouch.retrieval.types import EVERYTHING, Scope

_DIGITS = re.compile(r"\d[\d,，]*(?:\.\d+)?")
_STOCKS = "balance"
"""The statement whose values are of a day, so that a quarter's comparative column is the end of the year before."""


@dataclass(frozen=True, slots=True)
class Used:
    """A stated value that an answer uses."""

    operand: Operand
    stored: StoredFact
    value: Decimal

    @property
    def period(self) -> Period:
        return Period(self.stored.fact.year, self.stored.fact.period)


@dataclass(frozen=True, slots=True)
class OperandValue:
    """What an operand is worth and the stated values that say so: itself, or the parts of a total."""

    operand: Operand
    value: Decimal
    unit: str
    used: tuple[Used, ...]

    @property
    def is_total(self) -> bool:
        return len(self.used) != 1 or self.used[0].operand.field != self.operand.field


@dataclass(frozen=True, slots=True)
class Value:
    """A measure of one company in one period."""

    company: str
    period: Period
    measure: Measure
    unit: str
    number: Decimal | None = None
    text: str = ""
    operands: tuple[OperandValue, ...] = ()
    formula: Formula | None = None
    missing: tuple[Operand, ...] = ()
    """Operands that are not stated: there is no value."""
    zero_divisor: str = ""
    single_quarter: "Value | None" = None
    """Beside a quarter's year to date: the quarter alone, where it is stated."""

    @property
    def used(self) -> tuple[Used, ...]:
        """The stated values it stands on, in order."""
        return tuple(used for operand in self.operands for used in operand.used)

    @property
    def found(self) -> bool:
        return self.number is not None or bool(self.text)


class FactReader:
    """The facts of some companies and years, read at once, of one scope."""

    def __init__(self, store: FactStore, vocabulary: Vocabulary, scope: FactScope, limits: Scope = EVERYTHING) -> None:
        self._store = store
        self._vocabulary = vocabulary
        self._scopes: tuple[FactScope, ...] = (scope, "")
        self._limits = limits
        self._facts: dict[tuple[str, int, str, str], list[StoredFact]] = defaultdict(list)

    def load(self, companies: Sequence[str], measures: Iterable[Measure], periods: Iterable[Period]) -> None:
        """Read what the measures of these companies and periods need."""
        fields, back = set[str](), 0
        for measure in measures:
            fields |= {measure.name, *self._vocabulary.parts(measure.name)}
            formula = self._vocabulary.formula(measure)
            for operand in formula.expression.operands if formula else ():
                fields |= {operand.field, *self._vocabulary.parts(operand.field)}
                fields |= {*self._totals(operand.field)} if operand.optional else set()
                back = max(back, operand.years_back)
        years = {period.year - n for period in periods for n in range(back + 1)}
        query = FactQuery(companies=tuple(companies), years=tuple(sorted(years)), fields=tuple(sorted(fields)))
        for stored in self._store.facts(query):
            fact = stored.fact
            if fact.scope in self._scopes and _allowed(stored, self._limits):
                self._facts[fact.company, fact.year, fact.period, fact.field].append(stored)

    def value(self, company: str, period: Period, measure: Measure) -> Value:
        """Return a measure: as a report states it, else computed; `found` is false where it is neither."""
        unit = self._vocabulary.unit(measure)
        if not measure.expression and self._vocabulary.fields.by_name(measure.name):
            stored = self._best(company, period, measure.name)
            if stored:
                single = self._facts.get((company, period.year, period.part + SINGLE, measure.name), ())
                alone = (
                    _stated(company, Period(period.year, period.part + SINGLE), measure, single[0]) if single else None
                )
                return replace(_stated(company, period, measure, stored), single_quarter=alone)
        formula = self._vocabulary.formula(measure)
        if formula is None:
            return Value(company, period, measure, unit, missing=(Operand(measure.name),))
        return self._computed(company, period, measure, formula)

    def _computed(self, company: str, period: Period, measure: Measure, formula: Formula) -> Value:
        found: dict[Operand, OperandValue] = {}

        def lookup(name: str, back: int) -> Decimal | None:
            operand = self._operand_value(company, period, Operand(name, back), found.values())
            if operand is None:
                return None
            found[operand.operand] = operand
            return operand.value

        empty = Value(company, period, measure, formula.unit, formula=formula)
        try:
            result = formula.compute(lookup)
        except MissingOperand as error:
            return replace(empty, missing=error.operands)
        except DivisionByZero as error:
            return replace(empty, zero_divisor=error.divisor, operands=(*found.values(),))
        if unread := self._unread(company, period, formula):
            return replace(empty, missing=unread)
        return replace(empty, number=result.value, operands=(*found.values(),))

    def _unread(self, company: str, period: Period, formula: Formula) -> tuple[Operand, ...]:
        """Return the optional operands where nothing shows that the statement which would hold them was read.

        A line that is absent from a balance sheet is nothing; absent from a summary of ten figures it is unknown.
        """
        operands = formula.expression.operands
        optional = tuple(operand for operand in operands if operand.optional)
        for operand in optional:
            totals = self._totals(operand.field)
            beside = (other.field for other in operands if totals and self._totals(other.field)[:1] == totals[:1])
            then = Period(period.year - operand.years_back, period.part)
            if not totals or any(self._best(company, then, name) for name in (*totals, *beside)):
                return ()
        return optional

    def _totals(self, name: str) -> tuple[str, ...]:
        """Return the total that a line adds to, the total that this one adds to, and so on."""
        known = self._vocabulary.fields.by_name(name)
        if known is None or not known.part_of:
            return ()
        return (known.part_of, *self._totals(known.part_of))

    def _operand_value(
        self, company: str, period: Period, operand: Operand, beside: Iterable[OperandValue]
    ) -> OperandValue | None:
        """Return an operand as stated, else as the total of what is stated."""
        others = [used.stored for other in beside for used in other.used]
        stored = self._operand(company, period, operand, others)
        number = exact(stored.fact) if stored else None
        if stored is not None and number is not None:
            return OperandValue(operand, number, stored.fact.unit, (Used(operand, stored, number),))
        total = self._vocabulary.total(operand.field)
        if total is None:
            return None
        parts = [
            self._operand_value(company, period, Operand(part.field, operand.years_back), beside)
            for part in total.expression.operands
        ]
        values = {part.operand.field: part for part in parts if part is not None}
        if len(values) < len(parts):
            return None
        number = total.compute(lambda name, _back: values[name].value).value
        used = tuple(used for part in values.values() for used in part.used)
        return OperandValue(operand, number, self._vocabulary.unit(Measure(operand.field)), used)

    def _operand(
        self, company: str, period: Period, operand: Operand, beside: Sequence[StoredFact]
    ) -> StoredFact | None:
        """Return the value so many years back: of the same report where it prints it, so that both compare."""
        name, back = operand.field, operand.years_back
        if not back:
            return self._best(company, period, name)
        reports = {stored.source.doc_id for stored in beside if stored.fact.year == period.year}
        parts = [period.part]
        if period.part != ANNUAL and self._is_stock(name):
            parts.append(ANNUAL)
        for part in parts:
            found = self._facts.get((company, period.year - back, part, name), [])
            same = next((s for s in found if s.source.doc_id in reports), None)
            if same or found:
                return same or found[0]
        return None

    def _best(self, company: str, period: Period, name: str) -> StoredFact | None:
        found = self._facts.get((company, period.year, period.part, name), [])
        if not found and period.part.endswith(SINGLE) and self._is_stock(name):
            found = self._facts.get((company, period.year, period.part.removesuffix(SINGLE), name), [])
        own = [stored for stored in found if stored.fact.scope == self._scopes[0]]
        return next(iter(own or found), None)

    def _is_stock(self, name: str) -> bool:
        known = self._vocabulary.fields.by_name(name)
        return known is not None and known.statement == _STOCKS


def exact(fact: Fact) -> Decimal | None:
    """Return a value with the digits that were printed, where they are those of the base unit."""
    if fact.value is None:
        return None
    number = Decimal(repr(fact.value))
    printed = _DIGITS.search(fact.raw.replace("，", ","))
    if printed:
        try:
            digits = Decimal(printed[0].replace(",", ""))
        except InvalidOperation:
            return number
        if float(digits) == abs(fact.value):
            return digits.copy_sign(number) if digits else digits
    return number


def _stated(company: str, period: Period, measure: Measure, stored: StoredFact) -> Value:
    fact = stored.fact
    number = exact(fact)
    operand, text = Operand(measure.name), "" if number is not None else fact.text
    worth = number if number is not None else Decimal(0)
    used = OperandValue(operand, worth, fact.unit, (Used(operand, stored, worth),))
    return Value(company, period, measure, fact.unit, number, text, (used,))


def _allowed(stored: StoredFact, limits: Scope) -> bool:
    """Say whether a fact may be used: its document is in scope, its company where the document has none."""
    source = stored.source
    return (
        (not limits.doc_ids or source.doc_id in limits.doc_ids)
        and (not limits.collections or source.collection in limits.collections)
        and (not limits.companies or stored.fact.company in limits.companies)
        and (not limits.kinds or source.kind in limits.kinds)
        and (not limits.years or stored.fact.year in limits.years or source.year in limits.years)
    )
