"""Accounting identities over values, with a made-up company's statements that add up by hand."""

from decimal import Decimal

import pytest

from vouch.retrieval.errors import SettingsError
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.identities import IdentityResult, broken_identities, check, read_identities

STATEMENTS: dict[str, float] = {
    "货币资金": 210.10, "应收账款": 180.20, "存货": 89.70, "流动资产合计": 480.00,
    "固定资产": 520.00, "无形资产": 100.00, "非流动资产合计": 620.00, "资产总计": 1100.00,
    "短期借款": 220.00, "应付账款": 100.00, "流动负债合计": 320.00,
    "长期借款": 180.00, "非流动负债合计": 180.00, "负债合计": 500.00,
    "股本": 300.00, "资本公积": 150.00, "库存股": 20.00, "未分配利润": 150.00,
    "归属于母公司所有者权益合计": 580.00, "少数股东权益": 20.00, "所有者权益合计": 600.00,
    "负债和所有者权益总计": 1100.00,
    "营业收入": 800.00, "营业总收入": 800.00,
    "营业成本": 500.00, "税金及附加": 12.00, "销售费用": 60.00, "管理费用": 90.00, "财务费用": 8.00,
    "营业总成本": 670.00,
    "其他收益": 6.00, "投资收益": -9.00, "信用减值损失": -7.00, "营业利润": 120.00,
    "营业外收入": 3.00, "营业外支出": 13.00, "利润总额": 110.00, "所得税费用": 30.00, "净利润": 80.00,
    "归属于母公司所有者的净利润": 74.00, "少数股东损益": 6.00,
}  # fmt: skip


def by_total(results: list[IdentityResult]) -> dict[str, bool]:
    return {result.name: result.holds for result in results}


def test_statements_that_add_up_hold_everywhere() -> None:
    results = check(STATEMENTS)
    assert len(results) == 16
    assert [result.text for result in results if not result.holds] == []


def test_a_misread_value_breaks_the_sums_it_is_part_of_and_no_other() -> None:
    broken = broken_identities({**STATEMENTS, "存货": 98.70})
    assert [(result.total, result.difference) for result in broken] == [("流动资产合计", Decimal("-9.0"))]
    assert "存货" in broken[0].fields
    assert "480.0 stated, 489.0 computed, difference -9.0" in broken[0].text


def test_a_lost_row_shows_as_missing_from_its_sum() -> None:
    values = {name: value for name, value in STATEMENTS.items() if name != "无形资产"}
    (broken,) = broken_identities(values)
    assert broken.difference == 100
    assert "无形资产" in broken.missing


def test_treasury_stock_is_deducted_from_equity() -> None:
    values = {name: value for name, value in STATEMENTS.items() if name != "库存股"}
    assert [(r.total, r.difference) for r in broken_identities(values)] == [
        ("归属于母公司所有者权益合计", Decimal(-20))
    ]


@pytest.mark.parametrize(
    "impairment",
    [
        {"信用减值损失": -7.00, "营业总成本": 670.00},  # from 2019: a loss is printed negative, beside the costs
        {"信用减值损失": 7.00, "营业总成本": 677.00},  # before: printed positive, among the costs
        {"信用减值损失": 7.00, "营业总成本": 670.00},  # printed positive under 减：
    ],
)
def test_impairment_counts_in_whichever_format_prints_it(impairment: dict[str, float]) -> None:
    results = by_total(check({**STATEMENTS, **impairment}))
    assert results["营业利润 = 营业总收入 - 营业总成本 + 其他收益 + 投资收益等"]
    assert results["营业总成本 = 各项营业成本之和"]


def test_a_banks_balance_is_summed_without_current_items() -> None:
    bank = {
        "现金及存放中央银行款项": 300.0,
        "发放贷款和垫款": 600.0,
        "固定资产": 50.0,
        "其他资产": 50.0,
        "资产总计": 1000.0,
    }
    assert by_total(check(bank)) == {"资产总计 = 各项资产之和": True}


def test_cash_at_the_beginning_is_last_years_cash_at_the_end() -> None:
    now = {"期初现金及现金等价物余额": 90.0, "现金及现金等价物净增加额": 15.5, "期末现金及现金等价物余额": 105.5}
    assert by_total(check(now, {"期末现金及现金等价物余额": 90.0})) == {
        "期末现金及现金等价物余额 = 期初余额 + 净增加额": True,
        "期初现金及现金等价物余额 = 上期期末余额": True,
    }
    assert not by_total(check(now, {"期末现金及现金等价物余额": 90.1}))["期初现金及现金等价物余额 = 上期期末余额"]


def test_rounded_reports_may_be_off_by_half_a_digit_for_each_value() -> None:
    thousands = {"资产总计": 1_000_000.0, "流动资产合计": 400_000.0, "非流动资产合计": 601_000.0}
    name = "资产总计 = 流动资产合计 + 非流动资产合计"
    assert not by_total(check(thousands))[name]
    assert by_total(check(thousands, step=Decimal(1000)))[name]
    assert not by_total(check({**thousands, "资产总计": 999_000.0}, step=Decimal(1000)))[name]


def test_floats_are_compared_as_the_decimals_they_print_as() -> None:
    (result,) = check({"利润总额": 0.3, "营业利润": 0.1, "营业外收入": 0.2})
    assert result.difference == 0


def test_nothing_is_checked_where_a_needed_value_is_not_given() -> None:
    assert check({"资产总计": 10.0, "负债合计": 4.0}) == []


def test_an_identity_over_an_unknown_field_is_refused() -> None:
    with pytest.raises(SettingsError, match="'水' names '油'"):
        read_identities({"identity": [{"name": "水", "total": "净利润", "plus": ["油"]}]}, FieldDictionary.load())
