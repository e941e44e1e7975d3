"""Answers from stored facts: what they say, what they cite, what they refuse. The numbers are worked by hand."""

import re
from decimal import Decimal

import pytest

from tests.generation.plan.library_maker import NORTH, SOUTH, WEST, Asked
from vouch.generation.json_form import answer_json
from vouch.generation.plan.plan_json import plan_from_json


def values(answer_results: object) -> list[float | None]:
    return [row.value for row in answer_results]  # type: ignore[attr-defined]


def test_a_value_is_said_with_the_digits_printed_and_its_row(ask: Asked) -> None:
    answer = ask.answer("北原光学2023年营业收入是多少元？")
    assert answer.answer == "2023年北原光学的营业收入是900.75元[1]。"
    assert answer.kind == "fact"
    (row,) = answer.results
    assert (row.company, row.code, row.year, row.period, row.value) == (NORTH.company, "900001", 2023, "FY", 900.75)
    (citation,) = answer.citations
    assert (citation.page, citation.text) == (1, "营业收入 900.75 600.50")
    assert (answer.verification.numbers_checked > 0, answer.verification.numbers_unsupported) == (True, 0)


def test_several_values_come_in_the_order_asked(ask: Asked) -> None:
    answer = ask.answer("北原光学2023年净利润和营业收入分别是多少？")
    assert [row.field for row in answer.results] == ["净利润", "营业收入"]
    assert values(answer.results) == [90.0, 900.75]


def test_the_parent_company_is_never_mixed_with_the_group(ask: Asked) -> None:
    assert values(ask.answer("北原光学2023年母公司营业收入是多少").results) == [88.0]
    assert values(ask.answer("北原光学2023年营业收入是多少").results) == [900.75]


def test_a_computed_value_shows_formula_and_every_operand(ask: Asked) -> None:
    answer = ask.answer("北原光学2023年毛利率是多少？保留两位小数")
    # (900.75 - 450.30) / 900.75 = 0.500083
    assert "50.01%" in answer.answer
    assert "900.75元[1]" in answer.answer
    assert "450.30元[2]" in answer.answer
    (row,) = answer.results
    assert (row.formula, row.unit) == ("(营业收入-营业成本)/营业收入", "%")
    assert [(o.field, o.value, o.citation) for o in row.operands] == [("营业收入", 900.75, 1), ("营业成本", 450.3, 2)]


def test_decimals_asked_for_are_those_of_the_result_not_of_its_operands(ask: Asked) -> None:
    answer = ask.answer("北原光学2023年毛利率是多少？保留4位小数")
    assert "50.0083%" in answer.answer
    assert "450.30元[2]" in answer.answer


def test_growth_takes_both_years_from_the_same_row(ask: Asked) -> None:
    answer = ask.answer("北原光学2023年营业收入增长率是多少")
    assert "50.00%" in answer.answer  # (900.75 - 600.50) / 600.50
    assert len(answer.citations) == 1


def test_a_negative_base_stays_in_the_formula(ask: Asked) -> None:
    answer = ask.answer("北原光学2022年净利润增长率")
    assert "-250.00%" in answer.answer  # (60 - -40) / -40


def test_a_total_that_is_not_stated_is_made_of_its_parts(ask: Asked) -> None:
    answer = ask.answer("北原光学2023年资产负债率是多少")
    # (300 + 100) / 1500
    assert "26.67%" in answer.answer
    assert "负债合计为400.00元（流动负债合计为300.00元" in answer.answer


def test_an_address_is_said_as_printed(ask: Asked) -> None:
    assert ask.answer("北原光学2023年注册地址是什么？").results[0].text == "浙江省杭州市镜湖路1号"


def test_companies_of_a_place_are_named(ask: Asked) -> None:
    answer = ask.answer("2023年注册地在杭州的公司有哪些")
    assert {row.company for row in answer.results} == {NORTH.company, SOUTH.company}


def test_numbers_are_said_in_the_unit_asked_for(ask: Asked) -> None:
    answer = ask.answer("北原光学2023年货币资金是多少亿元")
    assert "7.00亿元" in answer.answer
    assert values(answer.results) == [700_000_000.0]


def test_people_are_counted_without_decimals(ask: Asked) -> None:
    assert "1406人" in ask.answer("北原光学2023年职工总数是多少").answer


def test_a_year_without_report_comes_from_the_next_years_column_and_says_so(ask: Asked) -> None:
    answer = ask.answer("北原光学2021年净利润是多少")
    assert values(answer.results) == [-40.0]
    assert any("比较数" in warning for warning in answer.warnings)


def test_the_years_own_report_comes_before_a_later_column(ask: Asked) -> None:
    answer = ask.answer("北原光学2022年净利润是多少")
    assert answer.citations[0].document == "北原光学2022FY.pdf"


def test_quarterly_values_say_on_what_basis_they_are(ask: Asked) -> None:
    answer = ask.answer("北原光学2024年第三季度净利润是多少")
    assert values(answer.results) == [31.5]
    assert "累计" in answer.answer


def test_ranks_are_in_order_with_their_values(ask: Asked) -> None:
    answer = ask.answer("2023年营业收入最高的前两家公司是哪些？")
    assert [row.company for row in answer.results] == [SOUTH.company, NORTH.company]
    assert values(answer.results) == [1200.0, 900.75]


def test_a_rank_in_the_middle_is_that_company_alone(ask: Asked) -> None:
    answer = ask.answer("哪家上市公司2023年净利润第二高？")
    assert [row.company for row in answer.results] == [WEST.company]
    assert "第2高" in answer.answer


def test_loss_makers_come_first_among_the_lowest(ask: Asked) -> None:
    assert ask.answer("2023年净利润最低的公司是哪家").results[0].company == SOUTH.company


def test_a_computed_value_can_be_ranked(ask: Asked) -> None:
    # North 90/900.75, South -20/1200, West 15/300
    assert ask.answer("2023年净利润率最高的公司是哪家").results[0].company == NORTH.company


def test_companies_are_counted_with_what_they_were_counted_by(ask: Asked) -> None:
    answer = ask.answer("2023年货币资金大于5亿的上市公司有多少家？")
    (row,) = answer.results
    assert (row.value, row.text) == (2.0, "2家")
    assert sorted(operand.company for operand in row.operands) == sorted((NORTH.company, SOUTH.company))


def test_a_place_narrows_the_companies(ask: Asked) -> None:
    answer = ask.answer("在杭州注册的上市公司中，2023年货币资金大于6.5亿的有多少家？")
    assert values(answer.results) == [1.0]
    assert ask.answer("哪家在成都注册的上市公司，2023年净利润最高？").results[0].company == WEST.company


def test_nobody_meeting_a_condition_is_an_answer(ask: Asked) -> None:
    answer = ask.answer("2023年货币资金大于100亿的上市公司有多少家？")
    assert (answer.kind, values(answer.results)) == ("computed", [0.0])


def test_a_value_that_nobody_states_is_never_counted_as_none(ask: Asked) -> None:
    answer = ask.answer("2023年商誉大于1亿的上市公司有多少家？")
    assert (answer.kind, answer.results) == ("refused", ())


def test_only_companies_in_every_year_are_in_all(ask: Asked) -> None:
    answer = ask.answer("2022-2023年哪些上市公司净利润均位列前一？")
    assert {row.company for row in answer.results} == {NORTH.company}


def test_the_same_over_years_names_each_year(ask: Asked) -> None:
    answer = ask.answer("北原光学2023年的法定代表人与2022年相比是否相同？")
    assert "不相同" in answer.answer
    assert [row.text for row in answer.results] == ["李光", "王明"]
    assert len(answer.citations) == 2


def test_the_best_year_is_named_with_all_years(ask: Asked) -> None:
    answer = ask.answer("北原光学在2021、2022、2023年中，哪一年的净利润最高？")
    assert answer.results[0].year == 2023
    assert {row.year: row.value for row in answer.results} == {2021: -40.0, 2022: 60.0, 2023: 90.0}


def test_a_mean_over_companies_is_computed(ask: Asked) -> None:
    answer = ask.answer("2023年各公司的平均净利润是多少")
    assert answer.results[0].value == pytest.approx(85 / 3)


def test_what_a_whole_report_does_not_state_is_not_disclosed(ask: Asked) -> None:
    answer = ask("西岭材料2023年研发费用是多少")
    # So short a report may not have been read whole: its pages are asked instead.
    assert answer is None


def test_a_year_that_is_not_held_is_refused_with_what_is(ask: Asked) -> None:
    answer = ask.answer("北原光学2019年净利润是多少")
    assert answer.refusal is not None
    assert answer.refusal.reason == "not_in_library"
    assert "2023年" in answer.answer


def test_a_missing_year_of_several_is_never_taken_for_the_same(ask: Asked) -> None:
    answer = ask.answer("北原光学2021-2023年法定代表人是否相同")
    assert answer.kind == "refused"


def test_a_question_without_year_asks_back(ask: Asked) -> None:
    answer = ask.answer("北原光学净利润是多少")
    assert answer.refusal is not None
    assert (answer.refusal.reason, bool(answer.refusal.ask_back)) == ("ambiguous", True)


def test_english_questions_are_answered_in_english(ask: Asked) -> None:
    answer = ask.answer("What was the gross margin of 北原光学 in 2023?")
    assert "Gross margin was 50.01%" in answer.answer
    assert "Operating revenue 900.75" in answer.answer


QUESTIONS = (
    "北原光学2023年毛利率是多少",
    "北原光学2023年净利润和营业收入分别是多少",
    "2023年营业收入最高的前两家公司是哪些？",
    "2023年货币资金大于5亿的上市公司有多少家？",
    "北原光学2023年资产负债率是多少",
    "北原光学在2022、2023年中，哪一年的净利润最高？",
    "2023年各公司的平均净利润是多少",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_number_said_is_an_operand_a_result_or_of_the_question(ask: Asked, question: str) -> None:
    answer = ask.answer(question)
    known = {Decimal(n) for row in answer.results for n in re.findall(r"-?\d+(?:\.\d+)?", row.text)}
    known |= {Decimal(str(o.value)) for row in answer.results for o in row.operands}
    known |= {Decimal(n) for n in re.findall(r"\d+", question)}
    quoted = {
        Decimal(n.replace(",", "")) for c in answer.citations for n in re.findall(r"-?\d[\d,]*(?:\.\d+)?", c.text)
    }
    said = re.sub(r"\[\d+\]", "", answer.answer)
    totals = {Decimal("400.00")}  # a total of two quoted parts
    for number in re.findall(r"(?<![\d第前])-?\d+(?:\.\d+)?", said):
        assert Decimal(number) in known | quoted | totals | {Decimal(2), Decimal(3), Decimal(2022), Decimal(2023)}, (
            number
        )


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_plan_shown_is_the_plan_that_can_be_run(ask: Asked, question: str) -> None:
    shown = answer_json(ask.answer(question))
    assert shown["plan"] is not None
    assert plan_from_json(shown["plan"]).measures
    assert shown["results"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_citations_quote_their_page_exactly(ask: Asked, question: str) -> None:
    answer = ask.answer(question)
    for citation in answer.citations:
        assert citation.text in ask.store.page(citation.document_id, citation.page).text.splitlines()
    assert answer.verification.citations_missing == 0


@pytest.mark.parametrize(
    "name",
    ["'; DROP TABLE facts; --", "杭州' OR '1'='1", '"; DELETE FROM documents; --', "%", "_"],
)
def test_sql_in_a_question_does_nothing(ask: Asked, name: str) -> None:
    before = ask.answer("2023年货币资金大于1亿的上市公司有多少家？").results
    ask(f"在{name}注册的上市公司中，2023年净利润最高的是哪家？")
    ask(f"{name}2023年净利润是多少？")
    assert ask.answer("2023年货币资金大于1亿的上市公司有多少家？").results == before
