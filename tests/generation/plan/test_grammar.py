"""How questions about values are understood. The companies are made up."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from vouch.generation.plan.grammar import Holdings, PeriodMissing, plan_question
from vouch.generation.plan.reading import Vocabulary
from vouch.generation.plan.types import Period, QueryPlan
from vouch.retrieval.companies import known_names
from vouch.retrieval.question import understand

COMPANIES = frozenset(
    {
        ("北原光学股份有限公司", "北原光学", "900001"),
        ("南屿仪表股份有限公司", "南屿仪表", "900002"),
        ("Marlow Tools Inc.", "Marlow Tools", "MRLW"),
    }
)
PERIODS = {
    "北原光学股份有限公司": (Period(2023, "Q3"), Period(2023), Period(2022), Period(2021)),
    "南屿仪表股份有限公司": (Period(2023),),
    "Marlow Tools Inc.": (Period(2023), Period(2022)),
}


def held(companies: Sequence[str]) -> tuple[Period, ...]:
    return tuple(dict.fromkeys(period for company in companies or PERIODS for period in PERIODS[company]))


HELD = Holdings(known_names(COMPANIES), tuple(PERIODS), held)
NORTH, SOUTH, MARLOW = "北原光学股份有限公司", "南屿仪表股份有限公司", "Marlow Tools Inc."


def planned(text: str) -> QueryPlan | PeriodMissing | None:
    return plan_question(understand(text, [], None, COMPANIES), Vocabulary.load(), HELD)


def plan(text: str) -> QueryPlan:
    found = planned(text)
    assert isinstance(found, QueryPlan), text
    return found


def names(text: str) -> list[str]:
    return [measure.name for measure in plan(text).measures]


@pytest.mark.parametrize(
    ("text", "measures"),
    [
        ("北原光学2023年净利润是多少元?", ["净利润"]),
        ("请提供2023年北原光学股份有限公司的货币资金的详细数据。", ["货币资金"]),
        ("北原光学2023年利润总额和净利润分别是多少元？", ["利润总额", "净利润"]),
        ("900001 2023年总资产", ["资产总计"]),
        ("2023年北原光学流动比率为多少？保留两位小数。", ["流动比率"]),
        ("北原光学2023年的净利润增长率是多少？", ["净利润增长率"]),
        ("北原光学2023年存货同比增长多少", ["存货增长率"]),
        ("北原光学2023年货币资金占总资产的比例是多少", ["货币资金占总资产比例"]),
        ("北原光学2023年商誉占净利润的比重是多少", ["商誉占净利润比例"]),
        ("北原光学2023年营业总收入与营业总成本的差值是多少", ["营业总收入与营业总成本的差额"]),
        ("What was the net profit of Marlow Tools in 2023?", ["净利润"]),
        ("What was the net profit margin of Marlow Tools in 2023?", ["净利润率"]),
    ],
)
def test_the_values_asked_for_are_found(text: str, measures: list[str]) -> None:
    assert names(text) == measures
    assert plan(text).periods == (Period(2023),)


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("2021-2023年北原光学的净利润", [Period(2021), Period(2022), Period(2023)]),
        ("近三年北原光学的净利润是多少", [Period(2021), Period(2022), Period(2023)]),
        ("北原光学去年的净利润是多少", [Period(2023)]),
        ("北原光学2023年第三季度净利润是多少", [Period(2023, "Q3")]),
        ("北原光学2022年和2023年第三季度净利润分别是多少", [Period(2022, "Q3"), Period(2023, "Q3")]),
        ("北原光学2023年第三季度单季净利润是多少", [Period(2023, "Q3-single")]),
    ],
)
def test_the_periods_meant_are_found(text: str, periods: list[Period]) -> None:
    assert list(plan(text).periods) == periods


def test_growth_over_two_named_years_is_that_of_the_later() -> None:
    found = plan("北原光学2023年营业收入与2022年相比，同比增长率是多少")
    assert (found.periods, [m.name for m in found.measures]) == ((Period(2023),), ["营业收入增长率"])


def test_change_over_two_years_goes_back_as_far() -> None:
    found = plan("北原光学2023年货币资金与2021年相比变化了多少")
    assert found.measures[0].expression == '"货币资金"-prior(prior("货币资金"))'


def test_a_formula_written_in_the_question_is_taken_as_written() -> None:
    (measure,) = plan("北原光学2023年的偿债倍数（经营活动产生的现金流量净额/流动负债合计）是多少").measures
    assert measure.expression == '("经营活动产生的现金流量净额"/"流动负债合计")'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2023年净利润最高的上市公司是哪家？", {"act": "rank", "order": "highest", "first": 1, "last": 1}),
        ("哪家上市公司2023年净利润第十二高？", {"act": "rank", "order": "highest", "first": 12, "last": 12}),
        ("2023年负债总额最低的前三家公司是哪些？", {"act": "rank", "order": "lowest", "first": 1, "last": 3}),
        ("2023年净利润最高的5家上市公司是？", {"act": "rank", "first": 1, "last": 5}),
        ("2023年哪七家上市公司净利润最高？", {"act": "rank", "first": 1, "last": 7}),
        ("在杭州注册的上市公司中，2023年净利润最高的是？", {"act": "rank", "place": "杭州", "former_place": False}),
        ("哪家曾经在杭州注册的上市公司，2023年净利润最高？", {"act": "rank", "place": "杭州", "former_place": True}),
        ("2022-2023年哪些上市公司净利润均位列前十？", {"act": "rank", "last": 10, "every_period": True}),
        ("2023年毛利率平均是多少？各公司", {"act": "average"}),
        ("2023年3家公司的营业收入合计是多少", {"act": "sum"}),
        ("Which company had the highest net profit in 2023?", {"act": "rank", "order": "highest", "last": 1}),
    ],
)  # fmt: skip
def test_questions_over_many_companies_are_understood(text: str, wanted: dict[str, Any]) -> None:
    found = plan(text)
    assert {key: getattr(found, key) for key in wanted} == wanted
    assert found.companies == ()


@pytest.mark.parametrize(
    ("text", "act", "comparison", "threshold"),
    [
        ("2023年货币资金大于5亿的上市公司有多少家？", "count", ">", "500000000"),
        ("在杭州注册的上市公司中，2023年货币资金不低于五亿元的有多少家？", "count", ">=", "500000000"),
        ("2023年研发人员数超过300人的公司有哪些？", "list", ">", "300"),
        ("2023年毛利率低于20%的公司有哪些？", "list", "<", "20"),
        ("2023年净利润为负数的公司有哪些", "list", "<", "0"),
        ("2023年净利润同比增长超过100%的公司有哪些", "list", ">", "100"),
    ],
)
def test_conditions_are_read_with_their_thresholds(text: str, act: str, comparison: str, threshold: str) -> None:
    found = plan(text)
    (condition,) = found.conditions
    assert (found.act, condition.comparison, condition.threshold) == (act, comparison, Decimal(threshold))


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("北原光学2022年法定代表人与2021年相比是否相同？", [2021, 2022]),
        ("北原光学2021-2023年的法定代表人是否都相同?", [2021, 2022, 2023]),
        ("北原光学2023年的法定代表人与上年相比相同吗？", [2022, 2023]),
        ("北原光学2023年的法定代表人与前两年是否相同？", [2021, 2022, 2023]),
        ("北原光学2022年到2023年注册地址是否发生变化？", [2022, 2023]),
    ],
)
def test_whether_something_stayed_the_same_is_asked_over_all_years(text: str, years: list[int]) -> None:
    found = plan(text)
    assert (found.act, [period.year for period in found.periods]) == ("same", years)


def test_the_year_of_the_highest_value_is_asked_for() -> None:
    found = plan("北原光学在2021、2022、2023年中，哪一年的营业收入最高？分别是多少？")
    assert (found.act, found.order, len(found.periods)) == ("best_period", "highest", 3)


def test_decimals_and_unit_are_those_asked_for() -> None:
    found = plan("北原光学2023年营业收入是多少万元，保留3位小数")
    assert (found.decimals, found.unit) == (3, "万元")


def test_the_parent_company_alone_is_another_scope() -> None:
    assert plan("北原光学2023年母公司的营业收入是多少").scope == "parent"
    assert plan("北原光学2023年营业收入是多少").scope == "consolidated"


def test_several_companies_are_compared_among_themselves() -> None:
    found = plan("2023年北原光学和南屿仪表哪家净利润更高")
    assert (found.act, set(found.companies)) == ("rank", {NORTH, SOUTH})


def test_a_value_without_its_year_asks_for_the_year() -> None:
    assert isinstance(planned("北原光学净利润是多少"), PeriodMissing)


def test_words_of_a_company_without_year_are_those_of_the_newest_report() -> None:
    found = plan("北原光学的法定代表人是谁")
    assert (found.periods, found.default_period) == ((Period(2023),), True)


def test_a_company_with_one_report_needs_no_year() -> None:
    assert plan("南屿仪表净利润是多少").periods == (Period(2023),)


@pytest.mark.parametrize(
    "text",
    [
        "北原光学2023年境外营业收入是多少",
        "北原光学2023年光学镜头产品的营业收入是多少",
        "北原光学2023年净利润下降的原因是什么",
        "请简要分析北原光学2023年研发投入的情况",
        "什么是毛利率",
        "毛利率如何计算",
        "东川电子2023年净利润是多少",
        "北原光学2023年有哪些风险",
    ],
)
def test_what_says_more_than_the_grammar_understands_has_no_plan(text: str) -> None:
    assert planned(text) is None


def test_a_follow_up_takes_what_it_leaves_out_from_the_question_before() -> None:
    first = understand("北原光学净利润是多少", [], None, COMPANIES)
    then = understand("2023年第三季度的", [], first, COMPANIES)
    found = plan_question(then, Vocabulary.load(), HELD)
    assert isinstance(found, QueryPlan)
    assert ([m.name for m in found.measures], found.periods) == (["净利润"], (Period(2023, "Q3"),))
