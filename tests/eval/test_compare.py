from pathlib import Path

import pytest

from tests.eval.run_maker import answer_line, settings
from vouch.eval.compare import compare_runs, comparison_text
from vouch.eval.runs import FinishedRun
from vouch.retrieval.errors import UsageError


def answers(folder: str, *verdicts: str, questions: str = "q1") -> FinishedRun:
    """Return a run with these verdicts; the first half of the items is of type 1."""
    lines = [
        answer_line(f"i{n}", verdict, "1" if n < len(verdicts) / 2 else "open") for n, verdict in enumerate(verdicts)
    ]
    return FinishedRun(Path(folder), settings(questions=questions), {}, tuple(lines))


def queries(folder: str, mode: str, *scores: float) -> FinishedRun:
    lines = [
        {"query_id": f"q{n}", "mode": mode, "hits": [], "scores": {"ndcg@10": score, "recall@10": score}, "query": "?"}
        for n, score in enumerate(scores)
    ]
    return FinishedRun(Path(folder), settings("retrieval"), {}, tuple(lines))


def test_a_wrong_answer_that_becomes_a_refusal_is_better() -> None:
    found = compare_runs(answers("a", "wrong", "correct"), answers("b", "refused", "correct"))
    assert [(change["id"], change["from"], change["to"]) for change in found["better"]] == [("i0", "wrong", "refused")]
    assert found["worse"] == []


def test_every_changed_item_is_named_once_with_both_answers() -> None:
    before = answers("a", "correct", "wrong", "correct", "refused")
    after = answers("b", "wrong", "wrong", "refused", "correct")
    found = compare_runs(before, after)
    assert [change["id"] for change in found["worse"]] == ["i0", "i2"]
    assert [change["id"] for change in found["better"]] == ["i3"]
    assert found["worse"][0]["answer_a"] == "营业收入为12.34亿元。"
    assert (found["by_type"]["1"]["worse"], found["by_type"]["open"]["worse"]) == (1, 1)


def test_means_and_differences_are_those_of_the_items() -> None:
    found = compare_runs(answers("a", "correct", "wrong", "wrong", "wrong"), answers("b", *["correct"] * 3, "wrong"))
    entry = found["metrics"]["correct"]
    assert (entry["a"], entry["b"], entry["difference"]) == (0.25, 0.75, 0.5)
    assert found["metrics"]["wrong"]["difference"] == -0.5


def test_the_p_of_five_gains_and_no_loss_is_one_sixteenth() -> None:
    # All 32 sign patterns of five equal differences: two of them are as extreme as all plus.
    found = compare_runs(answers("a", *["wrong"] * 5), answers("b", *["correct"] * 5))
    assert found["metrics"]["correct"]["p"] == pytest.approx(2 / 32)


def test_a_run_against_itself_has_no_difference() -> None:
    run = answers("a", "correct", "wrong", "refused")
    found = compare_runs(run, run)
    assert (found["better"], found["worse"]) == ([], [])
    assert found["metrics"]["correct"]["p"] == 1.0
    assert found["metrics"]["correct"]["interval"] == [0.0, 0.0]


def test_queries_are_compared_by_ndcg_in_the_modes_that_both_runs_have() -> None:
    found = compare_runs(queries("a", "lexical", 1.0, 0.5, 0.0), queries("b", "lexical", 0.5, 0.5, 1.0))
    assert [change["id"] for change in found["better"]] == ["q2"]
    assert [change["id"] for change in found["worse"]] == ["q0"]
    assert found["metrics"]["lexical.ndcg@10"]["difference"] == pytest.approx(1 / 6, abs=1e-6)
    with pytest.raises(UsageError, match="no common mode"):
        compare_runs(queries("a", "lexical", 1.0), queries("b", "vector", 1.0))


def test_facts_are_compared_by_verdict() -> None:
    def facts(folder: str, verdict: str) -> FinishedRun:
        line = {"report": "r.pdf", "field": "营业收入", "gold": 1.0, "found": 1.0, "page": 3, "verdict": verdict}
        return FinishedRun(Path(folder), settings("facts"), {}, (line,))

    found = compare_runs(facts("a", "missing"), facts("b", "wrong"))
    assert [(change["from"], change["to"]) for change in found["worse"]] == [("missing", "wrong")]
    assert found["by_type"]["营业收入"]["worse"] == 1


def test_runs_over_different_questions_are_refused() -> None:
    with pytest.raises(UsageError, match="different questions"):
        compare_runs(answers("a", "correct"), answers("b", "correct", questions="q2"))
    with pytest.raises(UsageError, match="evaluates answers"):
        compare_runs(answers("a", "correct"), queries("b", "lexical", 1.0))
    with pytest.raises(UsageError, match="i1 is in one only"):
        compare_runs(answers("a", "correct"), answers("b", "correct", "wrong"))


def test_the_text_for_people_names_what_got_worse() -> None:
    text = comparison_text(compare_runs(answers("a", "correct", "wrong"), answers("b", "wrong", "correct")))
    assert "1 better, 1 worse" in text
    assert "i0  correct -> wrong  江河重工2022年的营业收入是多少？(i0)" in text
