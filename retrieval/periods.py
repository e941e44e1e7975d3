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
    dated: tuple[tuple[int, str], ...] = ()
    """Years with a period of their own: 2024年第三季度 is (2024, Q3)."""

    def of_year(self, year: int | None) -> tuple[str, ...]:
        """Return the periods meant for a year: its own, or those named without a year; none for a whole year."""
        own = tuple(period for dated, period in self.dated if dated == year)
        return own if own or self.dated else self.periods


_Span = tuple[int, int]


def named_periods(text: str) -> NamedPeriods:
    """Return the years and periods named in a question, in the order named."""
    text = _ZH_YEAR.sub(lambda match: match[0].translate(_ZH_YEAR_DIGITS), text)
    quarters = [(m.span(), int(m[2]), f"Q{m[1]}") for m in _QUARTER_YEAR.finditer(text)]
    quarters += [(m.span(), int(m[1]), f"Q{m[2]}") for m in _YEAR_QUARTER.finditer(text)]
    spans = [span for span, _, _ in quarters]
    years = [(span, year) for span, year, _ in quarters] + _years(text, spans)
    periods = _periods(text, spans)
    dated = [(year, period) for _, year, period in quarters]
    dated += [(year, period) for at, year in years for where, period in periods if _belong(text, at, where)]
    last_years = _last_years(text, spans)
    previous = _PREVIOUS.search(text)
    if previous:
        spans.append(previous.span())
    named = [period for _, _, period in quarters] + [period for _, period in periods]
    return NamedPeriods(
        years=tuple(dict.fromkeys(year for _, year in sorted(years, key=lambda found: found[0]))),
        periods=tuple(dict.fromkeys(named)),
        last_years=last_years,
        previous=bool(previous),
        spans=tuple(sorted(spans)),
        dated=tuple(dict.fromkeys(dated)),
    )


def _years(text: str, spans: list[_Span]) -> list[tuple[_Span, int]]:
    """Return the years outside the spans taken so far, which grow by theirs."""
    years: list[tuple[_Span, int]] = []
    for match in _RANGE.finditer(text):
        first, last = int(match[1]), int(match[2])
        both = "and" in match[0].lower() and "between" not in match[0].lower()
        if _inside(match.span(), spans) or any(_inside(span, [match.span()]) for span in spans):
            continue
        wanted = (first, last) if both or not 0 <= last - first <= 20 else range(first, last + 1)
        years += [(match.span(), year) for year in wanted]
        spans.append(match.span())
    for pattern in (_FISCAL, _SINGLE, _SHORT):
        for match in pattern.finditer(text):
            if not _inside(match.span(), spans):
                digits = next(group for group in match.groups() if group)
                years.append((match.span(), int(digits) if len(digits) == 4 else 2000 + int(digits)))
                spans.append(match.span())
    return years


def _periods(text: str, spans: list[_Span]) -> list[tuple[_Span, str]]:
    found: list[tuple[_Span, str]] = []
    for period, pattern in _PERIODS:
        for match in pattern.finditer(text):
            if not _inside(match.span(), spans):
                found.append((match.span(), period))
                spans.append(match.span())
    return found


def _belong(text: str, year: _Span, period: _Span) -> bool:
    """Say whether a period stands right after its year (2024年第三季度) or before it (second quarter of 2024)."""
    after = bool(re.fullmatch(r"\s*的?\s*", text[year[1] : period[0]])) and period[0] >= year[1]
    between = text[period[1] : year[0]] if year[0] >= period[1] else "-"
    return after or bool(re.fullmatch(r"\s*(?:of|in|,)?\s*(?:the\s+)?", between))


def _last_years(text: str, spans: list[tuple[int, int]]) -> int:
    match = _LAST_YEARS.search(text) or _LAST_YEARS_EN.search(text)
    if not match:
        return 0
    spans.append(match.span())
    word = match[1].lower()
    return int(word) if word.isdigit() else _ZH_DIGITS.get(word) or _EN_NUMBERS.get(word, 3)


def _inside(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)
