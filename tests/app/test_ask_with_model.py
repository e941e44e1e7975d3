"""`vouch ask` and `vouch eval answers` with a chat model, one whose replies are written down."""

import json
from pathlib import Path

import pytest

from tests.app.conftest import Vouch

QUESTION = "江河重工2022年的主要产品和核心竞争力是什么？"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of replies, named by the settings."""
    path = tmp_path / "replies.json"
    monkeypatch.setenv("VOUCH_MODEL__PATH", str(path))
    return path


def write(script: Path, *replies: str) -> None:
    script.write_text(json.dumps(replies, ensure_ascii=False), encoding="utf-8")


def test_a_runtime_named_by_the_flag_answers_and_what_it_invents_is_refused(
    vouch: Vouch, library: Path, script: Path
) -> None:
    write(script, "江河重工计划在火星建厂[1]。", "江河重工计划在月球建厂[1]。")
    done = vouch("ask", QUESTION, "--library", library, "--generator", "scripted", "--json", "--no-tools")
    assert (done.code, done.json["kind"], done.json["generator"]) == (0, "refused", "scripted")
    assert done.json["refusal"]["reason"] in ("unverified", "no_evidence")


def test_a_model_needs_its_settings(vouch: Vouch, library: Path) -> None:
    done = vouch("ask", QUESTION, "--library", library, "--generator", "transformers")
    assert done.code == 2
    assert "model.path" in done.err


def test_an_evaluation_with_a_model_goes_on_where_it_stopped(
    vouch: Vouch, library: Path, script: Path, tmp_path: Path
) -> None:
    write(script, *["资料中没有相关内容。"] * 20)
    items = [{"id": str(n), "question": QUESTION, "answer": "起重机", "type": "a"} for n in range(3)]
    questions = tmp_path / "questions.jsonl"
    questions.write_text("\n".join(json.dumps(item, ensure_ascii=False) for item in items), encoding="utf-8")
    run = ("eval", "answers", questions, "--library", library, "--generator", "scripted", "--out", tmp_path / "run")
    assert vouch(*run, "--json").json["items"] == 3
    records = tmp_path / "run" / "records.jsonl"
    first, *_ = records.read_text(encoding="utf-8").splitlines(keepends=True)
    records.write_text(first, encoding="utf-8")
    (tmp_path / "run" / "metrics.json").unlink()
    assert vouch(*run, "--json").json["refused"] == 3
    again = records.read_text(encoding="utf-8").splitlines()
    assert again[0] + "\n" == first
    assert len(again) == 3
    assert json.loads(again[2])["answer"]["generator"] == "scripted"


def test_questions_that_a_model_answers_together_get_the_answers_of_one_by_one(
    vouch: Vouch, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("sentencepiece")
    from tests.generation.models.tiny_models import write_chatglm3

    monkeypatch.setenv("VOUCH_MODEL__PATH", str(write_chatglm3(tmp_path / "tiny", seq_length=8192)))
    monkeypatch.setenv("VOUCH_MODEL__MAX_TOKENS", "12")
    monkeypatch.setenv("VOUCH_MODEL__THREADS", "1")
    asked = (QUESTION, "江河重工2022年的会计师事务所做了什么工作？", "江河重工的法定代表人有哪些职责？")
    questions = tmp_path / "questions.jsonl"
    items = [{"id": str(n), "question": text, "answer": "起重机", "type": "a"} for n, text in enumerate(asked)]
    questions.write_text("\n".join(json.dumps(item, ensure_ascii=False) for item in items), encoding="utf-8")
    answers: dict[str, list[str]] = {}
    for batch in ("1", "3"):
        monkeypatch.setenv("VOUCH_MODEL__BATCH", batch)
        run = ("eval", "answers", questions, "--library", library, "--generator", "transformers", "--json")
        assert vouch(*run, "--out", tmp_path / batch).json["items"] == 3
        lines = (tmp_path / batch / "records.jsonl").read_text(encoding="utf-8").splitlines()
        records = sorted(map(json.loads, lines), key=lambda record: record["id"])
        answers[batch] = [record["answer"]["answer"] for record in records]
    assert answers["1"] == answers["3"]
