# ruff: noqa: E501 - one case a line
"""Numbers of answers and documents: what they are worth, and when one is the other."""

from decimal import Decimal

import pytest

from vouch.generation.vouching.agreement import agrees, around
from vouch.generation.vouching.columns import column_years
from vouch.generation.vouching.figures import Figure, figures, years
from vouch.generation.vouching.shown_sums import shown_results


def one(text: str) -> Figure:
    (figure,) = figures(text)
    return figure


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("12.5亿元", "1250000000", "元"), ("12,000万元", "120000000", "元"), ("1,200,000.50元", "1200000.50", "元"),
        ("亏损（1,234.50）元", "-1234.50", "元"), ("-1,234.50", "-1234.50", ""), ("15.2%", "15.2", "%"),
        ("１２３．４５万元", "1234500", "元"), ("百分之十五点五", "15.5", "%"), ("一千二百万元", "12000000", "元"),
        ("$5.3M", "5300000", "USD"), ("3.4 billion dollars", "3400000000", "USD"), ("RMB 500 million", "500000000", "元"),
        ("2.5 percentage points", "2.5", "%"), ("500mg", "0.5", "g"), ("0.1U/kg", "0.1", "U"), ("1,321人", "1321", "人"),
        ("five million employees", "5000000", "人"), ("提高三成，", "30", "%"), ("每股0.25元", "0.25", "元"),
        ("5千元", "5000", "元"), ("3.5 mmol/L", "3.5", "mmol/L"),
    ],
)  # fmt: skip
def test_a_number_is_worth_what_its_unit_says(text: str, value: str, unit: str) -> None:
    figure = one(text)
    assert (figure.value, figure.unit) == (Decimal(value), unit)


@pytest.mark.parametrize(
    "text",
    ["2022年12月31日", "2020-2022年", "第3页", "FY2022", "Q3 2023", "COVID-19", "HbA1c", "1. 第一点", "2、第二点", "page 12",
     "2021年度", "December 31, 2022", "In 2022,"],
)  # fmt: skip
def test_dates_ordinals_and_codes_state_no_number(text: str) -> None:
    assert figures(text) == []


@pytest.mark.parametrize(
    ("said", "printed", "above", "right"),
    [
        ("1.2亿元", "120,000,000.00", "单位：元", True), ("120,000,000元", "12,000", "单位：万元", True),
        ("12,000万元", "120,000,000", "单位：元", True), ("120,000千元", "120,000,000", "单位：元", True),
        ("1.2亿元", "12,000", "单位：元", False), ("1.20亿元", "1.2亿元", "", True), ("1.23亿元", "1.2亿元", "", False),
        ("1亿元", "1.4亿元", "", False), ("15%", "15.2%", "", True), ("15.3%", "15.2%", "", False),
        ("15%", "0.15", "", True), ("0.15%", "0.15", "", False), ("15%", "15", "单位：元", False),
        ("0.15", "15%", "", True), ("250,000.25万元", "250,000.25", "单位：元", False),
        ("净亏损18,000元", "(18,000.00)", "单位：元", True), ("净利润18,000元", "-18,000.00", "单位：元", False),
        ("增长5%", "下降5%", "", False), ("减少5%", "-5%", "", True), ("500mg", "0.5g", "", True),
        ("500mg", "500g", "", False), ("$9 billion", "9,000", "(in millions)", True),
        ("$9,000", "9,000", "(in millions)", False), ("9,000", "9,000", "(in millions)", True),
        ("90亿美元", "9,000,000,000", "单位：元", False), ("5倍", "5%", "", False), ("1,321人", "1,321", "", True),
    ],
)  # fmt: skip
def test_a_stated_number_is_a_printed_one_only_in_its_unit_and_rounded_to_its_own_digits(
    said: str, printed: str, above: str, right: bool
) -> None:
    assert agrees(one(said), one(printed), around(above, "", falls=False)) == right


def test_a_bare_number_below_a_percent_sign_is_a_percentage() -> None:
    assert agrees(one("15.32%"), one("15.32"), around("单位：元", "毛利率（%）", falls=False))


def test_figures_per_share_are_not_in_the_unit_of_their_table() -> None:
    assert agrees(one("0.25元"), one("0.25"), around("单位：万元", "基本每股收益", falls=False))
    assert not agrees(one("0.25万元"), one("0.25"), around("单位：万元", "基本每股收益", falls=False))


def test_years_are_calendar_years_and_no_amounts() -> None:
    assert years("2021年和FY2022，1998 年成立，2022.5万元，2023元") == {2021, 2022, 1998}


@pytest.mark.parametrize(
    ("above", "values", "expected"),
    [
        ("单位：元\n项目 2022 年度 2021 年度", ("1.00", "2.00"), (2022, 2021)),
        ("2022年 2021年 本年比上年增减", ("1.00", "2.00", "-50%"), (2022, 2021, None)),
        ("项目 期末余额 期初余额", ("1.00", "2.00"), (2022, 2021)),
        ("主要会计数据 2022年 2021年 增减(%) 2020年", ("1", "2", "3.1%", "4"), (2022, 2021, None, 2020)),
        ("没有表头", ("1.00", "2.00"), (None, None)),
        ("2022年 2021年", ("1", "2", "3", "4"), (None, None, None, None)),
    ],
)
def test_the_year_of_a_column_is_read_from_the_header_above(
    above: str, values: tuple[str, ...], expected: tuple[int | None, ...]
) -> None:
    assert column_years(above, 2022, values) == expected


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("毛利率=(1,200万元-700万元)/1,200万元=41.67%", ["41.67%"]), ("250 ÷ 1,200 × 100% = 20.83%", ["20.83%"]),
        ("1200-1000=300", []), ("1200-1000=200元", ["200元"]), ("(50-40)/40 = 25%", ["25%"]), ("5/0=3", []),
        ("净利润=250元", []), ("1,000元+1,000元≈2千元", ["2千元"]),
    ],
)  # fmt: skip
def test_a_shown_computation_is_carried_out_again(text: str, right: list[str]) -> None:
    found = figures(text)
    assert [figure.text for figure in found if figure.start in shown_results(text, found)] == right
