"""Early warning: scores worked by hand, thresholds on both sides, and when a signal does not apply."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from vouch.generation.warning import Signal, Stated, ValueLookup, early_warning, is_financial
from vouch.generation.warning_rules import standard_rules

YEAR = 2023


def stated(now: Mapping[str, Stated], prior: Mapping[str, Stated] | None = None) -> ValueLookup:
    years = {YEAR: now, YEAR - 1: prior or {}}
    return lambda field, year: years.get(year, {}).get(field)


def signals(now: Mapping[str, Stated], prior: Mapping[str, Stated] | None = None) -> dict[str, Signal]:
    return {signal.name: signal for signal in early_warning(stated(now, prior), YEAR)}


def signal(name: str, now: Mapping[str, Stated], prior: Mapping[str, Stated] | None = None) -> Signal:
    return signals(now, prior)[name]


SOUND: dict[str, Stated] = {
    "流动资产合计": 500.0, "流动负债合计": 300.0, "资产总计": 1000.0, "未分配利润": 150.0, "利润总额": 90.0,
    "利息费用": 10.0,
    "所有者权益合计": 600.0, "负债合计": 400.0,
}  # fmt: skip


def test_altmans_score_of_a_sound_company() -> None:
    # X1 = 200/1000, X2 = 150/1000, X3 = (90+10)/1000, X4 = 600/400
    # 3.25 + 6.56*0.2 + 3.26*0.15 + 6.72*0.1 + 1.05*1.5 = 3.25 + 1.312 + 0.489 + 0.672 + 1.575 = 7.298
    found = signal("Altman Z″", SOUND)
    assert (found.value, found.text, found.level) == (Decimal("7.298"), "7.30", "ok")
    assert found.parts == (
        ("X1", Decimal("0.2")),
        ("X2", Decimal("0.15")),
        ("X3", Decimal("0.1")),
        ("X4", Decimal("1.5")),
    )
    assert {(o.field, o.year, o.value) for o in found.operands} == {
        (f, YEAR, Decimal(str(v))) for f, v in SOUND.items()
    }
    assert found.threshold == "alarm < 4.35; watch < 5.85"
    assert "Altman (2005)" in found.source


def test_altmans_score_of_a_company_in_distress() -> None:
    # X1 = -0.2, X2 = -0.1, X3 = -0.05, X4 = 0.25: 3.25 - 1.312 - 0.326 - 0.336 + 0.2625 = 1.5385
    found = signal(
        "Altman Z″",
        {"流动资产合计": 300, "流动负债合计": 500, "资产总计": 1000, "未分配利润": -100, "利润总额": -50,
         "所有者权益合计": 200, "负债合计": 800},
    )  # fmt: skip
    assert (found.value, found.level) == (Decimal("1.5385"), "alarm")


BENEISH_NOW: dict[str, Stated] = {
    "营业收入": 1200, "应收账款": 240, "营业成本": 960, "流动资产合计": 500, "固定资产": 300, "资产总计": 1000,
    "固定资产折旧": 100, "销售费用": 60, "管理费用": 60, "净利润": 80, "经营活动产生的现金流量净额": 30,
    "流动负债合计": 300, "长期借款": 100,
}  # fmt: skip
BENEISH_PRIOR: dict[str, Stated] = {
    "营业收入": 1000, "应收账款": 100, "营业成本": 700, "流动资产合计": 400, "固定资产": 400, "资产总计": 1000,
    "固定资产折旧": 100, "销售费用": 50, "管理费用": 50, "流动负债合计": 200,
}  # fmt: skip


def test_beneishs_score_with_all_eight_variables() -> None:
    # DSRI = 0.2/0.1, GMI = 0.3/0.2, AQI = 0.2/0.2, SGI = 1.2, DEPI = 0.2/0.25,
    # SGAI = 0.1/0.1, TATA = 50/1000, LVGI = 0.4/0.2
    # -4.84 + 1.84 + 0.792 + 0.404 + 1.0704 + 0.092 - 0.172 + 0.23395 - 0.654 = -1.23365
    found = signal("Beneish M", BENEISH_NOW, BENEISH_PRIOR)
    assert [float(value) for _, value in found.parts] == [2, 1.5, 1, 1.2, 0.8, 1, 0.05, 2]
    assert (found.value, found.text, found.level, found.reason) == (Decimal("-1.23365"), "-1.23", "alarm", "")


def test_beneishs_score_says_when_depreciation_is_assumed_unchanged() -> None:
    # DEPI 1 instead of 0.8: 0.115*0.2 = 0.023 more
    prior = {name: value for name, value in BENEISH_PRIOR.items() if name != "固定资产折旧"}
    found = signal("Beneish M", BENEISH_NOW, prior)
    assert found.value == Decimal("-1.21065")
    assert found.reason == "DEPI 取 1 (未披露: 2022年固定资产折旧)"


def test_beneishs_score_needs_the_year_before() -> None:
    found = signal("Beneish M", BENEISH_NOW)
    assert (found.level, found.value) == ("not_applicable", None)
    assert "未披露: 2022年应收账款、2022年营业收入" in found.reason


IMPROVING_NOW: dict[str, Stated] = {
    "净利润": 80, "资产总计": 1000, "经营活动产生的现金流量净额": 100, "长期借款": 100, "流动资产合计": 500,
    "流动负债合计": 250,
    "营业收入": 1000, "营业成本": 600,
}  # fmt: skip
IMPROVING_PRIOR: dict[str, Stated] = {
    "净利润": 50, "资产总计": 1000, "经营活动产生的现金流量净额": 60, "长期借款": 200, "流动资产合计": 400,
    "流动负债合计": 250,
    "营业收入": 900, "营业成本": 600,
}  # fmt: skip


def test_piotroskis_score_counts_the_tests_that_hold() -> None:
    best = signal("Piotroski F", IMPROVING_NOW, IMPROVING_PRIOR)
    assert (best.text, best.level) == ("9/9", "ok")
    # the years exchanged: profit and cash flow stay positive, cash above profit, nothing issued; the rest fails
    worse = signal("Piotroski F", IMPROVING_PRIOR, IMPROVING_NOW)
    assert worse.text == "4/9"
    assert [name for name, holds in worse.parts if holds] == [
        "总资产收益率为正", "经营现金流为正", "经营现金流大于净利润", "未增发新股",
    ]  # fmt: skip
    issued = signal("Piotroski F", {**IMPROVING_NOW, "吸收投资收到的现金": 30}, IMPROVING_PRIOR)
    assert issued.text == "8/9"
    subsidiary = {"吸收投资收到的现金": 30, "子公司吸收少数股东投资收到的现金": 30}
    assert signal("Piotroski F", {**IMPROVING_NOW, **subsidiary}, IMPROVING_PRIOR).text == "9/9"


@pytest.mark.parametrize(
    ("name", "now", "prior", "level", "text"),
    [
        ("流动比率", {"流动资产合计": 99, "流动负债合计": 100}, {}, "alarm", "0.99"),
        ("流动比率", {"流动资产合计": 100, "流动负债合计": 100}, {}, "watch", "1.00"),
        ("流动比率", {"流动资产合计": 150, "流动负债合计": 100}, {}, "ok", "1.50"),
        ("速动比率", {"流动资产合计": 100, "存货": 60, "流动负债合计": 100}, {}, "alarm", "0.40"),
        ("现金比率", {"货币资金": 15, "流动负债合计": 100}, {}, "watch", "15.00%"),
        ("资产负债率", {"负债合计": 66, "资产总计": 100}, {}, "watch", "66.00%"),
        ("利息保障倍数", {"利润总额": -5, "利息费用": 10}, {}, "alarm", "0.50倍"),
        ("存贷双高", {"货币资金": 30, "短期借款": 25, "资产总计": 100}, {}, "watch", "25.00%"),
        ("存贷双高", {"货币资金": 10, "短期借款": 25, "资产总计": 100}, {}, "ok", ""),
        ("归属于母公司的净资产", {"归属于母公司所有者权益合计": -1}, {}, "alarm", "-1.00元"),
        ("扣非亏损且营业收入偏低", {"扣除非经常性损益的净利润": -1, "营业收入": 2e8}, {}, "watch", "200000000.00元"),
        ("扣非亏损且营业收入偏低", {"扣除非经常性损益的净利润": 1, "营业收入": 2e8}, {}, "ok", ""),
        ("连续两年亏损", {"净利润": -1}, {"净利润": -2}, "alarm", "-1.00元"),
        ("连续两年亏损", {"净利润": -1}, {"净利润": 2}, "ok", ""),
        ("净利润现金含量", {"经营活动产生的现金流量净额": 4, "净利润": 10}, {}, "watch", "0.40倍"),
        ("净利润现金含量", {"经营活动产生的现金流量净额": 4, "净利润": -10}, {}, "not_applicable", ""),
        ("营业收入同比变动", {"营业收入": 60}, {"营业收入": 100}, "watch", "-40.00%"),
        ("净利润同比变动", {"净利润": -1}, {"净利润": 10}, "alarm", "-110.00%"),
        ("净利润同比变动", {"净利润": 5}, {"净利润": -10}, "not_applicable", ""),
        ("应收账款增速高于营业收入增速", {"应收账款": 30, "营业收入": 110}, {"应收账款": 20, "营业收入": 100},
         "watch", "40.00%"),
        ("毛利率变动", {"营业收入": 100, "营业成本": 80}, {"营业收入": 100, "营业成本": 65}, "watch", "15.00%"),
        ("利息保障倍数", {"利润总额": 5, "利息费用": 0}, {}, "not_applicable", ""),
        ("流动比率", {"流动资产合计": 5, "流动负债合计": 0}, {}, "not_applicable", ""),
    ],
)  # fmt: skip
def test_a_rule_is_raised_beyond_its_threshold(
    name: str, now: dict[str, Stated], prior: dict[str, Stated], level: str, text: str
) -> None:
    found = signal(name, now, prior)
    assert (found.level, found.text) == (level, text)
    assert found.source
    assert found.reason or level != "not_applicable"


def test_a_zero_divisor_is_the_reason() -> None:
    assert signal("流动比率", {"流动资产合计": 5, "流动负债合计": 0}).reason == "分母为零: 流动负债合计"


@pytest.mark.parametrize(
    ("opinion", "level"),
    [
        ("标准的无保留意见", "ok"),
        ("标准无保留意见", "ok"),
        ("带强调事项段的无保留意见", "watch"),
        ("带与持续经营相关的重大不确定性段落的无保留意见", "watch"),
        ("非标准无保留意见", "watch"),
        ("保留意见", "alarm"),
        ("带持续经营重大不确定性段落的保留意见", "alarm"),
        ("否定意见", "alarm"),
        ("无法表示意见", "alarm"),
        ("Unqualified opinion", "ok"),
        ("Qualified opinion", "alarm"),
        ("见附注", "watch"),
        (None, "not_applicable"),
    ],
)
def test_an_opinion_other_than_the_standard_one_is_raised(opinion: str | None, level: str) -> None:
    assert signal("审计意见", {"审计意见": opinion}).level == level


def test_a_sum_that_does_not_hold_is_named_with_its_difference() -> None:
    now: dict[str, Stated] = {
        "资产总计": 100.5,
        "负债合计": 40.25,
        "所有者权益合计": 60.5,
        "流动资产合计": 50.5,
        "非流动资产合计": 50,
    }
    found = signal("报表勾稽关系", now)
    assert (found.text, found.level) == ("1/2", "watch")
    assert found.reason == "资产总计 = 负债合计 + 所有者权益合计: 列报 100.5，计算 100.75，相差 -0.25"
    assert {operand.field for operand in found.operands} == {"资产总计", "负债合计", "所有者权益合计"}


def test_industrial_rules_do_not_apply_to_a_bank_and_say_so() -> None:
    bank: dict[str, Stated] = {
        "现金及存放中央银行款项": 300,
        "利息净收入": 20,
        "资产总计": 1000,
        "净利润": 9,
        "营业收入": 30,
    }
    assert is_financial(stated(bank), YEAR)
    found = signals(bank, {"净利润": 10, "营业收入": 60})
    assert found["Altman Z″"].level == "not_applicable"
    assert "银行" in found["Altman Z″"].reason
    assert found["净利润"].level == "ok"
    assert found["营业收入同比变动"].level == "watch"
    assert not is_financial(stated({**bank, "流动资产合计": 500}), YEAR)  # a group that owns a bank


def test_every_rule_gives_a_signal_even_without_any_value() -> None:
    found = early_warning(lambda field, year: None, YEAR)
    assert len(found) == len(standard_rules().rules) + 2
    assert {one.level for one in found} == {"not_applicable"}
    assert all(one.reason for one in found)
