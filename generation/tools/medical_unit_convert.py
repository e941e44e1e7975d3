"""The tool that converts units of laboratories and of everyday life."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from vouch.generation.quotes import Statement
from vouch.generation.tools.registry import tool
from vouch.generation.tools.types import Computation, ToolMisuse, ToolResult
from vouch.generation.tools.unit_table import Scale, unit_table

DIGITS = 4
"""Significant digits of a converted value: more than any laboratory reports."""


@tool
def medical_unit_convert(
    value: Annotated[float, "the number to convert"],
    quantity: Annotated[str, "what was measured: glucose, cholesterol, creatinine, HbA1c, temperature, weight …"],
    from_unit: Annotated[str, "its unit: mg/dL, mmol/L, µmol/L, °F, lb, % …"],
    to_unit: Annotated[str, "the unit wanted"],
) -> ToolResult:
    """Convert a measured value between units: mg/dL and mmol/L by molar mass, HbA1c % and mmol/mol, temperature,
    weight, height, pressure, energy."""
    table = unit_table()
    scale = table.scale(quantity)
    if scale is None:
        names = sorted({known.name for known in table.scales.values()})
        raise ToolMisuse(f"medical_unit_convert: {quantity[:40]!r} is not known; known are {', '.join(names)}")
    units = [table.unit(scale, written) for written in (from_unit, to_unit)]
    for written, unit in zip((from_unit, to_unit), units, strict=True):
        if unit is None:
            known = ", ".join(scale.units)
            raise ToolMisuse(f"medical_unit_convert: {written[:20]!r} is no unit of {scale.name}; units are {known}")
    origin, target = (str(unit) for unit in units)
    given = Decimal(repr(value))
    exact = scale.convert(given, origin, target)
    shown = f"{scale.name}: {_plain(given)} {origin} = {_plain(_rounded(exact))} {target}"
    basis = f"molar mass {scale.mass} g/mol, {scale.source}" if scale.mass else scale.source
    computation = Computation(shown, {scale.name: given}, _decimal(exact), target, _constants(scale))
    return ToolResult((Statement(f"{shown} ({basis})", ()),), (computation,))


def _constants(scale: Scale) -> tuple[Decimal, ...]:
    return (scale.mass,) if scale.mass else ()


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _rounded(value: Fraction) -> Decimal:
    return Decimal(f"{_decimal(value):.{DIGITS}g}")


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
