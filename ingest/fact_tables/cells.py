"""What a cell of a table says: an amount, a year and period, a stock code. Knows no columns."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from vouch.ingest.facts.statement_columns import UNITS
from vouch.retrieval.periods import named_periods

MISSING = frozenset(
    {"", "-", "--", "---", "—", "——", "/", "\\", "nan", "none", "null", "n/a", "na", "#n/a", "不适用", "未披露"}
)
"""Cells that say that a value is not known; never 0."""

_SCALES = {**{unit: Decimal(str(factor)) for unit, factor in UNITS.items()}, "万": Decimal(10**4), "亿": Decimal(10**8)}
_AMOUNT = re.compile(
    r"(?P<open>\()?(?P<sign>[-+])?[¥$￥€]?(?P<digits>\d[\d,]*(?:\.\d*)?(?:e[-+]?\d{1,2})?|\.\d+)\)?"
    r"(?P<unit>百万元|千元|万元|亿元|元|万|亿|人|股|倍|%)?(?P<per>/股)?",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?P<year>(?:19|20)\d\d)(?:[-/.年]\s*(?P<month>\d{1,2})(?:[-/.月].*)?|(?P<compact>\d{2})\d{2})$")
_YEAR = re.compile(r"(?P<year>(?:19|20)\d\d)(?:\.0+)?(?:\s*年?度?)?$")
_QUARTERS = {3: "Q1", 6: "H1", 9: "Q3", 12: "FY"}
_PERIOD = re.compile(r"FY|H[12]|Q[1-4](?:-single)?")
_CODE = re.compile(r"(?:(?:SH|SZ|BJ|HK)[.:]?)?(?P<code>\d{1,6})(?:\.0+)?(?:\.(?:SH|SS|SZ|BJ|HK|OF))?", re.IGNORECASE)


def is_missing(cell: str) -> bool:
    """Say whether a cell leaves its value open."""
    return cell.strip().lower() in MISSING


def scale_of(unit: str) -> Decimal:
    """Return how many 元 a unit is; 1 for every other unit."""
    return _SCALES.get(unit.strip(), Decimal(1))


def is_yuan(unit: str) -> bool:
    """Say whether a unit is 元 or so many of it."""
    return unit.strip() in _SCALES


def number(cell: str) -> tuple[Decimal, str] | None:
    """Return an amount in 元 (or as printed, for other units) and the unit printed with it; None for no number."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", cell)).replace("−", "-")
    match = _AMOUNT.fullmatch(text)
    if not match:
        return None
    try:
        value = Decimal(match["digits"].replace(",", ""))
    except InvalidOperation:
        return None
    negative = bool(match["open"]) or match["sign"] == "-"
    unit = match["unit"] or ""
    return (-value if negative else value) * scale_of(unit), unit


def when(year: str, period: str) -> tuple[int | None, str]:
    """Return the year and period that two cells name, in either of them; a year alone is the whole year."""
    found: int | None = None
    named = ""
    for cell in (year.strip(), period.strip()):
        if match := _YEAR.match(cell):
            found = found or int(match["year"])
        elif match := _DATE.match(cell):
            found = found or int(match["year"])
            named = named or _QUARTERS.get(int(match["month"] or match["compact"]), "")
        elif _PERIOD.fullmatch(cell):
            named = named or cell
        else:
            spoken = named_periods(cell)
            found = found or next(iter(spoken.years), None)
            named = named or next(iter(spoken.periods), "")
    return found, "FY" if named in ("", "摘要") else named


def code(cell: str, width: int) -> str:
    """Return a stock code without its market, with the zeros that a spreadsheet took away; other tickers as written."""
    match = _CODE.fullmatch(cell.strip())
    return match["code"].zfill(width) if match else cell.strip()


def code_width(cells: list[str]) -> int:
    """Return how many digits the codes of a column have: six where any has, else as they are."""
    digits = [match["code"] for cell in cells if (match := _CODE.fullmatch(cell.strip()))]
    return 6 if any(len(found) == 6 for found in digits) else 0
