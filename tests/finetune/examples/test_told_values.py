"""A passage that tells a value rounded, or in another unit, answers the question as well."""

from dataclasses import replace

import pytest

from vouch.finetune.examples.told_values import telling
from vouch.finetune.examples.unfit import Unfit
from vouch.generation.expressions import Operand
from vouch.generation.plan.evaluate import Outcome
from vouch.generation.plan.types import Measure, Period
from vouch.generation.plan.values import OperandValue, Used, Value, exact
from vouch.retrieval.fact_query import StoredFact
from vouch.retrieval.facts import Fact
from vouch.retrieval.types import Source

REVENUE = Fact("营业收入", 738309585.06, "元", 2022, "FY", raw="738,309,585.06")


def outcome(fact: Fact) -> Outcome:
    number = exact(fact)
    used = Used(Operand(fact.field), StoredFact(fact, Source("d", "d.pdf", "/d.pdf")), number or 0)  # type: ignore[arg-type]
    value = Value("甲", Period(2022), Measure(fact.field), fact.unit, number, fact.text,
                  (OperandValue(used.operand, used.value, fact.unit, (used,)),))  # fmt: skip
    return Outcome(((value,),))


@pytest.mark.parametrize(
    "text",
    [
        "营业收入 738,309,585.06 648,567,395.08",
        "营业收入\n738,309,5\n85.06",
        "实现营业收入73,830.96万元",
        "实现营业收入 7.38 亿元",
        "revenue of 738.3 million",
        "营业收入（万元） 73,831",
    ],
)
def test_a_value_is_told_in_other_words(text: str) -> None:
    assert telling(outcome(REVENUE))(text)


@pytest.mark.parametrize(
    "text", ["营业成本 414,101,829.14", "增长7.38%", "实现营业收入 7.48 亿元", "第738页", "73,931.96万元"]
)
def test_another_value_is_not_taken_for_it(text: str) -> None:
    assert not telling(outcome(REVENUE))(text)


def test_a_name_is_told_as_printed() -> None:
    name = Fact("法定代表人", None, "", 2022, "FY", text="欧阳明德", raw="欧阳明德")
    assert telling(outcome(name))("法定代表人：欧阳\n明德先生")
    assert not telling(outcome(name))("法定代表人：欧阳明")


def test_a_value_of_two_digits_cannot_be_looked_for() -> None:
    with pytest.raises(Unfit, match="by chance"):
        telling(outcome(replace(REVENUE, value=75.0, raw="75")))
