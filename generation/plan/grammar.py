"""From a question to its plan: over the dictionary, the formulas and what the library holds. Computes nothing.

A question that says more than the grammar understands has no plan: another way of answering takes it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vouch.generation.plan import form
from vouch.generation.plan.combining import combine, is_over_time, over
from vouch.generation.plan.reading import (
    COMPANY,
    TIME,
    Reading,
    Vocabulary,
    is_understood,
    read_values,
    with_marks,
)
from vouch.generation.plan.types import ADDRESS, ANNUAL, SINGLE, Act, Measure, Period, QueryPlan
from vouch.retrieval.companies import CompanyNames
from vouch.retrieval.periods import NamedPeriods, named_periods
from vouch.retrieval.question import Question

_PROSE = re.compile(
    r"原因|为什么|为何(?!值)|分析|影响|评价|风险|策略|措施|建议|预测|展望|说明.{0,6}(?:原因|情况)|如何(?:看|理解|计算)|怎么(?:看|算|计算)|什么意思|定义|区别|构成|明细"
    r"|\bwhy\b|\bexplain\b|\bdriv\w+|\breason|\bimpact|\bdescribe\b|\bdiscuss"
)
_ASKS = re.compile(
    r"多少|几|何|谁|哪|什么|吗|呢|是否|[?？]|提供|列出|告诉|告知|查询|计算|描述|介绍|展示|给出|多高|多大|\bwhat\b|\bhow\b|\bwho\b|\bwhich\b|\bgive\b|\btell\b|\bis\b|\bwas\b|\bdid\b"
)
_MANY = re.compile(
    r"上市公司|哪.{0,4}[家个]|多少家|几家|家(?:[\u4e00-\u9fff]{0,4})公司|各公司|所有公司"
    r"|compan(?:y|ies) (?:has|have|with)"
)
IDENTITY = ("证券代码", "证券简称", "企业名称")
"""Asked of many companies these say how to name them."""
_BEFORE = re.compile(
    r"(?:与|和|比|较|相比于?|相较于?|对比)?(?:上一?年度?|去年|前一年|上年同期|去年同期|同期)(?:相比|比较|对比|比)?"
)
_SHARED_PART = re.compile(
    r"\d{4}年?\s*(?:和|与|、|及|至|到|-)\s*\d{4}年?的?(?:第?[一二三四]季|前三季度|上?半年|中期|三季报)"
)
"""2024年和2025年第三季度: the quarter of both years."""
_YEARS_BEFORE = re.compile(r"(?:与|和|同|跟|比|较|对比)(?:之?前)([一两二三四])年(?:相比)?")
_SMALL = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4}


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a library can be asked about: its companies by every name, and the periods each reports on itself."""

    names: CompanyNames
    companies: tuple[str, ...]
    """Full names of those that state anything."""
    held: Callable[[Sequence[str]], tuple[Period, ...]]
    """Returns the periods that companies report on, newest first; none named means all."""


@dataclass(frozen=True, slots=True)
class PeriodMissing:
    """The question has a plan but for its period."""

    plan: QueryPlan


def asks_for_prose(text: str) -> bool:
    """Say whether a question asks for reasons, risks or explanations, whatever values it names."""
    return _PROSE.search(text.lower()) is not None


def plan_question(asked: Question, vocabulary: Vocabulary, holdings: Holdings) -> QueryPlan | PeriodMissing | None:
    """Return how a question about values is understood; None where it is no such question or not surely one."""
    unknown = asked.unknown_company and not _MANY.search(asked.text)
    if asked.candidates or unknown or asked.wants == "definition" or asks_for_prose(asked.text):
        return None
    said = _read(asked.text, vocabulary, holdings)
    if not said.values.measures and asked.companies and asked.query != asked.text:
        # A follow-up says only what is new: the values are those of the question before.
        before = _read(asked.query, vocabulary, holdings).values
        said = replace(said, values=Reading(f"{said.values.text} {before.text}", before.measures))
    if not said.values.measures and not said.place:
        return None
    topics = [asked.text[m.start : m.end] for m in asked.mentions if m.group.kind == "topics"]
    if topics and not re.search(r"多少|几[人名个]|how (?:much|many)", asked.text, re.IGNORECASE):
        return None
    plan = _plan(said, asked, vocabulary)
    if plan is None:
        return None
    return _timed(plan, asked, said.times, vocabulary, holdings)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a question names: values and words, times, a place of registration."""

    values: Reading
    times: NamedPeriods
    place: str
    former_place: bool


def _read(text: str, vocabulary: Vocabulary, holdings: Holdings) -> _Said:
    """Return a question with its companies, times and values marked."""
    companies = [(m.start, m.end, COMPANY) for m in holdings.names.find(text)]
    blank = "".join(" " if any(a <= i < b for a, b, _ in companies) else c for i, c in enumerate(text))
    named = named_periods(blank)
    times = [(start, end, TIME) for start, end in named.spans]
    # Some times are no period: what they say (上年) belongs to a comparison.
    times = [span for span in times if not _BEFORE.fullmatch(blank[span[0] : span[1]])]
    marked = Reading(with_marks(text, companies + times))
    place, former = ("", False) if companies else form.registered(marked)
    return _Said(read_values(marked.text, vocabulary), named, place, former)


def _plan(said: _Said, asked: Question, vocabulary: Vocabulary) -> QueryPlan | None:
    """Return the plan without its periods."""
    reading = said.values
    combine(reading, vocabulary)
    plan = QueryPlan(
        act="values",
        measures=(),
        companies=asked.companies,
        place=said.place,
        former_place=said.former_place,
        decimals=form.decimals(reading),
        scope="parent" if form.wants_parent(reading) else "consolidated",
    )
    single = form.wants_single_quarter(reading)
    plan = _shaped(plan, reading)
    plan = replace(plan, unit=form.asked_unit(reading) or plan.unit)
    rest = _YEARS_BEFORE.sub(" ", _BEFORE.sub(" ", reading.text))
    rest = re.sub(r"同比|相比|对比|比较|较|相对于|compared (?:to|with)", " ", rest)
    if not is_understood(rest) or not (plan.measures or plan.conditions):
        return None
    if plan.over_all and plan.act == "values":
        return plan if _ASKS.search(asked.text.lower()) else None
    return replace(plan, periods=(Period(0, SINGLE),)) if single else plan


def _shaped(plan: QueryPlan, reading: Reading) -> QueryPlan:
    """Return the plan with what is done with the values; words that say so are taken out of the reading."""
    named = bool(plan.companies)
    if named and len(plan.companies) == 1 and (order := form.best_period(reading)):
        return replace(plan, act="best_period", order=order, measures=tuple(reading.named()))
    if named and form.asks_same(reading):
        return replace(plan, act="same", measures=tuple(reading.named()))
    conditions = () if named and len(plan.companies) == 1 else form.conditions(reading)
    within = 0 if named else form.every_period(reading)
    ranks = None if within or len(plan.companies) == 1 else form.ranks(reading)
    counted = not named and form.asks_count(reading)
    listed = not named and form.asks_list(reading)
    which = len(plan.companies) != 1 and form.asks_which(reading)
    average = form.asks_average(reading)
    summed = not average and form.asks_sum(reading)
    many = not named and form.speaks_of_many(reading)
    measures = tuple(m for m in reading.named() if named or m.name not in IDENTITY)
    measures = measures or tuple(condition.measure for condition in conditions[:1])
    if plan.place and not measures:
        measures, listed = (Measure(ADDRESS),), not counted
    plan = replace(plan, measures=measures, conditions=conditions)
    if within:
        return replace(plan, act="rank", order="highest", last=within, every_period=True)
    if ranks and (not named or which or listed):
        return replace(plan, act="rank", order=ranks.order, first=ranks.first, last=ranks.last)
    act: Act = "values"
    if counted:
        act = "count"
    elif average or summed:
        act = "average" if average else "sum"
    elif conditions or (plan.place and measures == (Measure(ADDRESS),)):
        act = "list"
    elif many and not named:
        act = "rank" if listed or which else "values"
    return replace(plan, act=act, order="highest" if act == "rank" else "")


def _timed(
    plan: QueryPlan, asked: Question, named: NamedPeriods, vocabulary: Vocabulary, holdings: Holdings
) -> QueryPlan | PeriodMissing | None:
    """Return the plan with its periods: those named, counted back from the newest held, or the only one there is."""
    single = SINGLE if plan.periods else ""
    plan = replace(plan, periods=())
    if plan.over_all and plan.act == "values":
        if len(holdings.companies) != 1:
            return None
        plan = replace(plan, companies=holdings.companies)
    held = holdings.held(plan.companies)
    periods = _named_periods(asked, named, held, single)
    if not periods:
        text_only = all(_is_text(measure, vocabulary) for measure in plan.measures)
        annual = tuple(period for period in held if period.part == ANNUAL)
        choice = (annual or held) if text_only else held
        if not choice:
            return None
        if not text_only and len(set(choice)) > 1:
            return PeriodMissing(plan)
        return replace(plan, periods=choice[:1], default_period=True)
    if plan.act in ("average", "sum") and len(plan.companies) == len(periods) == 1:
        return None  # the mean of one value is another question: 平均 belongs to its name
    return _compared(replace(plan, periods=periods), asked.text, vocabulary)


def _named_periods(asked: Question, named: NamedPeriods, held: Sequence[Period], single: str) -> tuple[Period, ...]:
    years: tuple[int, ...] = named.years
    parts = [part for part in named.periods if part != "摘要"]
    newest = max((p.year for p in held if p.part in (parts or [ANNUAL])), default=None)
    if named.last_years and newest is not None:
        last = max(years, default=newest)
        beside = bool(years) and _YEARS_BEFORE.search(asked.text) is not None  # 与前两年: its own year comes on top
        years = tuple(range(last - named.last_years + (not beside), last + 1))
    elif named.previous and not years and newest is not None:
        years = (newest,)
    if not years:
        years, parts = asked.years, parts or [part for part in asked.periods if part != "摘要"]
    if not years and parts:
        fitting = {period.year for period in held if period.part in parts}
        years = tuple(fitting) if len(fitting) == 1 else ()
    shared = bool(_SHARED_PART.search(asked.text))
    return tuple(
        dict.fromkeys(
            Period(year, part + (single if part != ANNUAL else ""))
            for year in years
            for part in (
                tuple(p for p in named.of_year(year) if p != "摘要")
                or tuple(parts if shared or not named.dated else ())
                or (ANNUAL,)
            )
        )
    )


def _compared(plan: QueryPlan, text: str, vocabulary: Vocabulary) -> QueryPlan:
    """Return the plan with the periods that it compares: 与上年相比 adds one, growth over two named needs the later."""
    periods = sorted(plan.periods, key=lambda period: (period.year, period.part))
    if plan.act == "same" and len(periods) == 1:
        back = _YEARS_BEFORE.search(text)
        earlier = [periods[0].back(n) for n in range(_SMALL[back[1]] if back else 1, 0, -1)]
        return replace(plan, periods=(*earlier, *periods))
    if plan.act in ("same", "best_period"):
        return replace(plan, periods=tuple(periods))
    looked_at = (*plan.measures, *(condition.measure for condition in plan.conditions))
    growing = [measure for measure in dict.fromkeys(looked_at) if is_over_time(measure, vocabulary)]
    stated = [measure for measure in plan.measures if measure not in growing]
    two = len(periods) == 2 and periods[0].part == periods[1].part
    if not (growing and two and re.search(r"相比|比|较|同比|变|from|between|compared|over", text)):
        return plan
    gap = periods[1].year - periods[0].year
    measures = (*stated, *(over(m, gap, vocabulary) for m in growing if m in plan.measures))
    conditions = tuple(
        replace(c, measure=over(c.measure, gap, vocabulary)) if c.measure in growing else c for c in plan.conditions
    )
    return replace(plan, periods=(periods[1],), measures=measures, conditions=conditions)


def _is_text(measure: Measure, vocabulary: Vocabulary) -> bool:
    field = vocabulary.fields.by_name(measure.name)
    return field is not None and field.is_text
