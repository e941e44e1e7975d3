"""Values as tools tell them to a model: one statement each, with the rows they stand on."""

from collections.abc import Iterable

from vouch.generation.plan.citing import row_of
from vouch.generation.plan.sentences import Wording
from vouch.generation.plan.values import OperandValue, Value
from vouch.generation.quotes import Quote, Statement
from vouch.generation.tools.types import Computation, ToolContext


class ValueSayer:
    """Words values in the language of the question."""

    def __init__(self, context: ToolContext, wording: Wording) -> None:
        self._pages = context.shelf.page
        self._wording = wording

    def statement(self, value: Value) -> Statement:
        """Return a value with its unit and, where it was computed, its formula and operands."""
        wording = self._wording
        head = f"{value.company} {wording.when(value.period)} {wording.field(value.measure.name)}"
        if not value.found:
            lacking = ", ".join(wording.operand(operand) for operand in value.missing) or value.zero_divisor
            return Statement(f"{head}: not stated{f' ({lacking})' if lacking else ''}", ())
        if value.formula is None:
            return Statement(f"{head} = {self._stated(value)}", self._rows(value))
        operands = "; ".join(self._operand(operand) for operand in value.operands)
        said = wording.number(value.number, value.unit, value.measure) if value.number is not None else value.text
        formula = wording.formula(value.measure)
        return Statement(f"{head} = {formula} = {said} ({operands})", self._rows(value))

    def computation(self, value: Value) -> Computation | None:
        """Return how a value was computed; None for stated ones."""
        if value.formula is None or value.number is None:
            return None
        operands = {self._wording.operand(entry.operand): entry.value for entry in value.operands}
        return Computation(self._wording.formula(value.measure), operands, value.number, value.unit)

    def _stated(self, value: Value) -> str:
        return value.text or self._wording.exact(value.number or value.operands[0].value, value.unit)

    def _operand(self, operand: OperandValue) -> str:
        return f"{self._wording.operand(operand.operand)} {self._wording.exact(operand.value, operand.unit)}"

    def _rows(self, value: Value) -> tuple[Quote, ...]:
        return tuple(row_of(used, self._pages, self._wording) for used in value.used)


def computations(sayer: ValueSayer, values: Iterable[Value]) -> tuple[Computation, ...]:
    """Return how the computed ones of some values were computed."""
    return tuple(found for value in values if (found := sayer.computation(value)))
