"""Question files of every layout, recognised from their keys, with made-up rows."""

import json
from pathlib import Path
from typing import Any

import pytest

from vouch.eval.datasets import core, load_items, sample
from vouch.eval.types import Item
from vouch.retrieval.errors import UsageError

REPORT = "2023-04-01__琅岱仪器股份有限公司__688999__琅岱仪器__2022年__年度报告.pdf"
OTHER = "2023-04-02__青砚科技股份有限公司__688998__青砚科技__2022年__年度报告.pdf"


def written(folder: Path, *rows: Any, name: str = "anything.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def loaded(folder: Path, row: dict[str, Any]) -> Item:
    (found,) = load_items(written(folder, row))
    return found


def test_a_value_with_its_page(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        {"id": "a", "type": "1", "question": "营业成本是多少元？", "gold_value": 1234.5, "gold_text": "1,234.50"}
        | {"gold_unit": "元", "gold_page": 63, "report": f"reports/{REPORT}", "core": True},
    )
    assert (found.kind, found.gold, found.gold_values, found.unit) == ("value", ("1,234.50",), (1234.5,), "元")
    assert (found.report, found.pages, found.core, found.type) == (REPORT, (63,), True, "1")


def test_a_computed_value_has_its_operands(tmp_path: Path) -> None:
    row = {
        "question": "比例？",
        "gold_value": 6.15,
        "gold_text": "6.15%",
        "gold_unit": "%",
        "inputs": {"甲": "1", "乙": 2.5},
    }
    assert loaded(tmp_path, row | {"gold_page": [63, 64]}).components == {"甲": "1", "乙": "2.5"}
    assert loaded(tmp_path, row | {"gold_page": [63, 64]}).pages == (63, 64)


def test_several_labelled_values(tmp_path: Path) -> None:
    values = {"成本": 5.5, "利润": -3}
    found = loaded(tmp_path, {"question": "分别？", "gold_value": values, "gold_text": {"成本": "5.50", "利润": "-3"}})
    assert (found.kind, found.labels, found.gold, found.gold_values) == (
        "values",
        ("成本", "利润"),
        ("5.50", "-3"),
        (5.5, -3),
    )


def test_a_superlative_among_labelled_values(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"question": "哪一年最高？", "gold_value": {"2021": 7, "2022": 9}, "gold_text": "2022"})
    assert (found.kind, found.gold, found.labels, found.components) == (
        *("ranking", ("2022",), ("2021", "2022")),
        {"2021": "7", "2022": "9"},
    )


def test_a_text_compared_over_years_with_a_page_in_each_report(tmp_path: Path) -> None:
    row = {"question": "是否相同？", "gold_value": {"2022": "周墨言", "2021": "林疏"}, "gold_text": "不相同"}
    later = REPORT.replace("2022年", "2021年")
    found = loaded(tmp_path, row | {"report": [REPORT, later], "gold_page": {"2022": 5, "2021": 7}})
    assert (found.kind, found.gold, found.components) == ("text", ("不相同",), {"2022": "周墨言", "2021": "林疏"})
    assert found.places == ((REPORT, 5), (later, 7))


ROWS = [["琅岱仪器股份有限公司", 9.5], ["青砚科技股份有限公司", 8.25]]


def test_the_highest_of_several_companies(tmp_path: Path) -> None:
    row = {
        "question": "净利润最高的是哪家？金额是多少？",
        "gold_value": ROWS,
        "gold_text": ROWS[0][0],
        "report": [REPORT, OTHER],
    }
    found = loaded(tmp_path, row | {"gold_page": {REPORT: 5, OTHER: 6}})
    assert (found.kind, found.gold, found.gold_values) == ("ranking", (ROWS[0][0],), (9.5,))
    assert found.labels == (ROWS[0][0], ROWS[1][0])
    assert found.aliases == {ROWS[0][0]: ("琅岱仪器",), ROWS[1][0]: ("青砚科技",)}
    assert found.places == ((REPORT, 5), (OTHER, 6))
    assert loaded(tmp_path, {**row, "question": "净利润最高的是哪家？"}).gold_values == ()


def test_a_ranking_in_the_unit_asked_for(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"question": "排名前2的公司？列出简称和收入（万元）", "gold_value": ROWS})
    assert (found.kind, found.gold_values, found.unit, found.ordered) == ("ranking", (9.5, 8.25), "万元", True)


def test_a_set_of_names_has_no_order(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        {"question": "哪些公司亏损？列出代码和简称", "gold_value": [["688999", "琅岱仪器"], ["688998", "青砚科技"]]},
    )
    assert (found.kind, found.gold, found.ordered) == ("ranking", ("琅岱仪器", "青砚科技"), False)
    assert found.aliases["琅岱仪器"] == ("688999",)


@pytest.mark.parametrize(("value", "text", "count"), [(ROWS, "2", 2), (ROWS, "0", 0), ([], None, 0)])
def test_a_count(tmp_path: Path, value: Any, text: Any, count: int) -> None:
    found = loaded(tmp_path, {"question": "大于5亿的有多少家？", "gold_value": value, "gold_text": text})
    assert (found.kind, found.gold_values) == ("count", (count,))


def test_another_reading_of_the_period(tmp_path: Path) -> None:
    row = {"question": "同比增长率是多少", "gold_value": 30.53, "gold_alt": "32.74% (single quarter)"}
    assert loaded(tmp_path, row).alternatives == ((32.74,),)


def test_a_dialogue_is_one_question(tmp_path: Path) -> None:
    turns = json.dumps([{"Q": "琅岱仪器利润总额是多少"}, {"Q": "2025年第三季度的"}], ensure_ascii=False)
    assert loaded(tmp_path, {"question": turns, "gold_value": 3}).question == "琅岱仪器利润总额是多少 2025年第三季度的"


def prompt(fact: str, **words: str) -> dict[str, Any]:
    names = "、".join(words)
    named = {"ent_name": "琅岱仪器股份有限公司", "ent_short_name": "琅岱仪器", "key_word": names, "prom_answer": fact}
    return {"question": "问？", "gold_text": fact, "gold_prompt": named | words, "reference_answers": ["甲", "乙"]}


def test_the_challenge_s_own_questions(tmp_path: Path) -> None:
    single = loaded(tmp_path, prompt("1234.50", 货币资金="1234.50") | {"type": "1"})
    assert (single.kind, single.gold_values, single.keywords, single.references) == (
        "value",
        (1234.5,),
        ("1234.50",),
        ("甲", "乙"),
    )
    ratio = loaded(tmp_path, prompt("6.15%", 甲费用="1元", 收入="16元") | {"type": "2-1"})
    assert (ratio.kind, ratio.unit, ratio.components) == ("value", "%", {"甲费用": "1元", "收入": "16元"})
    several = loaded(tmp_path, prompt("甲：1元；乙：2元；", 甲="1", 乙="2") | {"type": "1-2"})
    assert (several.kind, several.gold_values, several.labels) == ("values", (1, 2), ("甲", "乙"))
    person = loaded(tmp_path, prompt("周墨言", 法定代表人="周墨言") | {"type": "1"})
    assert (person.kind, person.gold) == ("text", ("周墨言",))
    code = loaded(tmp_path, prompt("688999", 证券代码="688999") | {"type": "1"})
    assert code.kind == "text"


def test_the_challenge_s_statistics(tmp_path: Path) -> None:
    words = {
        "琅岱仪器股份有限公司": "琅岱仪器股份有限公司",
        "9.5": "9.5",
        "青砚科技股份有限公司": "青砚科技股份有限公司",
        "8.25": "8.25",
    }
    top = loaded(
        tmp_path, prompt("琅岱仪器股份有限公司、9.5", **words) | {"type": "1-2", "question": "最高的前2家？金额为？"}
    )
    assert (top.kind, top.gold, top.gold_values) == (
        "ranking",
        ("琅岱仪器股份有限公司", "青砚科技股份有限公司"),
        (9.5, 8.25),
    )
    count = loaded(tmp_path, prompt("6", **{"6": "6"}) | {"type": "1", "question": "大于五亿的有多少家？"})
    assert (count.kind, count.gold_values) == ("count", (6,))


def test_questions_to_be_refused(tmp_path: Path) -> None:
    row = {
        "question": "问？",
        "expected": "must say that the report is not in the library",
        "reference_answers": ["无法回答"],
    }
    assert loaded(tmp_path, row).kind == "refusal"
    assert loaded(tmp_path, prompt("5", 甲="5") | {"answerable": False}).kind == "refusal"
    assert loaded(tmp_path, {"question": "代表人是谁？", "expected": "周墨言"}).kind == "text"


def test_open_questions_about_a_section(tmp_path: Path) -> None:
    row = {
        "question": "破产？",
        "gold_page": 30,
        "gold_pages": [30, 31],
        "excerpt": "八、破产",
        "not_applicable": True,
        "report": REPORT,
    }
    found = loaded(tmp_path, row)
    assert (found.kind, found.pages, found.also_pages, found.not_applicable) == ("open", (30,), (31,), True)
    assert found.references == ("八、破产",)


def test_questions_about_filings(tmp_path: Path) -> None:
    evidence = [{"doc": "LD_10K", "page": 41, "text": "…"}, {"doc": "LD_8K", "page": 2, "text": "…"}]
    row = {
        "question": "How much in USD million?",
        "answer": "77.78",
        "justification": None,
        "doc": "LD_10K",
        "evidence": evidence,
    }
    found = loaded(tmp_path, row)
    assert (found.kind, found.gold_values, found.unit) == ("filing", (77.78,), "USD million")
    assert found.places == (("LD_10K", 41), ("LD_8K", 2))
    prose = loaded(tmp_path, {**row, "answer": "Yes. The answer here assumes FY2023 ends in January 2023."})
    assert (prose.gold, prose.gold_values) == (("Yes.",), ())


def test_the_benchmark_s_own_pages_count_from_zero(tmp_path: Path) -> None:
    evidence = [{"doc_name": "LD_10K", "evidence_page_num": 40}]
    row = {"question": "?", "answer": "Yes", "justification": "", "doc_name": "LD_10K", "evidence": evidence}
    assert loaded(tmp_path, row).places == (("LD_10K", 41),)


def test_reading_comprehension_flat_and_nested(tmp_path: Path) -> None:
    flat = {
        "id": "1",
        "question": "哪年？",
        "context": "在1995年。",
        "answers": [{"text": "1995年", "answer_start": 1}],
    }
    found = loaded(tmp_path, flat)
    assert (found.kind, found.gold, found.passage) == ("reading", ("1995年",), "在1995年。")
    none = loaded(tmp_path, {**flat, "answers": [], "is_impossible": True})
    assert (none.kind, none.passage) == ("refusal", "在1995年。")
    nested = {"data": [{"paragraphs": [{"context": "在1995年。", "qas": [flat, {**flat, "id": "2"}]}]}]}
    assert [entry.id for entry in load_items(written(tmp_path, nested, name="squad.json"))] == ["1", "2"]


def test_exams_and_decisions(tmp_path: Path) -> None:
    exam = loaded(
        tmp_path, {"question": "?", "options": {"A": "甲", "B": "乙"}, "answer": "B", "source": "cmmlu/anatomy"}
    )
    assert (exam.kind, exam.gold, exam.choices, exam.type) == ("choice", ("B", "乙"), ("甲", "乙"), "cmmlu")
    listed = loaded(tmp_path, {"question": "?", "choices": ["甲", "乙"], "answer": "甲"})
    assert listed.gold == ("A", "甲")
    decided = loaded(
        tmp_path, {"question": "Does it?", "contexts": ["One.", "Two."], "final_decision": "maybe", "long_answer": "…"}
    )
    assert (decided.gold, decided.choices, decided.passage) == (("maybe",), ("yes", "no", "maybe"), "One.\nTwo.")


def test_tables_with_text(tmp_path: Path) -> None:
    questions = [
        {"uid": "q1", "question": "Change?", "answer": 33.69, "answer_type": "arithmetic", "scale": "percent"},
        {"uid": "q2", "question": "Cost in 2019?", "answer": ["$1,955"], "answer_type": "span", "scale": "thousand"},
        {"uid": "q3", "question": "Why?", "answer": ["higher wages"], "answer_type": "span", "scale": ""},
        {"uid": "q4", "question": "How many?", "answer": "3", "answer_type": "count", "scale": ""},
    ]
    row = {
        "table": {"table": [["", "2019"], ["Cost", "$1,955"]]},
        "paragraphs": [{"order": 1, "text": "Wages rose."}],
        "questions": questions,
    }
    found = load_items(written(tmp_path, [row], name="tables.json"))
    assert [(entry.id, entry.kind, entry.unit) for entry in found] == [
        *(("q1", "value", "%"), ("q2", "value", "thousand"), ("q3", "reading", ""), ("q4", "count", ""))
    ]
    assert found[0].passage == "  2019\nCost  $1,955\n\nWages rose."


def test_pairs_of_question_and_answer(tmp_path: Path) -> None:
    answer = "多休息，多喝水，避免辛辣刺激的食物；若三天后仍不见好转，请到医院就诊，由医生检查并决定是否用药。"
    found = loaded(tmp_path, {"instruction": "感冒怎么办？", "input": "已经两天了", "output": answer})
    assert (found.kind, found.question, found.references) == ("open", "感冒怎么办？\n已经两天了", (answer,))


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"answer": "1.2亿元"}, "value"),
        ({"answer": 5}, "value"),
        ({"gold_text": "6.15%"}, "value"),
        ({"gold_text": "周墨言"}, "text"),
        ({"gold_text": "000999"}, "text"),
        ({"answer": "周墨言"}, "text"),
        ({"answers": ["周墨言", "墨言"]}, "text"),
        ({"answer": "公司" * 40}, "open"),
        ({"reference_answers": ["商誉是差额。"]}, "open"),
        ({"gold_page": 5, "answer": "周墨言"}, "text"),
    ],
)
def test_a_user_s_own_simple_file(tmp_path: Path, row: dict[str, Any], kind: str) -> None:
    assert loaded(tmp_path, {"question": "问？", **row}).kind == kind


def test_evidence_names_the_page_of_a_simple_answer(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"question": "谁？", "answer": "周墨言", "evidence": [{"document": "a/b.pdf", "page": 3}]})
    assert found.places == (("b.pdf", 3),)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"question": "a", "answer": "b"}\n{"question": "c"}', "line 2: this row has a question but no answer"),
        ('{"question": "a", "answer": "b"}\n\n{"text": "c"}', "line 3: this row has no question"),
        ('{"question": "a", "answer": "b"}\n{"question"', "line 2: no JSON"),
        ('[{"question": "a", "answer": "b"}, 5]', "line 2: a row must be a JSON object, not int"),
        (
            '{"question": "a", "options": {"A": "x"}, "answer": "Z"}',
            "line 1: answer 'Z' is none of the options (read as exams)",
        ),
        ("", "holds no questions"),
    ],
)
def test_a_line_that_is_not_understood_is_named(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        load_items(path)
    assert problem in str(raised.value)
    assert "questions.jsonl" in str(raised.value)


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"question": "a\u2028b", "answer": "c"}', encoding="utf-8")
    assert load_items(path)[0].question == "a\u2028b"


def test_items_without_an_id_or_with_the_same_get_their_own(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        *({"question": str(n), "answer": "x"} for n in range(2)),
        *({"id": "7", "question": "q", "answer": "x"},) * 2,
    )
    assert [entry.id for entry in load_items(path)] == ["1", "2", "7", "7#2"]


def test_a_sample_is_decided_by_its_seed_and_keeps_the_order(tmp_path: Path) -> None:
    items = load_items(written(tmp_path, *({"id": f"{n:02}", "question": "q", "answer": "x"} for n in range(30))))
    drawn = [entry.id for entry in sample(items, 5, 1)]
    assert drawn == sorted(drawn) == [entry.id for entry in sample(items, 5, 1)]
    assert len(drawn) == 5
    assert drawn != [entry.id for entry in sample(items, 5, 2)]
    assert sample(items, 99, 1) == items


def test_the_core_is_what_is_flagged(tmp_path: Path) -> None:
    items = load_items(
        written(tmp_path, {"question": "a", "answer": "x", "core": True}, {"question": "b", "answer": "x"})
    )
    assert [entry.question for entry in core(items)] == ["a"]
    with pytest.raises(UsageError, match="core"):
        core(items[1:])
