"""What every answer from stored values is worded with: values with their citations, and the result rows beside them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from vouch.generation.plan.citing import Citer
from vouch.generation.plan.sentences import Wording
from vouch.generation.plan.types import Condition, QueryPlan
from vouch.generation.plan.values import OperandValue, Used, Value
from vouch.generation.types import ResultOperand, ResultRow


@dataclass(slots=True)
class Sayer:
    """Words the values of one plan and keeps the result rows. `names` says a company as the question wants it."""

    plan: QueryPlan
    wording: Wording
    citer: Citer
    names: Mapping[str, str]
    codes: Mapping[str, str]
    results: list[ResultRow] = field(default_factory=list)

    def value(self, value: Value) -> str:
        """Return a value with its unit and, where it is stated, its citation."""
        said = value.text or self._number(value)
        return said + (self.citer.mark(value.used[0]) if value.formula is None and value.used else "")

    def shown(self, value: Value) -> str:
        """Return a value with citations, those of its operands where it is computed."""
        if value.formula is None:
            return self.value(value)
        return self.value(value) + "".join(dict.fromkeys(self.citer.mark(used) for used in value.used))

    def operands(self, value: Value) -> str:
        """Return the values that one was computed from, by name."""
        return self.wording.join("value_join", [self._shown_operand(operand) for operand in value.operands])

    def of(self, value: Value, key: str, /, **parts: str) -> str:
        """Return a sentence about a value's company and period."""
        return self.wording.say(key, company=self.name(value.company), when=self.wording.when(value.period), **parts)

    def field(self, value: Value) -> str:
        """Return what a value is called."""
        return self.wording.field(value.measure.name)

    def name(self, company: str) -> str:
        """Return a company's name as it is to be said."""
        return self.names.get(company, company)

    def item(self, row: Sequence[Value]) -> str:
        """Return a company with its values."""
        first, *others = [value for value in row if value.found]
        said = self.wording.say(
            "ranked_item", company=self.name(first.company), field=self.field(first), value=self.shown(first)
        )
        more = [self.wording.say("value", field=self.field(other), value=self.shown(other)) for other in others]
        return self.wording.join("value_join", [said, *more])

    def conditions(self) -> str:
        """Return the plan's conditions in words."""
        return self.wording.join("condition_join", [self._condition(c) for c in self.plan.conditions])

    def placed(self) -> str:
        """Return where the companies are registered, where the plan says so."""
        return self.wording.say("placed", place=self.plan.place) if self.plan.place else ""

    def add(self, values: Iterable[Value]) -> None:
        """Add the values that are there to the results."""
        for value in values:
            if value.found:
                self.results.append(self._row(value))

    def add_figure(self, name: str, number: Decimal, unit: str, text: str, used: Sequence[Used]) -> None:
        """Add a figure over many companies to the results: a count, an average."""
        period = self.plan.periods[0]
        self.results.append(
            ResultRow(
                company="",
                code="",
                year=period.year,
                period=period.part,
                field=name,
                value=float(number),
                text=text,
                unit=unit,
                operands=tuple(map(self._operand, used)),
                citations=self._citations(used),
            )
        )

    def _row(self, value: Value) -> ResultRow:
        computed = value.formula is not None
        return ResultRow(
            company=value.company,
            code=self.codes.get(value.company, ""),
            year=value.period.year,
            period=value.period.part,
            field=value.measure.name,
            value=None if value.number is None else float(value.number),
            text=value.text or self._number(value),
            unit=value.unit,
            formula=self.wording.formula(value.measure) if computed else None,
            operands=tuple(map(self._operand, value.used)) if computed else (),
            citations=self._citations(value.used),
        )

    def _citations(self, used: Iterable[Used]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(map(self.citer.number, used)))

    def _number(self, value: Value) -> str:
        if value.number is None:
            return ""
        return self.wording.number(value.number, value.unit, value.measure if value.formula else None)

    def _operand(self, used: Used) -> ResultOperand:
        fact = used.stored.fact
        name, citation = used.operand.field, self.citer.number(used)
        return ResultOperand(name, fact.year, fact.period, float(used.value), fact.unit, citation, fact.company)

    def _shown_operand(self, operand: OperandValue) -> str:
        """Return an operand with its citation, a total with its parts."""
        number = self.wording.exact(operand.value, operand.unit)
        if not operand.is_total:
            number += self.citer.mark(operand.used[0])
        else:
            parts = [self._part(used) for used in operand.used]
            number = self.wording.say("total", value=number, parts=self.wording.join("value_join", parts))
        return self.wording.say("operand", field=self.wording.operand(operand.operand), value=number)

    def _part(self, used: Used) -> str:
        number = self.wording.exact(used.value, used.stored.fact.unit) + self.citer.mark(used)
        return self.wording.say("operand", field=self.wording.operand(used.operand), value=number)

    def _condition(self, condition: Condition) -> str:
        if condition.against is not None:
            return self.wording.condition(condition, self.wording.field(condition.against.name))
        if condition.threshold is None:
            return self.wording.condition(condition, self.wording.level(condition.level))
        threshold = _amount(condition.threshold) + self.wording.unit(condition.measure)
        return self.wording.condition(condition, threshold)


def _amount(number: Decimal) -> str:
    """Return a threshold as people write it: 5亿."""
    for scale, word in ((Decimal(10**8), "亿"), (Decimal(10**4), "万")):
        if abs(number) >= scale and number % (scale / 100) == 0:
            return f"{(number / scale).normalize():f}{word}"
    return f"{number.normalize():f}" if number else "0"
