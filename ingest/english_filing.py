"""What a United States filing or earnings release says of itself on its cover: company, ticker, fiscal year, period."""

import math
import re
from calendar import month_name
from collections import Counter
from datetime import date, timedelta

Found = tuple[str, str, str, int | None, str]
"""company, short name, ticker, fiscal year, period"""

_MONTHS = {month: number for number, month in enumerate(month_name) if month}
_DATE = r"([A-Z][a-z]+)\s+(\d{1,2}),?\s*((?:19|20)\d\d)"
_FORM = re.compile(r"\bForm\s+(10-K|10-Q|8-K|20-F|40-F|6-K)(?:/A)?\b", re.IGNORECASE)
_YEAR_ENDED = re.compile(r"(?i:(?:fiscal\s+)?year\s+ended):?\s+" + _DATE)
_QUARTER_ENDED = re.compile(r"(?i:quarter(?:ly\s+period)?\s+ended):?\s+" + _DATE)
_REPORTED = re.compile(
    r"(?i:date\s+of\s+(?:earliest\s+event\s+)?report(?:ed)?)[^A-Z]{0,40}?(?:\([Dd]ate[^)]*\))?[:\s]*" + _DATE
)
_REGISTRANT = re.compile(
    r"^[ \t]*(\S[^\n]{2,80}?)[ \t]*\n\s*\(\s*exact\s+name\s+of\s+registrant", re.IGNORECASE | re.MULTILINE
)
_EXCHANGE = r"(?:NASDAQ|NYSE|NYSE American|AMEX|LSE|HKEX)"
_TICKER = re.compile(rf"\({_EXCHANGE}\s*:\s*([A-Z]{{1,5}})\)", re.IGNORECASE)
_SYMBOL_ROW = re.compile(
    r"^\s*(?i:(?:class\s+[a-c]\s+)?common\s+(?:stock|shares)|ordinary\s+shares)"
    r"[^\n]*?\b([A-Z]{1,5})\b\s+(?:The\s+)?(?:New York|NASDAQ|Nasdaq|NYSE)",
    re.MULTILINE,
)
_SYMBOL_LINE = re.compile(r"^\s*([A-Z]{2,5})\s*\n\s*(?:New York Stock|NASDAQ|Nasdaq)", re.MULTILINE)
_RELEASE = re.compile(r"\b(first|second|third|fourth)[-\s]+quarter\b", re.IGNORECASE)
_RELEASE_SIGNS = re.compile(
    r"FOR IMMEDIATE RELEASE|BUSINESS WIRE|PR NEWSWIRE|Announces|Reports .{0,40}Results|reported sales|Earnings",
    re.IGNORECASE,
)
_RELEASE_YEAR = re.compile(
    r"[Ff]iscal\s+(?:year\s+)?((?:19|20)\d\d)|((?:19|20)\d\d)\s+(?:First|Second|Third|Fourth)"
    r"|(?:[Qq]uarter|year)\s+(?:of\s+)?((?:19|20)\d\d)"
)
_LEGAL = re.compile(
    r",?\s*(?:&\s*(?:Co|Company)\b\.?"
    r"|\b(?:Inc|Incorporated|Corp|Corporation|Co|Company|Ltd|Limited|plc|LLC|N\.V|S\.A|AG)\b\.?)[\s,.]*$",
    re.IGNORECASE,
)
_WORDS = r"(?:[A-Z][\w.'’-]*|&|and|of)"
_LISTED = re.compile(rf"((?:[A-Z][\w.'’-]*,?[ ]+)(?:{_WORDS},?[ ]+){{0,5}})\(\s*{_EXCHANGE}\s*:", re.MULTILINE)
_INCORPORATED = re.compile(
    rf"\b((?!The\s)(?:{_WORDS}\s+){{0,4}}[A-Z][\w&'-]*,?\s+(?:&\s+)?(?:Inc|Corp|Corporation|Co|Ltd|plc|Limited)\b\.?)"
)
_QUARTERS = {"first": "Q1", "second": "Q2", "third": "Q3", "fourth": "Q4"}


def read(cover: str, opening: str) -> Found | None:
    """Return what the cover says, None for a document that is no filing or release."""
    form = _FORM.search(cover)
    if form and ("SECURITIES" in cover.upper() or "EXCHANGE ACT" in cover.upper()):
        return _filing(form[1].upper(), cover, opening)
    if _RELEASE_SIGNS.search(cover) and _RELEASE.search(cover) and not re.search(r"[\u4e00-\u9fff]{20}", cover):
        return _release(cover, opening)
    return None


def _filing(form: str, cover: str, opening: str) -> Found:
    company = _company(cover)
    ended = _ended(_YEAR_ENDED if form in ("10-K", "20-F", "40-F") else _QUARTER_ENDED, cover)
    if form in ("10-K", "20-F", "40-F") and ended:
        return company, short_name(company), _ticker(cover), _fiscal_year(ended, opening), "FY"
    if form == "10-Q" and ended:
        year, period = _fiscal_quarter(ended, opening)
        return company, short_name(company), _ticker(cover), year, period
    reported = _ended(_REPORTED, cover)
    return company, short_name(company), _ticker(cover), reported.year if reported else None, ""


def _release(cover: str, opening: str) -> Found:
    quarter = _RELEASE.search(cover)
    names = [match[1] for match in _LISTED.finditer(opening)] or [match[1] for match in _INCORPORATED.finditer(opening)]
    company = _tidy(Counter(names).most_common(1)[0][0]) if names else ""
    year = _RELEASE_YEAR.search(cover)
    found = int(next(filter(None, year.groups()))) if year else None
    return company, short_name(company), _ticker(opening), found, _QUARTERS[quarter[1].lower()] if quarter else ""


def _company(cover: str) -> str:
    match = _REGISTRANT.search(cover)
    return _tidy(match[1]) if match else ""


def _tidy(name: str) -> str:
    """Return a name in ordinary capitals: covers print them all in capitals."""
    plain = " ".join(name.split())
    return plain.title().replace("'S", "'s") if plain.isupper() else plain


def short_name(company: str) -> str:
    """Return a name without its legal form: American Express Company -> American Express."""
    before, short = "", company
    while before != short:
        before, short = short, _LEGAL.sub("", short)
    return short or company


def _ticker(text: str) -> str:
    for pattern in (_TICKER, _SYMBOL_ROW, _SYMBOL_LINE):
        if match := pattern.search(text):
            return match[1].upper()
    return ""


def _ended(pattern: re.Pattern[str], text: str) -> date | None:
    for match in pattern.finditer(text):
        month = _MONTHS.get(match[1].capitalize())
        if month:
            return date(int(match[3]), month, min(int(match[2]), 28))
    return None


def _fiscal_year(ended: date, text: str) -> int:
    """Return the fiscal year that a company gives to a year ending on a date.

    A 52-week year may end in the first days of January. For other ends early in the year usage differs
    (a year to January 2023 is fiscal 2023 for some, fiscal 2022 for others): the text's own usage decides.
    """
    if ended.month == 1 and ended.day <= 10:
        return ended.year - 1
    if ended.month > 6:
        return ended.year
    used = Counter(int(year) for year in re.findall(r"[Ff]iscal\s+(?:year\s+)?((?:19|20)\d\d)", text))
    return max((ended.year, ended.year - 1), key=lambda year: used[year])


def _fiscal_quarter(ended: date, text: str) -> tuple[int, str]:
    """Return fiscal year and quarter of a quarter's end: as the text names it, else by the calendar."""
    named = Counter(
        re.findall(r"(first|second|third|fourth)\s+quarter\s+of\s+fiscal\s+(?:year\s+)?((?:19|20)\d\d)", text.lower())
    )
    if named:
        quarter, year = max(named, key=lambda key: (int(key[1]), named[key]))
        return int(year), _QUARTERS[quarter]
    middle = ended - timedelta(days=15)
    return middle.year, f"Q{math.ceil(middle.month / 3)}"
