"""Computations that an answer shows: (1,175.3 - 903.2) / 1,175.3 = 23.15%. Worked out here, never by eval()."""

import ast
import operator
import re
from collections.abc import Callable, Collection

from vouch.eval.numbers import Number, Target, folded, numbers, same

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_SIGNS = str.maketrans({"×": "*", "÷": "/", "−": "-", "–": "-"})
_TERM = r"[-(\s]*(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?\s*(?:%|[万亿]?元|人)?[)\s]*"
_SHOWN = re.compile(rf"(?P<expression>{_TERM}(?:[-+*/]{_TERM})+)=\s*[约≈]?\s*(?=[-\d])")
_CONSTANTS = (1.0, 2.0, 100.0)
"""Numbers that a formula may bring along: averages, percent."""


def computed_numbers(text: str, known: Collection[int]) -> set[int]:
    """Return where the results stand of the computations shown in a text; all their operands stand at known places."""
    plain = folded(text).translate(_SIGNS)
    found = numbers(plain)
    certain, results = set(known), set[int]()
    for match in _SHOWN.finditer(plain):
        operands = [n for n in found if match.start() <= n.start and n.end <= match.end("expression")]
        result = next((n for n in found if n.start >= match.end()), None)
        trusted = all(n.start in certain or n.value in _CONSTANTS for n in operands)
        if result is not None and result.start == match.end() and trusted:
            value = _worked_out(_bare(plain, match.start(), match.end("expression"), operands))
            if value is not None and _is_result(value, result):
                results.add(result.start)
                certain.add(result.start)
    return results


def _bare(plain: str, start: int, end: int, operands: list[Number]) -> str:
    """Return an expression with its numbers in base units, as Python writes them."""
    parts = []
    for number in operands:
        parts += [plain[start : number.start], f"({number.value!r})"]
        start = number.end
    return "".join((*parts, plain[start:end])).strip()


def _worked_out(expression: str) -> float | None:
    """Return the value of an expression of numbers, brackets and four operators; None for anything else."""
    try:
        return _evaluated(ast.parse(expression, mode="eval").body)
    except (SyntaxError, ZeroDivisionError, ValueError):
        return None


def _evaluated(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluated(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_evaluated(left), _evaluated(right))
    raise ValueError("no arithmetic")


def _is_result(value: float, result: Number) -> bool:
    """Say whether a shown result is a value, as printed or as its percentage."""
    readings = (value, 100 * value) if result.unit == "%" else (value,)
    return any(same(result, Target(reading, result.unit, result.step)) for reading in readings)
