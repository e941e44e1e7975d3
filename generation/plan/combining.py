"""Values that a question makes of others: shares, ratios, differences, growth and change over a year."""

import re
from collections.abc import Callable

from vouch.generation.plan.reading import COMPANY, TIME, VALUE, Reading, Vocabulary
from vouch.generation.plan.types import Measure

_GAP = (
    r"(?:的|各自|分别|较|比|与|同|和|跟|相比|相比较|对比|上年|去年|上一?年度?|同期|去年同期|上年同期"
    rf"|[\s,，、{COMPANY}{TIME}]|之下|而言)*"
)
_V = f"({VALUE})"
_PERCENT = r"(?:的|中的?|中所占的?|之?中?的?)?\s*(?:比例|比重|比率|百分比|占比|份额|百分之多少|百分之几)"
_SHARE = re.compile(
    rf"{_V}(?:总额|金额|合计)?(?:所?占|在)(?:了?其|公司|当[年期]|同期|整个|全部|[{TIME}])*的?{_V}(?:总额|合计)?{_PERCENT}(?:是|为)?"
)
_SHARE_EN = re.compile(rf"{_V}\s*(?:as\s+an?\s+)?(?:share|percent|percentage|proportion|%)\s+of\s+(?:total\s+)?{_V}")
_RATIO = re.compile(rf"{_V}(?:与|和|对|同|除以|比|/|／|÷){_V}的?(?:比值|比率|比例|之比|比(?!较|上|去))|{_V}[/／÷]{_V}")
_RATIO_EN = re.compile(rf"ratio of {_V} to {_V}|{_V}\s*(?:divided by|over|to)\s+{_V}\s*(?:ratio)?")
_DIFFERENCE = re.compile(
    rf"{_V}(?:与|和|减去?|同|跟|-|－)(?:[{TIME}{COMPANY}的])*{_V}(?:之间|两者|二者)*(?:的|之)?(?:差值|差额|差距|差异|差)"
    rf"|{_V}比{_V}(?:多|高|大|少|低)(?:出|了)?多少|(?:difference between|gap between) {_V} and {_V}"
)
_GROWTH = re.compile(
    rf"{_V}{_GAP}(?:同比)?(?:增长率|增长速度|增速|增长幅度|增幅|变动率|变动幅度|变化率|变化幅度|变动比例|增长比例|增减幅度?|增长百分比|涨幅|降幅"
    rf"|(?:增长|增加|上升|提高|提升|下降|减少|下滑|降低|变动|变化|上涨)了?(?:百分之多少|百分之几|多少个?百分点|多少%|几个百分点|幅度)"
    rf"|(?:同比|增长|上升|上涨|提升|提高|下滑)(?:增长|上升|下降|变动|变化)?了?(?:多少|是多少|为多少)(?!元|万|亿|人|股)(?:百分点)?)"
)
_GROWTH_EN = re.compile(
    rf"(?:growth(?: rate)? (?:of|in)|(?:percent(?:age)?|%) change in|year[- ]over[- ]year change in) {_V}"
    rf"|{_V}(?:'s)? (?:year[- ]over[- ]year )?growth(?: rate)?"
)
_GROWS = re.compile(
    rf"{_V}{_GAP}(?:同比)?(?:增长|增加|上升|提高|提升|上涨)(?:了|幅度)?"
    rf"(?=(?:超过|超|大于|高于|多于|不低于|不少于|达到?)了?\s*-?\d[\d.]*\s*%)"
)
_CHANGE = re.compile(
    rf"{_V}(?P<gap>[^{VALUE[1:-1]}]{{0,24}}?)(?:变动额|变化额|增加额|增长额|增减额|变动金额|(?:增加|减少|下降|降低|变化|变动)了?多少(?:元|万元|亿元|人|名)?|(?:增长|上升)了?多少(?:元|万元|亿元|人|名))"
)


def combine(reading: Reading, vocabulary: Vocabulary) -> None:
    """Replace in a reading what combines two values, or one with itself a year before, by one mark."""
    _two(reading, _DIFFERENCE, lambda a, b: _difference(a, b, vocabulary))
    for pattern in (_SHARE, _SHARE_EN):
        _two(reading, pattern, lambda a, b: _quotient(a, b, "%", vocabulary))
    for pattern in (_RATIO, _RATIO_EN):
        _two(reading, pattern, lambda a, b: _quotient(a, b, "", vocabulary))
    for pattern in (_GROWTH, _GROWTH_EN, _GROWS):
        reading.text = pattern.sub(lambda match: _grown(match, reading, vocabulary), reading.text)
    reading.text = _CHANGE.sub(lambda match: _changed(match, reading, vocabulary), reading.text)


def is_over_time(measure: Measure, vocabulary: Vocabulary) -> bool:
    """Say whether a value compares two years, so that of two years named only the later is its own."""
    formula = vocabulary.formula(measure)
    if formula is None:
        return False
    fields = [operand.field for operand in formula.expression.operands]
    backs = {operand.years_back for operand in formula.expression.operands}
    return len(set(fields)) == 1 and len(backs) == 2


def over(measure: Measure, years: int, vocabulary: Vocabulary) -> Measure:
    """Return a comparison with the year before as one with so many years before."""
    if years == 1:
        return measure
    formula = vocabulary.formula(measure)
    field = formula.expression.operands[0].field if formula else measure.name
    before = f'"{field}"'
    for _ in range(years):
        before = f"prior({before})"
    unit = vocabulary.unit(measure)
    change = f'"{field}"-{before}'
    return Measure(measure.name, f"({change})/{before}" if unit == "%" else change, unit)


def _two(reading: Reading, pattern: re.Pattern[str], make: Callable[[Measure, Measure], Measure]) -> None:
    def replaced(match: re.Match[str]) -> str:
        first, second = [reading.measure(mark) for mark in match.groups() if mark]
        kept = "".join(re.findall(f"[{COMPANY}{TIME}]", match[0]))
        return kept + reading.mark(make(first, second))

    reading.text = pattern.sub(replaced, reading.text)


def _difference(first: Measure, second: Measure, vocabulary: Vocabulary) -> Measure:
    written = f"{vocabulary.written(first)}-{vocabulary.written(second)}"
    return Measure(f"{first.name}与{second.name}的差额", written, vocabulary.unit(first))


def _quotient(first: Measure, second: Measure, unit: str, vocabulary: Vocabulary) -> Measure:
    name = f"{first.name}占{second.name}比例" if unit else f"{first.name}与{second.name}的比值"
    known = vocabulary.formulas.by_alias(name)
    if known and known.unit == unit:
        return Measure(known.name)
    return Measure(name, f"{vocabulary.written(first)}/{vocabulary.written(second)}", unit)


def _grown(match: re.Match[str], reading: Reading, vocabulary: Vocabulary) -> str:
    (mark,) = [mark for mark in match.groups() if mark]
    measure = reading.measure(mark)
    if is_over_time(measure, vocabulary):
        return match[0]
    kept = "".join(re.findall(f"[{COMPANY}{TIME}]", match[0]))
    return kept + reading.mark(_growth(measure, vocabulary))


def _growth(measure: Measure, vocabulary: Vocabulary) -> Measure:
    known = vocabulary.formulas.by_alias(f"{measure.name}增长率")
    if known:
        return Measure(known.name)
    now = vocabulary.written(measure)
    return Measure(f"{measure.name}增长率", f"({now}-prior({now}))/prior({now})", "%")


def _changed(match: re.Match[str], reading: Reading, vocabulary: Vocabulary) -> str:
    measure = reading.measure(match[1])
    if is_over_time(measure, vocabulary):
        return match[0]
    now = vocabulary.written(measure)
    change = reading.mark(Measure(f"{measure.name}变动额", f"{now}-prior({now})", vocabulary.unit(measure)))
    asked_too = re.search(r"多少|几|[?？]", match["gap"])
    kept = "".join(re.findall(f"[{COMPANY}{TIME}]", match["gap"]))
    return f"{match[1]}{kept}{change}" if asked_too else kept + change
