"""The tool that computes."""

from decimal import Decimal
from typing import Annotated

from vouch.generation.expressions import FormulaError, parse_expression
from vouch.generation.quotes import Statement
from vouch.generation.tools.registry import tool
from vouch.generation.tools.types import Computation, ToolMisuse, ToolResult

DIGITS = 12
"""Significant digits that are told; the computation itself has fifty."""


@tool
def compute(
    expression: Annotated[str, "names, numbers, + - * / ( ) and abs(): (revenue-cost)/revenue"],
    operands: Annotated[dict[str, float], "the value of every name in the expression, in one unit"],
    percent: Annotated[bool, "multiply the result by 100 and call it %"] = False,
) -> ToolResult:
    """Compute an expression over named values exactly. Give values only as they were looked up or stand in a passage;
    cite where they come from."""
    given = {name.strip(): Decimal(repr(value)) for name, value in operands.items()}
    try:
        parsed = parse_expression(expression, lambda word: word if word in given else None)
        computed = parsed.compute(lambda name, back: None if back else given[name])
    except FormulaError as error:
        raise ToolMisuse(f"compute: {error}") from error
    value = computed.value * 100 if percent else computed.value
    unit = "%" if percent else ""
    used = {operand.field: number for operand, number in computed.operands.items()}
    shown = "; ".join(f"{name} = {_plain(number)}" for name, number in used.items())
    text = f"{parsed.shown} = {_plain(value)}{unit}" + (f" ({shown})" if shown else "")
    return ToolResult((Statement(text, ()),), (Computation(parsed.shown, used, value, unit, parsed.constants),))


def _plain(value: Decimal) -> str:
    """Return a number with at most twelve significant digits, never in powers of ten."""
    rounded = value if len(value.as_tuple().digits) <= DIGITS else Decimal(f"{value:.{DIGITS}g}")
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
