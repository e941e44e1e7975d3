"""Computations that a sentence shows (250 / 1,200 = 20.8%), carried out again."""

import re
from collections.abc import Sequence

from vouch.generation.expressions import FormulaError, parse_expression
from vouch.generation.vouching.agreement import COARSEST
from vouch.generation.vouching.figures import Figure, folded

_EQUALS = re.compile(r"[=≈]|等于|约等于|\bequals\b")
_BREAK = re.compile(r"[，。；：,;:](?!\d)|[=≈]|等于|为(?=\s*[\d(])")
_SIGNS = {"+": "+", "-": "-", "–": "-", "*": "*", "×": "*", "x": "*", "/": "/", "÷": "/", "(": "(", ")": ")"}


def shown_results(text: str, found: Sequence[Figure]) -> frozenset[int]:
    """Return where the figures start that a shown computation gives; those that it does not give are not among them."""
    plain = folded(text)
    right: set[int] = set()
    for equals in _EQUALS.finditer(plain):
        result = next((figure for figure in found if figure.start >= equals.end()), None)
        if result is None or plain[equals.end() : result.start].strip(" 约("):
            continue
        start = max((m.end() for m in _BREAK.finditer(plain, 0, equals.start())), default=0)
        if _gives(_written(plain, found, start, equals.start()), result):
            right.add(result.start)
    return frozenset(right)


def _written(plain: str, found: Sequence[Figure], start: int, end: int) -> str:
    """Return the computation in plain arithmetic, its words left out."""
    parts: list[str] = []
    at = start
    for figure in (f for f in found if start <= f.start and f.end <= end):
        parts += [_SIGNS[c] for c in plain[at : figure.start] if c in _SIGNS]
        worth = figure.value / 100 if figure.unit == "%" else figure.value
        parts.append(f"({worth:f})" if worth < 0 else f"{worth:f}")
        at = figure.end
    return "".join([*parts, *(_SIGNS[c] for c in plain[at:end] if c in _SIGNS)])


def _gives(written: str, result: Figure) -> bool:
    if not re.search(r"\d\)?[-+*/]", written):
        return False
    try:
        value = parse_expression(written, lambda _word: None).compute(lambda _field, _back: None).value
    except FormulaError:
        return False
    readings = (value * 100, value) if result.unit == "%" else (value,)
    return any(
        abs(reading - result.value) <= result.step / 2 and abs(reading - result.value) <= COARSEST * abs(reading)
        for reading in readings
    )
