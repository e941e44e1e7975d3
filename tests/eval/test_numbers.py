"""Numbers and units: what text says in base units, and when two numbers are the same."""

import pytest

from vouch.eval.chinese_numerals import plain_numeral
from vouch.eval.numbers import base_unit, lone, numbers, same, target
from vouch.eval.precision import asked_decimals


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1.2亿元", 120_000_000, "元"),
        ("3,456.78万元", 34_567_800, "元"),
        ("25千元", 25_000, "元"),
        ("5百万元", 5_000_000, "元"),
        ("2万亿元", 2e12, "元"),
        ("579，374，501．21元", 579_374_501.21, "元"),
        ("-3.5％", -3.5, "%"),
        ("－12.5%", -12.5, "%"),
        ("提高1.55个百分点", 1.55, "%"),
        ("2.7倍", 2.7, "倍"),
        ("1,406人", 1406, "人"),
        ("三家公司", 3, "家"),
        ("五亿元", 500_000_000, "元"),
        ("$13.2 billion", 13.2e9, "USD"),
        ("USD 500 million", 500e6, "USD"),
        ("$(42,056) million", -42_056e6, "USD"),
        ("(1,234.5)", -1234.5, ""),
        ("$5M", 5e6, "USD"),
        ("36 percent", 36, "%"),
        ("人民币100万元", 1_000_000, "元"),
        ("港元 0.5", 0.5, ""),
        ("0.2港元", 0.2, "HKD"),
    ],
)
def test_a_printed_number_is_read_in_base_units(text: str, value: float, unit: str) -> None:
    (found,) = numbers(text)
    assert (found.value, found.unit) == (pytest.approx(value), unit)


@pytest.mark.parametrize(
    "text",
    [
        "2022年度报告第57页 [1][2]",
        "2022、2023年和2019-2021年，2022-12-31",
        "2025年第三季度，1-9月，12月31日",
        "in fiscal 2022, FY2023, Q2 2023, January 28, 2023",
        "保留2位小数，前3名",
        "600080.SH，证券代码：600080，琅岱仪器（600080）",
        "form 10-K, 5G, COVID-19, B2B, p. 12, note 7",
        "(1) the first, (2) the second",
    ],
)
def test_years_dates_pages_codes_and_marks_are_no_numbers(text: str) -> None:
    assert numbers(text) == []


def test_a_difference_is_two_positive_numbers() -> None:
    assert [number.value for number in numbers("(1,175.32-903.58)/1,175.32")] == [1175.32, 903.58, 1175.32]


def test_a_restatement_in_brackets_is_not_negative() -> None:
    assert [number.value for number in numbers("579,374,501.21元（5.79亿元）")] == [579_374_501.21, 579_000_000]


@pytest.mark.parametrize(
    ("text", "value"),
    [("三", 3), ("十二", 12), ("二十", 20), ("一百零五", 105), ("两千三百", 2300), ("零", 0), ("一二", None)],
)
def test_plain_chinese_numerals(text: str, value: int | None) -> None:
    assert plain_numeral(text) == value


@pytest.mark.parametrize(
    ("found", "gold", "unit", "printed", "equal"),
    [
        ("579,374,501.21元", 579_374_501.21, "元", "579,374,501.21", True),
        ("57,937.45万元", 579_374_501.21, "元", "579,374,501.21", False),  # true, but not as exact as asked
        ("121,234,567元", 1.2, "亿元", "1.2亿元", True),  # 1.21 rounds to the gold's 1.2
        ("126,000,000元", 1.2, "亿元", "1.2亿元", False),
        ("2,198,640.40万元", 2_198_640.4, "万元", "", True),
        ("6.15%", 6.15, "%", "6.15%", True),
        ("6.1486%", 6.15, "%", "6.15%", True),
        ("6.2%", 6.15, "%", "6.15%", False),
        ("6.16%", 6.15, "%", "6.15%", False),
        ("0.0615", 6.15, "%", "6.15%", True),  # the same ratio, not as a percentage
        ("66.7%", 0.67, "", "0.67", True),
        ("-6.15%", 6.15, "%", "6.15%", False),
        ("减少19,998,252.30元", -19_998_252.3, "元", "", True),
        ("6.15元", 6.15, "%", "6.15%", False),
        ("1,406家", 1406, "人", "1406", False),
        ("$1,577.00", 1577, "USD million", "", False),
        ("$1,577 million", 1577, "USD million", "", True),
        ("270%", 2.7, "倍", "2.7倍", True),
    ],
)
def test_numbers_are_the_same_at_the_precision_of_the_gold(
    found: str, gold: float, unit: str, printed: str, equal: bool
) -> None:
    (number,) = numbers(found)
    assert same(number, target(gold, unit, printed)) is equal


def test_the_precision_that_a_question_asks_for_wins() -> None:
    (number,) = numbers("23.15%")
    assert not same(number, target(23.1487, "%", "23.1487%"))
    assert same(number, target(23.1487, "%", "23.1487%", asked_decimals("毛利率是多少？保留2位小数。")))


@pytest.mark.parametrize(
    ("question", "decimals"),
    [
        ("请保留两位小数", 2),
        ("结果请保留至小数点后两位", 2),
        ("精确到小数点后3位", 3),
        ("rounded to one decimal place", 1),
        ("to the nearest whole percent", 0),
        ("营业收入是多少元？", None),
    ],
)
def test_asked_decimals(question: str, decimals: int | None) -> None:
    assert asked_decimals(question) == decimals


@pytest.mark.parametrize(
    ("unit", "base", "factor"),
    [
        ("万元", "元", 1e4),
        ("亿元", "元", 1e8),
        ("USD million", "USD", 1e6),
        ("%", "%", 1),
        ("thousand", "", 1e3),
        ("人", "人", 1),
    ],
)
def test_units_have_a_base(unit: str, base: str, factor: float) -> None:
    assert base_unit(unit) == (base, factor)


def test_a_lone_number_is_the_whole_text() -> None:
    found = lone("6.15%")
    assert found is not None
    assert found.value == 6.15
    assert lone("6.15%左右，比上年高") is None
    assert lone("琅岱仪器") is None
