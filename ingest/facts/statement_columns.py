"""What the columns of a statement stand for: year, period, scope and unit, from the lines above its first amounts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vouch.ingest.facts.printed import PrintedLine
from vouch.retrieval.facts import FactScope
from vouch.retrieval.types import Page, Source

UNITS = {"元": 1.0, "千元": 1e3, "万元": 1e4, "百万元": 1e6, "亿元": 1e8}

_UNIT = re.compile(
    r"单位\s*(?:[:：]|为|均?以)?\s*(?:人民币)?\s*(百万元|千元|万元|亿元|元)|人民币(百万元|千元|万元|亿元)"
)
_WHEN = re.compile(
    r"(?P<year>20\d\d)\s*年\s*(?P<rest>\d{1,2}\s*月\s*\d{1,2}\s*日|度|末|前三季度|第[一三]季度|半年度|\d{1,2}\s*[-—－~至]\s*\d{1,2}\s*月)?"
    r"|(?P<now>期末(?:余额|数)?|本期(?:末|金额|发生额|数)?|本年(?:末|金额|发生额|数|度)?|年末(?:余额|数)?|本报告期)"
    r"|(?P<before>期初(?:余额|数)?|年初(?:余额|数)?|上年(?:年末|期末|末|度|同期|金额|数)?|上期(?:金额|发生额|数)?)"
)
_CHANGE = re.compile(r"增减|变动|同比|比例|幅度")
_SCOPE = re.compile(r"合并|本集团|集团|母公司|本公司|公司|本行|银行")
_SINGLE_QUARTER = re.compile(r"第[一二三四]季度|7\s*[-—－~至]\s*9\s*月|4\s*[-—－~至]\s*6\s*月|10\s*[-—－~至]\s*12\s*月")


@dataclass(frozen=True, slots=True)
class Column:
    """What the amounts of one column are."""

    year: int
    period: str
    scope: FactScope
    order: Literal["current", "prior"]


def unit_factor(texts: Sequence[str]) -> float | None:
    """Return how many 元 one printed unit is; None where no unit is named."""
    for text in texts:
        if match := _UNIT.search(text):
            return UNITS[match[1] or match[2]]
    return None


def statement_columns(
    page: Page, header: Sequence[PrintedLine], extents: Sequence[tuple[float, float]], source: Source, column: Column
) -> list[Column | None]:
    """Return what each column is; `column` is what the first one is by default. Unnamed ones go by their order.

    None for a column of changes, and for a third one that no head names: it may be anything.
    """
    named: dict[int, Column] = {}
    changes: set[int] = set()
    scopes = _scopes(page, header, extents)
    for line in header:
        text = page.text[line.start : line.end]
        for match in _WHEN.finditer(text):
            place = _nearest(page, line.start + match.start(), line.start + match.end(), extents)
            if place is not None and place not in named:
                named[place] = _named(match, column, source)
        for match in _CHANGE.finditer(text):
            place = _nearest(page, line.start + match.start(), line.start + match.end(), extents)
            changes |= {place} if place is not None else set()
    found: list[Column | None] = []
    for i in range(len(extents)):
        default = (column if i % 2 == 0 else prior(column)) if i < 2 or scopes else None
        head = None if i in changes else named.get(i, default)
        found.append(replace(head, scope=scopes.get(i, column.scope)) if head else None)
    return found


def prior(column: Column) -> Column:
    """Return the comparative column: the year before, for a balance its end."""
    return replace(column, year=column.year - 1, order="prior")


def _named(match: re.Match[str], column: Column, source: Source) -> Column:
    if match["before"]:
        return prior(column)
    if match["now"]:
        return column
    year, rest = int(match["year"]), re.sub(r"\s", "", match["rest"] or "")
    if re.match(r"0?1月0?1日", rest):
        year -= 1  # the opening balance
    period = column.period
    if _SINGLE_QUARTER.search(rest) and column.period in ("Q3", "H1"):
        period = f"{column.period}-single"
    order: Literal["current", "prior"] = "current" if year == source.year else "prior"
    return replace(column, year=year, period=period, order=order)


def _scopes(page: Page, header: Sequence[PrintedLine], extents: Sequence[tuple[float, float]]) -> dict[int, FactScope]:
    """Return the scope of each column where the heads name group and company side by side."""
    found: dict[int, FactScope] = {}
    if len(extents) < 4:
        return found
    for line in header:
        text = page.text[line.start : line.end]
        for match in _SCOPE.finditer(text):
            place = _nearest(page, line.start + match.start(), line.start + match.end(), extents)
            if place is not None:
                found[place] = "consolidated" if match.group() in ("合并", "本集团", "集团") else "parent"
    return found if len(set(found.values())) == 2 else {}


def _nearest(page: Page, start: int, end: int, extents: Sequence[tuple[float, float]]) -> int | None:
    """Return the column whose middle is nearest to a word of the head, None for a word left of all columns."""
    if page.char_x is None:
        return None
    x0, x1 = float(page.char_x[start:end, 0].min()) / 10, float(page.char_x[start:end, 1].max()) / 10
    middle = (x0 + x1) / 2
    if not extents or x1 < extents[0][0] - 60:
        return None
    return min(range(len(extents)), key=lambda i: abs((extents[i][0] + extents[i][1]) / 2 - middle))
