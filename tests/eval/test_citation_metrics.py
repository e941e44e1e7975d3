"""Pages, citations and numbers of answers, by hand."""

from dataclasses import replace

import pytest

from tests.eval.makers import REPORT, answer, cited, hit, item, value_item
from vouch.eval.answers import judged_record
from vouch.eval.citation_metrics import citation_scores, number_faithfulness, page_scores
from vouch.eval.computations import computed_numbers
from vouch.eval.numbers import numbers
from vouch.generation.types import Answer, ResultOperand, ResultRow

PAGES = {
    63: "营业收入 1,175,301,034.32 元\n营业成本 903,236,584.52",
    64: "销售费用 37,413,213.03",
    70: "单位：万元\n营业收入 117,530.10",
    5: "法定代表人 周墨言",
}


def page_text(document_id: str, page: int) -> str:
    return PAGES[page]


RATE = value_item(
    23.15,
    "23.15%",
    "%",
    pages=(63, 64),
    report=REPORT,
    components={"营业收入": "1,175,301,034.32", "销售费用": "37,413,213.03"},
)
REVENUE = value_item(1_175_301_034.32, "1,175,301,034.32", pages=(63,), report=REPORT)


def test_page_recall_looks_at_distinct_pages_in_order() -> None:
    retrieved = [(REPORT, 70), (REPORT, 70), (REPORT, 63), (REPORT, 1), (REPORT, 64)]
    # distinct: 70, 63, 1, 64 -> none of 2 in the first, one in three, both in five
    assert page_scores(RATE, retrieved) == {"page_recall@1": 0, "page_recall@3": 0.5, "page_recall@5": 1}


def test_page_recall_of_an_unknown_page_does_not_exist() -> None:
    assert page_scores(value_item(1, "1"), [(REPORT, 1)]) == {}


def test_a_page_of_another_document_is_not_the_right_one() -> None:
    assert page_scores(REVENUE, [("other.pdf", 63)])["page_recall@5"] == 0


def test_citation_precision_is_the_share_that_holds_a_number_of_the_answer() -> None:
    said = answer("23.15%", cited(63), cited(64), cited(5))
    scores = citation_scores(RATE, said, page_text)
    assert scores["citation_precision"] == pytest.approx(2 / 3)
    assert scores["citation_recall"] == 1
    assert scores["cited_page_recall"] == 1


def test_citation_recall_is_the_share_of_needed_numbers_on_cited_pages() -> None:
    scores = citation_scores(RATE, answer("23.15%", cited(63)), page_text)
    assert (scores["citation_recall"], scores["cited_page_recall"]) == (0.5, 0.5)


def test_a_number_is_held_by_another_page_that_prints_it_in_its_own_unit() -> None:
    scores = citation_scores(REVENUE, answer("…", cited(70)), page_text)
    assert scores == {"citation_precision": 1, "citation_recall": 1, "cited_page_recall": 0}


def test_an_answer_without_citations_has_no_precision_and_no_recall() -> None:
    assert citation_scores(REVENUE, answer("…"), page_text) == {"citation_recall": 0, "cited_page_recall": 0}


def test_a_citation_of_a_page_that_does_not_exist_holds_nothing() -> None:
    assert citation_scores(REVENUE, answer("…", cited(999)), page_text)["citation_precision"] == 0


def test_a_text_must_stand_on_a_cited_page() -> None:
    person = item("text", "法定代表人？", ("周墨言",), pages=(5,), report=REPORT)
    assert citation_scores(person, answer("周墨言", cited(5), cited(64)), page_text) == {
        **{"citation_precision": 0.5, "citation_recall": 1, "cited_page_recall": 1}
    }


def test_prose_needs_its_pages() -> None:
    prose = item("filing", "?", ("Yes",), pages=(5, 64), report=REPORT)
    scores = citation_scores(prose, answer("Yes", cited(5), cited(63)), page_text)
    assert scores == {"citation_precision": 0.5, "citation_recall": 0.5, "cited_page_recall": 0.5}


def test_numbers_are_faithful_where_a_quote_holds_them() -> None:
    said = answer("收入为1,175,301,034.32元，费用为999.00元。[1]", cited(63, PAGES[63]))
    assert number_faithfulness(REVENUE, said) == {"number_faithfulness": 0.5}


def test_numbers_of_the_question_need_no_evidence() -> None:
    asked = value_item(5, "5", question="收入大于100万元的有几家？")
    assert number_faithfulness(asked, answer("大于100万元的")) == {}


def test_a_quote_in_thousands_stands_for_the_number_in_units() -> None:
    said = answer("营业收入为1,175,301,000元。", cited(70, "营业收入 117,530.10"))
    assert number_faithfulness(REVENUE, said) == {"number_faithfulness": 1}


def test_the_result_of_a_shown_computation_is_faithful() -> None:
    shown = "(1,175,301,034.32-903,236,584.52)/1,175,301,034.32="
    plain = value_item(0, "0")
    assert number_faithfulness(plain, answer(f"毛利率={shown}23.15%", cited(63, PAGES[63]))) == {
        "number_faithfulness": 1
    }
    assert number_faithfulness(plain, answer(f"毛利率={shown}32.15%", cited(63, PAGES[63]))) == {
        "number_faithfulness": 0.75
    }


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("(8-6)/8=25%", [25]),
        ("6元÷8元＝0.75", [0.75]),
        ("2 × 3 = 6，6 + 1 = 7", [6, 7]),
        ("8-6=3", []),
        ("8/0=1", []),
        ("利润=8", []),
        ("1亿元 - 2,000万元 = 8,000万元", [80_000_000]),
    ],
)
def test_shown_computations_are_worked_out(text: str, results: list[float]) -> None:
    found = {number.start: number.value for number in numbers(text.replace("÷", "/").replace("×", "*"))}
    known = {start for start, value in found.items() if value not in results or value == 6}
    assert sorted(found[start] for start in computed_numbers(text, known)) == sorted(results)


def test_a_record_holds_every_score() -> None:
    said = answer("琅岱仪器2022年营业收入为 1,175,301,034.32 元。 [1]", cited(63, PAGES[63]))
    record = judged_record(REVENUE, said, [hit(64), hit(64), hit(63)], page_text)
    assert record.verdict == "correct"
    assert record.retrieved_pages == ((REPORT, 64), (REPORT, 63))
    assert record.scores == {
        **{"value": 1, "page_recall@1": 0, "page_recall@3": 1, "page_recall@5": 1, "number_faithfulness": 1},
        **{"citation_precision": 1, "citation_recall": 1, "cited_page_recall": 1},
    }


def worked(
    value: float, unit: str, text: str, *, operand: float = 1_175_301_034.32, formula: str | None = None
) -> Answer:
    operands = (ResultOperand("营业收入", 2019, "FY", operand, "元", 1),)
    row = ResultRow("", "", 2019, "FY", "x", value, text, unit, formula, operands, (1,))
    return replace(answer(f"结果是{text}。", cited(63, PAGES[63])), results=(row,))


def test_a_result_is_faithful_when_its_operands_are_quoted() -> None:
    plain = value_item(0, "0")
    assert number_faithfulness(plain, worked(23.15, "%", "23.15%", formula="a/b")) == {"number_faithfulness": 1}
    unquoted = worked(23.15, "%", "23.15%", operand=7.77, formula="a/b")
    assert number_faithfulness(plain, unquoted) == {"number_faithfulness": 0}
    assert number_faithfulness(plain, worked(23.15, "%", "32.15%", formula="a/b")) == {"number_faithfulness": 0}


def test_a_count_is_faithful_when_it_is_as_large_as_what_is_listed() -> None:
    plain = value_item(0, "0")
    assert number_faithfulness(plain, worked(1, "家", "1家")) == {"number_faithfulness": 1}
    assert number_faithfulness(plain, worked(2, "家", "2家")) == {"number_faithfulness": 0}


def test_a_threshold_of_the_question_needs_no_evidence_with_its_unit_said() -> None:
    asked = value_item(5, "5", question="收入大于5亿的有几家？")
    assert number_faithfulness(asked, answer("收入大于5亿元的")) == {}
