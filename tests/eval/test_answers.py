"""Items asked one by one, and the summary of all."""

import json

import pytest

from tests.eval.makers import answer, cited, hit, item, refusal, value_item
from vouch.eval.answers import System, answer_records, question_text, summarise
from vouch.eval.types import AnswerRecord, Verdict
from vouch.generation.types import Answer
from vouch.retrieval.types import Hit


def system(asked: list[tuple[str, str]]) -> System:
    def ask(question: str) -> tuple[Answer, tuple[Hit, ...]]:
        asked.append(("library", question))
        return answer("营业收入为5.00元。", cited(1, "营业收入 5.00")), (hit(1),)

    def ask_passage(passage: str, question: str) -> tuple[Answer, tuple[Hit, ...]]:
        asked.append((passage, question))
        return refusal(), ()

    return System(ask, ask_passage, lambda document_id, page: "营业收入 5.00")


def test_each_item_is_asked_where_its_answer_is() -> None:
    asked: list[tuple[str, str]] = []
    reading = item("reading", "哪年？", ("1995",), passage="在1995年。")
    records = answer_records([value_item(5, "5.00"), reading], system(asked))
    assert next(records).verdict == "correct"
    assert asked == [("library", "琅岱仪器2022年营业收入是多少？")]  # one at a time
    assert next(records).verdict == "refused"
    assert asked[1] == ("在1995年。", "哪年？")


def test_choices_are_part_of_the_question() -> None:
    exam = item("choice", "哪里？", ("B", "乙"), choices=("甲", "乙"))
    assert question_text(exam) == "哪里？\nA. 甲\nB. 乙"
    assert question_text(item("choice", "Does it?", ("yes",), choices=("yes", "no", "maybe"))) == "Does it?"


def record(verdict: Verdict, kind: str, **scores: float) -> AnswerRecord:
    named = {name.replace("_at_", "@"): value for name, value in scores.items()}
    return AnswerRecord(item("text", "问？", ("甲",), type=kind), answer("乙"), verdict, named, notes=("why",))


RECORDS = [
    record("correct", "1", page_recall_at_1=1, citation_precision=0.5),
    record("correct", "1", page_recall_at_1=0),
    record("wrong", "2-1", page_recall_at_1=0.5, citation_precision=1),
    record("refused", "2-1", f1=0),
]


def test_the_summary_keeps_correct_wrong_and_refused_apart() -> None:
    found = summarise(RECORDS).values
    assert {name: found[name] for name in ("items", "correct", "wrong", "refused")} == {
        **{"items": 4, "correct": 2, "wrong": 1, "refused": 1}
    }
    assert found["accuracy"] == 0.5
    assert found["score"] == pytest.approx((1 + 1 - 1 + 0) / 4)
    assert found["weights"] == {"correct": 1, "refused": 0, "wrong": -1}


def test_a_wrong_answer_costs_more_than_a_refusal() -> None:
    wrong, refused = (summarise([RECORDS[0], record(verdict, "1")]).values["score"] for verdict in ("wrong", "refused"))
    assert wrong < refused


def test_a_mean_is_over_the_items_that_have_the_metric() -> None:
    found = summarise(RECORDS).values
    assert found["page_recall@1"] == pytest.approx(1.5 / 3)
    assert found["citation_precision"] == pytest.approx(0.75)
    assert found["f1"] == 0
    assert found["rouge_l"] is None


def test_types_and_failures() -> None:
    found = summarise(RECORDS).values
    assert found["by_type"]["2-1"] == {
        **{"items": 2, "correct": 0, "wrong": 1, "refused": 1, "accuracy": 0, "score": -0.5},
        **{"citation_precision": 1, "f1": 0, "page_recall@1": 0.5},
    }
    assert [failure["verdict"] for failure in found["failures"]] == ["wrong", "refused"]
    assert found["failures"][0]["notes"] == ["why"]


def test_the_summary_is_plain_json_and_holds_for_nothing() -> None:
    json.dumps(summarise(RECORDS).values, allow_nan=False)
    empty = summarise([]).values
    assert (empty["items"], empty["accuracy"], empty["failures"]) == (0, 0, [])
