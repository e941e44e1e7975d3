"""The formulas of the package: every worked example is computed, and the words for them stand once."""

import json
import os
import re
from decimal import Decimal
from pathlib import Path

import pytest

from vouch.generation.expressions import FormulaError, MissingOperand
from vouch.generation.formulas import Formula, FormulaBook, growth_of, read_formulas, rounded
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.lexicon import default_lexicon

SHARED = Path(os.environ.get("VOUCH_SHARED", Path(__file__).parents[3] / "shared"))

CHALLENGE = {
    "%": "毛利率 营业利润率 净利润率 营业成本率 管理费用率 财务费用率 三费比重 投资收益占营业收入比率 资产负债比率 "
    "现金比率 流动负债比率 非流动负债比率 营业收入增长率 营业利润增长率 净利润增长率 研发费用增长率 销售费用增长率 "
    "管理费用增长率 财务费用增长率 投资收益增长率 货币资金增长率 固定资产增长率 无形资产增长率 总资产增长率 "
    "总负债增长率 流动负债增长率 现金及现金等价物增长率",
    "": "流动比率 速动比率 企业研发经费与利润比值 企业研发经费与营业收入比值 企业研发经费占费用比例 "
    "研发人员占职工人数比例 企业硕士及以上人员占职工人数比例",
}

BOOK = FormulaBook.load()
FIELDS = FieldDictionary.load()


def formula(name: str) -> Formula:
    found = BOOK.by_name(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", [f.name for f in BOOK.formulas])
def test_a_worked_example_is_computed_to_the_last_digit(name: str) -> None:
    one = formula(name)
    assert one.example is not None
    result = one.compute(one.example.lookup)
    assert result.text == one.example.result + one.unit
    used = {(o.field, o.years_back) for o in result.computed.operands}
    assert used == {(f, 0) for f in one.example.now} | {(f, 1) for f in one.example.prior}  # nothing worked in vain


def test_the_34_of_the_challenge_are_there_in_their_format() -> None:
    names = [(name, unit) for unit, text in CHALLENGE.items() for name in text.split()]
    assert len(names) == 34
    assert sorted((f.name, f.unit) for f in BOOK.formulas if f.source == "challenge") == sorted(names)
    assert all(formula(name).decimals == 2 for name, _ in names)


def test_formulas_made_of_formulas_show_the_lines_they_need() -> None:
    assert formula("现金周转期").expression.shown == (
        "365/(营业成本/平均存货)+365/(营业收入/平均应收账款)-365/(营业成本/平均应付账款)"
    )


def test_dupont_equals_net_profit_over_average_equity() -> None:
    example = formula("杜邦净资产收益率").example
    assert example is not None
    product = formula("杜邦净资产收益率").compute(example.lookup).value
    assert abs(product - Decimal(66) / ((580 + 420) / Decimal(2)) * 100) < Decimal("1e-40")


def test_questions_name_formulas_by_their_words() -> None:
    found = [m.formula.name for m in BOOK.mentions("2021年的资产负债率、销售净利率、DSO和operating margin")]
    assert found == ["资产负债比率", "净利润率", "应收账款周转天数", "营业利润率"]


def test_growth_is_defined_for_every_field() -> None:
    field = FIELDS.by_name("销售商品、提供劳务收到的现金")
    assert field is not None
    growth = growth_of(field)
    assert (
        growth.shown
        == "(销售商品、提供劳务收到的现金-上年销售商品、提供劳务收到的现金)/上年销售商品、提供劳务收到的现金"
    )
    assert growth.compute(lambda _, back: Decimal((150, 120)[back])).text == "25.00%"


def test_a_missing_value_is_named() -> None:
    with pytest.raises(MissingOperand, match="上年净利润"):
        formula("净利润增长率").compute(lambda _, back: None if back else Decimal(1))


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [("1.125", 2, "1.13"), ("-1.125", 2, "-1.13"), ("0.004", 2, "0.00"), ("-0.004", 2, "0.00"), ("2.5", 0, "3")],
)
def test_halves_are_rounded_up_as_accountants_do(value: str, decimals: int, text: str) -> None:
    assert str(rounded(Decimal(value), decimals)) == text


def entry(expression: str, **more: object) -> dict[str, object]:
    return {
        "en": f"English of {expression}", "expression": expression, "unit": "", "decimals": 2,
        "example": {"now": {}, "result": ""}, "source": "test", **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"甲": entry("乙"), "乙": entry("甲+1")}, "'甲' is defined by itself: 甲 -> 乙 -> 甲"),
        ({"甲": entry("水/净利润")}, "names '水'"),
        ({"甲": entry("净利润", aliases=["净利"])}, "'净利' of '甲' is the field '净利润'"),
        ({"甲": entry("净利润", unit="km")}, "unknown unit 'km'"),
        ({"甲": entry("净利润", digits=2)}, "'digits' is missing or unknown"),
    ],
)
def test_an_entry_that_cannot_be_right_is_refused(table: dict[str, object], message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        read_formulas({"made_up": table}, FIELDS)


def test_the_lexicon_of_questions_knows_the_formulas_by_the_same_words() -> None:
    for group in default_lexicon().groups:
        if group.kind == "metrics":
            assert len({one.name if (one := BOOK.by_alias(term)) else None for term in group.terms}) == 1, group.name
            assert BOOK.by_alias(group.name) is not None, group.name


def test_the_gold_answers_are_computed_from_their_operands() -> None:
    questions = SHARED / "data/finance/cn/questions.jsonl"
    if not questions.is_file():
        pytest.skip("the shared data is not here")
    checked = 0
    for line in questions.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        one, values = BOOK.by_name(str(item.get("field"))), item.get("inputs")
        if item.get("type") != "2-1" or one is None or not isinstance(values, dict):
            continue
        given = {word: Decimal(re.sub("[^0-9.-]", "", str(value))) for word, value in values.items()}
        now = {f.name: v for w, v in given.items() if not w.startswith("上年") and (f := FIELDS.by_alias(w))}
        prior = {f.name: v for w, v in given.items() if w.startswith("上年") and (f := FIELDS.by_alias(w[2:]))}
        result = one.compute(lambda field, back, now=now, prior=prior: (prior if back else now).get(field))  # type: ignore[misc]
        assert result.text == item["gold_text"], item["id"]
        checked += 1
    assert checked > 250
