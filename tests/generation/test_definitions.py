"""Formulas that a question spells out, in Chinese and English."""

from decimal import Decimal

import pytest

from vouch.generation.definitions import parse_definition
from vouch.generation.expressions import FormulaError
from vouch.generation.formulas import FormulaBook
from vouch.retrieval.fields import FieldDictionary

FIELDS = FieldDictionary.load()
BOOK = FormulaBook.load()


@pytest.mark.parametrize(
    ("question", "name", "shown", "unit"),
    [
        (
            "What is the ratio in FY2021? Operating cash flow ratio is defined as: "
            "cash from operations / total current liabilities. Round to two decimals.",
            "Operating cash flow ratio",
            "经营活动产生的现金流量净额/流动负债合计",
            "",
        ),
        (
            "DPO is defined as: 365 * (average accounts payable between FY2018 and FY2019) / "
            "(FY2019 COGS + change in inventory between FY2018 and FY2019).",
            "DPO",
            "365*平均应付账款/(营业成本+存货-上年存货)",
            "",
        ),
        (
            "Define net working capital as total current assets less total current liabilities.",
            "net working capital",
            "流动资产合计-流动负债合计",
            "元",
        ),
        ("What is the capital intensity (capex / revenue)?", "capital intensity",
         "购建固定资产、无形资产和其他长期资产支付的现金/营业收入", ""),
        ("某公司2021年速动比率是多少？速动比率的公式为：（流动资产－存货）÷流动负债", "速动比率",
         "(流动资产合计-存货)/流动负债合计", ""),
        ("研发费用增长率=(研发费用-上年研发费用)/上年研发费用×100%", "研发费用增长率",
         "(研发费用-上年研发费用)/上年研发费用", "%"),
        ("销售净利率（净利润/营业总收入*100）超过20%的公司有哪些？", "销售净利率", "净利润/营业总收入", "%"),
        ("某公司存货金额及存货周转率（营业成本/平均存货）", "存货周转率", "营业成本/平均存货", ""),
        ("计算公式：(2021年存货+2020年存货)/2", "(2021年存货+2020年存货)/2", "(存货+上年存货)/2", ""),
        ("净利润除以营业收入的比值是多少", "净利润除以营业收入", "净利润/营业收入", ""),
        ("杠杆定义为：1+产权比率", "杠杆", "1+负债合计/所有者权益合计", ""),
    ],
)  # fmt: skip
def test_a_spelt_formula_is_read(question: str, name: str, shown: str, unit: str) -> None:
    found = parse_definition(question, FIELDS, BOOK)
    assert found is not None
    assert (found.formula.name, found.formula.expression.shown, found.formula.unit) == (name, shown, unit)
    assert found.formula.shown == question[found.start : found.end]


def test_a_spelt_formula_is_computed_like_any_other() -> None:
    found = parse_definition("公式为：(流动资产-存货)/流动负债", FIELDS)
    assert found is not None
    values = {"流动资产合计": Decimal(480), "存货": Decimal(120), "流动负债合计": Decimal(320)}
    assert found.formula.compute(lambda field, _: values[field]).text == "1.13"


@pytest.mark.parametrize(
    "question",
    [
        "2019-2021年净利润分别是多少？",
        "营业收入、净利润/利润总额分别是多少元？",
        "毛利率的计算公式是什么？",
        "法定代表人是谁（公司）",
        "应收账款占营业收入的比例是多少",
        "How is revenue recognised? It is defined as follows in note 2.",
        "",
    ],
)
def test_no_formula_is_seen_where_none_is_spelt_out(question: str) -> None:
    assert parse_definition(question, FIELDS, BOOK) is None


def test_a_word_that_is_no_value_is_named() -> None:
    with pytest.raises(FormulaError, match="breaks off before '经营面积'"):
        parse_definition("坪效的计算公式为：营业收入/经营面积，2021年是多少", FIELDS, BOOK)
