"""When a stated number is what a document prints: the same amount in the same kind of unit, at most rounded."""

import re
from dataclasses import dataclass
from decimal import Decimal

from vouch.generation.vouching.figures import Figure
from vouch.generation.vouching.units import unit_book

COARSEST = Decimal("0.05")
"""Rounding may move a number by no more than this share of it: 1亿 for 1.4亿 says something else."""

_WORDS = {"百万元": "百万", "万元": "万", "千元": "千", "亿元": "亿", "元": ""}
_PER_SHARE = re.compile(r"每股|per (?:common )?share|per-share", re.IGNORECASE)
_PERCENT = re.compile(r"[%％]|率|比例|占比|比重|percent|margin|\brate\b|ratio", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Around:
    """What is printed around a number and says how to read it."""

    factor: Decimal = Decimal(1)
    unit: str = ""
    """Of the table, as a base unit; empty where none is printed above it."""
    percent: bool = False
    """Its label or column speaks of a share or rate."""
    falls: bool = False
    """Its line speaks of a loss or a decrease, so that its sign may be said in words."""


def around(unit_above: str, label: str, falls: bool) -> Around:
    """Return how to read the bare numbers of a line with this label under a table's unit (万元, in millions)."""
    percent = bool(_PERCENT.search(label))
    if _PER_SHARE.search(label):
        return Around(percent=percent, falls=falls)
    above = unit_above.lower()
    for word, scale in _WORDS.items():
        if word in above:
            return Around(unit_book().scales.get(scale, Decimal(1)), "元", percent, falls)
    for scale in ("million", "thousand", "billion"):
        if scale in above:
            return Around(unit_book().scales[scale], "", percent, falls)
    return Around(percent=percent, falls=falls)


def agrees(said: Figure, printed: Figure, place: Around) -> bool:
    """Say whether a stated number is a printed one."""
    if _opposite(said, printed):
        return False
    either_sign = place.falls or said.direction < 0 or printed.direction < 0
    return any(_same(said, value, either_sign) for value in _readings(said, printed, place))


def _readings(said: Figure, printed: Figure, place: Around) -> list[Decimal]:
    """Return what a printed number may be worth in the unit of the stated one; empty where they are not comparable."""
    money = unit_book().money
    if printed.unit or printed.scaled:
        if said.unit == printed.unit or not printed.unit or not said.unit:
            return _with_percent(said, printed)
        return []
    if said.unit == "%":
        fraction = [printed.value * 100] if not place.unit and abs(printed.value) < 1 else []
        return [printed.value] if place.percent else fraction
    if said.unit in money and place.unit not in ("", said.unit):
        return []
    scaled = said.unit in money or (said.scaled and not said.unit)
    return [printed.value * place.factor if scaled else printed.value]


def _with_percent(said: Figure, printed: Figure) -> list[Decimal]:
    """Return the readings of two numbers whose units do not clash; a bare one stands for a share or as printed."""
    if printed.unit == "%" and not said.unit:
        return [printed.value / 100]
    if said.unit == "%" and not printed.unit:
        return []
    return [printed.value]


def _same(said: Figure, value: Decimal, either_sign: bool) -> bool:
    if either_sign:
        value, stated = abs(value), abs(said.value)
    else:
        stated = said.value
    difference = abs(stated - value)
    if difference == 0:
        return True
    return difference <= said.step / 2 and difference <= COARSEST * abs(value)


def _opposite(said: Figure, printed: Figure) -> bool:
    """Say whether one is said to rise and the other to fall."""
    said_way = said.direction or (-1 if said.value < 0 else 0)
    printed_way = printed.direction or (-1 if printed.value < 0 else 0)
    return said_way * printed_way < 0
