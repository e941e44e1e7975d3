"""Values in an answer as the page prints them, so that a model learns to copy instead of to convert."""

import ast
import re
from collections.abc import Mapping
from decimal import Decimal

from vouch.finetune.examples.unfit import Unfit
from vouch.generation.expressions import Expression, Operand
from vouch.generation.phrases import Language
from vouch.generation.plan.reading import Vocabulary
from vouch.generation.plan.sentences import SCALED, Wording
from vouch.generation.plan.types import Measure
from vouch.generation.plan.values import Used, Value

_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")
_UNITS = {1: "元"} | {scale: unit for unit, scale in SCALED.items()}


def printed_number(used: Used) -> tuple[str, str]:
    """Return a stated number with its printed digits, and its unit: of the table, where that scales it.

    Unfit where the digits give another number than the fact in every unit.
    """
    fact = used.stored.fact
    found = _DIGITS.search(fact.raw.replace("，", ","))
    digits = Decimal(found[0].replace(",", "")) if found else None
    if found is None or digits is None:
        raise Unfit("a value is not printed in digits")
    sign = "-" if used.value < 0 else ""
    if digits == abs(used.value):
        return f"{sign}{found[0]}", fact.unit
    scale = abs(used.value) / digits if digits else Decimal(0)
    unit = next((unit for times, unit in _UNITS.items() if scale == times), None)
    if unit is None or fact.unit != "元":
        raise Unfit("a value is printed in a unit of its own")
    return f"{sign}{found[0]}", unit


def printed(used: Used) -> str:
    """Return a stated number with its unit, as printed."""
    return "".join(printed_number(used))


class PrintedWording(Wording):
    """The words of answers, in which the stated numbers of some values read as printed."""

    def __init__(self, language: Language, vocabulary: Vocabulary, values: list[Value]) -> None:
        super().__init__(language, vocabulary)
        self._printed = {
            (used.value, used.stored.fact.unit): printed(used)
            for value in values
            if value.number is not None
            for used in value.used
        }

    def number(self, value: Decimal, unit: str, computed: Measure | None = None) -> str:
        """Return a number with its unit, amounts with their thousands parted."""
        if computed is None and (value, unit) in self._printed:
            return self._printed[value, unit]
        said = super().number(value, unit, computed)
        amount = said.removesuffix(unit)
        return f"{Decimal(amount):,f}{unit}" if computed is not None and unit == "元" else said

    def exact(self, value: Decimal, unit: str) -> str:
        """Return a stated number that another is computed from."""
        return self._printed.get((value, unit)) or super().exact(value, unit)


def written_sum(expression: Expression, numbers: Mapping[Operand, str]) -> str:
    """Return an expression with the numbers of its operands in their place: (500-400)/400."""
    return Expression(_with_numbers(expression.node, 0, numbers)).shown


def _with_numbers(node: ast.expr, back: int, numbers: Mapping[Operand, str]) -> ast.expr:
    """Return the tree without functions, each name replaced by what is printed for it."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            return ast.BinOp(_with_numbers(left, back, numbers), op, _with_numbers(right, back, numbers))
        case ast.UnaryOp(op=sign, operand=operand):
            return ast.UnaryOp(sign, _with_numbers(operand, back, numbers))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _applied(name, argument, back, numbers)
        case ast.Name(id=name):
            number = numbers.get(Operand(name, back))
            if number is None:  # optional: a short report prints few lines, and what it leaves out is not nothing
                raise Unfit("an operand is not stated")
            return ast.Name(f"({number})" if number.startswith("-") else number)
    return node


def _applied(function: str, argument: ast.expr, back: int, numbers: Mapping[Operand, str]) -> ast.expr:
    match function:
        case "prior":
            return _with_numbers(argument, back + 1, numbers)
        case "average":
            now, before = (_with_numbers(argument, back + year, numbers) for year in (0, 1))
            return ast.BinOp(ast.BinOp(now, ast.Add(), before), ast.Div(), ast.Constant("2"))
        case "optional":
            return _with_numbers(argument, back, numbers)
    raise Unfit("a formula that no plain sum shows")
