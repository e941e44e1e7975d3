"""Years and reporting periods that a question names. What they are relative to is resolved later."""

import re
from dataclasses import dataclass

_ZH_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_YEAR = r"(?:19|20)\d{2}"
_YEAR_END = r"(?:\s*年度?末?(?!份)|(?!\d))"

_RANGE = re.compile(
    rf"(?:从|自|from\s+|between\s+|FY\s*)?(?<!\d)({_YEAR})\s*年?\s*(?:-|–|—|~|～|至|到|to|and|through)\s*(?:FY\s*)?({_YEAR}){_YEAR_END}",
    re.IGNORECASE,
)
_SINGLE = re.compile(rf"(?<![\d.])({_YEAR})(?:\s*年度?末?|(?![\d%.]*\d|%))(?!版)")
_SHORT = re.compile(
    r"(?<![\d.])['’‘]?(\d{2})\s*年度?(?=[^\d前后以内来]|$)(?!期|龄|级|限|代)|\bFY\s*['’]?(\d{2})\b", re.IGNORECASE
)
_ZH_YEAR = re.compile(r"[一二][九〇零○][〇零○一二三四五六七八九]{2}(?=年)")
_ZH_YEAR_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_FISCAL = re.compile(rf"\b(?:FY|fiscal(?:\s+year)?|calendar(?:\s+year)?|the\s+year)\s*['’]?({_YEAR})\b", re.IGNORECASE)
_QUARTER_YEAR = re.compile(
    rf"\bQ([1-4])\s*['’]?\s*(?:of\s+)?(?:FY|fiscal(?:\s+year)?)?\s*['’]?({_YEAR})\b", re.IGNORECASE
)
_YEAR_QUARTER = re.compile(rf"\b(?:FY)?({_YEAR})\s*年?\s*[-.]?Q([1-4])\b", re.IGNORECASE)
_LAST_YEARS = re.compile(r"(?:最近|近|过去|前)\s*([一二两三四五六七八九十\d]{1,2}|几)\s*个?(?:会计)?年(?!级|龄)")
_LAST_YEARS_EN = re.compile(
    r"\b(?:last|past|previous|recent)\s+(two|three|four|five|\d)\s+(?:fiscal\s+)?years\b", re.IGNORECASE
)
_EN_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5}
_PREVIOUS = re.compile(r"去年|上一?年度?(?!末?余额)|\b(?:last|previous|prior)\s+(?:fiscal\s+)?year\b", re.IGNORECASE)
_PERIODS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (period, re.compile(pattern, re.IGNORECASE))
    for period, pattern in (
        ("Q1", r"第?一季度?(?:报告?|末)?|\bQ1\b|\b(?:first|1st)\s+(?:fiscal\s+)?quarter\b"),
        ("Q2", r"第?二季度?(?:报告?|末)?|\bQ2\b|\b(?:second|2nd)\s+(?:fiscal\s+)?quarter\b"),
        ("Q3", r"第?三季度?(?:报告?|末)?|前三季度|1-9月|\bQ3\b|\b(?:third|3rd)\s+(?:fiscal\s+)?quarter\b"),
        ("Q4", r"第?四季度?(?:报告?|末)?|\bQ4\b|\b(?:fourth|4th)\s+(?:fiscal\s+)?quarter\b"),
        ("H1", r"半年度?(?:报告?)?|中期报告|中报|上半年|1-6月|\bH1\b|\b(?:first\s+half|half[- ]year)\b"),
        ("摘要", r"年度报告摘要|年报摘要|摘要"),
    )
)


@dataclass(frozen=True, slots=True)
class NamedPeriods:
    """What a question says about time, and where it says so."""

    years: tuple[int, ...] = ()
    periods: tuple[str, ...] = ()
    last_years: int = 0
    """近三年 is 3: counted back from the newest year held."""
    previous: bool = False
    """去年, 上年: the year before the one named, or before the newest held."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where the expressions stand in the text."""


def named_periods(text: str) -> NamedPeriods:
    """Return the years and periods named in a question, in the order named."""
    text = _ZH_YEAR.sub(lambda match: match[0].translate(_ZH_YEAR_DIGITS), text)
    years: list[tuple[int, int]] = []
    spans: list[tuple[int, int]] = []
    quarters = [(int(m[1]), int(m[2]), m.span()) for m in _QUARTER_YEAR.finditer(text)]
    quarters += [(int(m[2]), int(m[1]), m.span()) for m in _YEAR_QUARTER.finditer(text)]
    for _, year, span in quarters:
        years.append((span[0], year))
        spans.append(span)
    for match in _RANGE.finditer(text):
        first, last = int(match[1]), int(match[2])
        both = "and" in match[0].lower() and "between" not in match[0].lower()
        wanted = (first, last) if both or not 0 <= last - first <= 20 else range(first, last + 1)
        years += [(match.start(), year) for year in wanted]
        spans.append(match.span())
    for pattern in (_FISCAL, _SINGLE, _SHORT):
        for match in pattern.finditer(text):
            if not _inside(match.span(), spans):
                digits = next(group for group in match.groups() if group)
                years.append((match.start(), int(digits) if len(digits) == 4 else 2000 + int(digits)))
                spans.append(match.span())
    periods = _periods(text, spans)
    last_years = _last_years(text, spans)
    previous = _PREVIOUS.search(text)
    if previous:
        spans.append(previous.span())
    ordered = dict.fromkeys(year for _, year in sorted(years, key=lambda pair: pair[0]))
    named = [f"Q{quarter}" for quarter, _, _ in quarters] + periods
    return NamedPeriods(tuple(ordered), tuple(dict.fromkeys(named)), last_years, bool(previous), tuple(sorted(spans)))


def _periods(text: str, spans: list[tuple[int, int]]) -> list[str]:
    found: list[str] = []
    for period, pattern in _PERIODS:
        match = pattern.search(text)
        if match and not _inside(match.span(), spans):
            found.append(period)
            spans.append(match.span())
    return found


def _last_years(text: str, spans: list[tuple[int, int]]) -> int:
    match = _LAST_YEARS.search(text) or _LAST_YEARS_EN.search(text)
    if not match:
        return 0
    spans.append(match.span())
    word = match[1].lower()
    return int(word) if word.isdigit() else _ZH_DIGITS.get(word) or _EN_NUMBERS.get(word, 3)


def _inside(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)
