"""Judges are scripted: what they say is given, the scores expected were computed by hand from the RAGAS definitions."""

import json
from collections.abc import Mapping

import pytest

from vouch.eval.judge_replies import Unparsable, flag, json_object, verdicts
from vouch.eval.judges import Case, Judge, Judgement, judge_summary, mean_precision, prompt_text
from vouch.generation.models.scripted import ScriptedModel
from vouch.retrieval.errors import ModelError, NoReply

CASE = Case("营业收入是多少？", "营业收入12.34亿元，同比增长8.5%。", ("甲段", "乙段", "丙段"), "12.34亿元，增长8.5%。")


def split(*statements: str) -> str:
    return json.dumps({"statements": statements}, ensure_ascii=False)


def checked(*supported: bool) -> str:
    entries = [{"n": n, "reason": "", "supported": good} for n, good in enumerate(supported, start=1)]
    return json.dumps({"verdicts": entries})


def useful(good: bool) -> str:
    return json.dumps({"reason": "", "useful": good})


def asked(*questions: str, evasive: bool = False) -> str:
    return json.dumps({"questions": questions, "evasive": evasive}, ensure_ascii=False)


FAITHFUL = (split("收入12.34亿元", "增长8.5%"), checked(True, False))
RELEVANT = (asked("同样的问题", "别的问题"),)
PRECISE = (useful(False), useful(True), useful(True))
RECALLED = (split("收入12.34亿元", "增长8.5%"), checked(True, True))


def same(_question: str, other: str) -> float:
    return 1.0 if other == "同样的问题" else 0.5


def judged(*replies: str | Exception, case: Case = CASE, attempts: int = 1) -> dict[str, Judgement]:
    model = ScriptedModel(replies)
    found = Judge(model, same, attempts).judge(case)
    assert model.unused == 0
    return found


def test_each_score_is_the_one_computed_by_hand() -> None:
    found = judged(*FAITHFUL, *RELEVANT, *PRECISE, *RECALLED)
    assert {name: judgement.value for name, judgement in found.items()} == {
        "faithfulness": 1 / 2,
        "answer_relevance": (1.0 + 0.5) / 2,
        "context_precision": pytest.approx((1 / 2 + 2 / 3) / 2),
        "context_recall": 1.0,
    }


@pytest.mark.parametrize(
    ("useful_ones", "expected"),
    [
        ([True, True], 1.0),
        ([False, True], 1 / 2),
        ([True, False, True], (1 + 2 / 3) / 2),
        ([False, False], 0.0),
        ([], 0.0),
    ],
)
def test_precision_is_high_where_useful_passages_come_first(useful_ones: list[bool], expected: float) -> None:
    assert mean_precision(useful_ones) == pytest.approx(expected)


def test_a_refusal_is_not_judged_for_what_it_does_not_say() -> None:
    found = judged(*PRECISE, *RECALLED, case=Case(CASE.question, "", CASE.passages, CASE.reference))
    assert found["faithfulness"] == Judgement("not_applicable", reason="no answer")
    assert found["answer_relevance"].state == "not_applicable"


def test_an_evasive_answer_is_not_relevant() -> None:
    found = judged(*FAITHFUL, asked("同样的问题", evasive=True), *PRECISE, *RECALLED)
    assert found["answer_relevance"].value == 0.0


def test_without_a_reference_precision_and_recall_do_not_apply() -> None:
    found = judged(*FAITHFUL, *RELEVANT, case=Case(CASE.question, CASE.answer, CASE.passages))
    assert found["context_precision"].state == found["context_recall"].state == "not_applicable"


def test_without_passages_nothing_is_supported() -> None:
    found = judged(split("一"), *RELEVANT, split("二"), case=Case(CASE.question, CASE.answer, (), CASE.reference))
    assert found["faithfulness"].value == found["context_recall"].value == found["context_precision"].value == 0.0


def test_a_failure_is_counted_with_its_reason_and_changes_no_mean() -> None:
    timeout = NoReply("too slow", "timeout")
    first = judged(*FAITHFUL, *RELEVANT, *PRECISE, *RECALLED)
    second = judged(timeout, "I cannot do that.", NoReply("no", "refused"), split("一"), checked(True, True))
    summary = judge_summary([first, second])
    assert summary["faithfulness"] == {
        "mean": 0.5, "judged": 1, "not_applicable": 0, "failed": 1, "failures": {"timeout": 1},
    }  # fmt: skip
    assert summary["answer_relevance"]["failures"] == {"unparsable": 1}
    assert summary["context_precision"]["failures"] == {"refused": 1}
    assert summary["context_recall"]["failures"] == {"unparsable": 1}, "two verdicts for one statement"


def test_a_mean_of_nothing_is_none_and_not_a_number_of_any_sort() -> None:
    summary = judge_summary([judged(*["?"] * 4)])
    assert [entry["mean"] for entry in summary.values()] == [None] * 4
    assert "NaN" not in json.dumps(summary)


def test_a_reply_that_cannot_be_read_is_asked_for_once_more() -> None:
    model = ScriptedModel(["Sure!", *FAITHFUL, *RELEVANT])
    found = Judge(model, same, attempts=2).judge(Case(CASE.question, CASE.answer, CASE.passages))
    assert found["faithfulness"].value == 0.5
    assert [message.role for message in model.requests[1].messages] == ["user", "assistant", "user"]


def test_a_model_that_cannot_be_used_at_all_stops_the_run() -> None:
    with pytest.raises(ModelError, match="wrong key"):
        judged(ModelError("wrong key"))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("name", "blanks"),
    [
        ("split_answer", ("question", "answer")),
        ("check_statements", ("passages", "statements")),
        ("useful_passage", ("passage", "reference", "question")),
        ("questions_answered", ("answer",)),
    ],
)
def test_prompts_hold_what_they_are_given(name: str, language: str, blanks: tuple[str, ...]) -> None:
    text = prompt_text(name, language, {blank: f"the {blank} costs $question" for blank in blanks})
    assert all(f"the {blank} costs $question" in text for blank in blanks), "what is filled in is not filled again"
    assert "JSON" in text
    assert ("只输出" in text) == (language == "zh")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Here it is:\n```json\n{"a": {"b": "}"}}\n```\nDone.', {"a": {"b": "}"}}),
        ('{broken} then {"a": 2}', {"a": 2}),
        ('[{"a": 3}]', {"a": 3}),
    ],
)
def test_the_object_is_found_wherever_it_stands(reply: str, expected: Mapping[str, object]) -> None:
    assert json_object(reply) == expected


@pytest.mark.parametrize("reply", ["", "no", "[1, 2]", "{'a': 1}", "{" * 5000])
def test_a_reply_without_an_object_is_unparsable(reply: str) -> None:
    with pytest.raises(Unparsable):
        json_object(reply)


def test_verdicts_are_put_in_order_and_must_be_complete() -> None:
    entries = [{"n": 2, "supported": False}, {"n": 1, "supported": 1}]
    assert verdicts({"verdicts": entries}, 2) == [True, False]
    for broken in (entries[:1], [entries[0], entries[0]], [{"n": 1, "supported": "yes"}, entries[0]], "both"):
        with pytest.raises(Unparsable):
            verdicts({"verdicts": broken}, 2)
    with pytest.raises(Unparsable):
        flag({"useful": "true"}, "useful")
