"""`vouch eval` through the command line, on made-up documents and questions."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import Done, Vouch
from tests.generation.models.fake_server import FakeServer, said

QUESTIONS = [
    {"id": "q1", "type": "1", "question": "江河重工的法定代表人是谁？", "gold_text": "林望舒", "gold_page": 1,
     "report": "江河重工2022.txt", "core": True},
    {"id": "q2", "type": "1", "question": "请问江河重工的法定代表人是谁？", "gold_text": "白望舒", "gold_page": 1,
     "report": "江河重工2022.txt", "core": False},
    {"id": "q3", "type": "no", "question": "远海船舶2022年的营业收入是多少元？", "expected": "must refuse"},
]  # fmt: skip
CORPUS = {"d1": "高血压患者应当少吃盐。", "d2": "感冒通常一周内好转。", "d3": "糖尿病患者要控制饮食。"}
PASSAGE = "Hay fever is common in June. Antihistamine tablets are the first choice for mild hay fever."


def write_lines(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "questions.jsonl", QUESTIONS)


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    write_lines(folder / "corpus.jsonl", [{"_id": name, "title": "", "text": text} for name, text in CORPUS.items()])
    write_lines(folder / "queries.jsonl", [{"_id": "a", "text": "高血压少吃盐"}, {"_id": "b", "text": "感冒一周好转"}])
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\na\td1\t1\nb\td3\t1\n")
    return folder


def files_of(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def records_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "records.jsonl").read_text("utf-8").splitlines()]


def test_answers_are_counted_as_correct_wrong_and_refused(vouch: Vouch, library: Path, questions: Path) -> None:
    done = vouch("eval", "answers", questions, "--library", library, "--json")
    assert done.code == 0
    assert (done.json["items"], done.json["correct"], done.json["wrong"], done.json["refused"]) == (3, 2, 1, 0)
    assert done.json["by_type"]["no"]["correct"] == 1, "refusing is right where nothing is held"
    assert [failure["id"] for failure in done.json["failures"]] == ["q2"]
    keys = {
        "accuracy",
        "citation_precision",
        "citation_recall",
        "f1",
        "rouge_l",
        *(f"page_recall@{k}" for k in (1, 3, 5)),
    }
    assert keys <= done.json.keys()


def test_a_run_directory_holds_what_independent_scorers_read(
    vouch: Vouch, library: Path, questions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    done = vouch("eval", "answers", questions, "--library", library, "--out", out)
    assert done.code == 0
    assert files_of(out) == {"metrics.json", "settings.json", "report.html", "records.jsonl"}
    lines = records_of(out)
    assert [(line["id"], line["verdict"]) for line in lines] == [("q1", "correct"), ("q2", "wrong"), ("q3", "correct")]
    assert lines[0]["answer"]["citations"][0]["document"] == "江河重工2022.txt"
    assert "correct 2 · wrong 1 · refused 0" in done.out
    assert "江河重工的法定代表人是谁" in (out / "report.html").read_text("utf-8")
    settings = json.loads((out / "settings.json").read_text("utf-8"))
    assert {"settings", "library", "questions", "program", "versions", "commit", "command"} <= settings.keys()


def test_core_and_sample_choose_questions(vouch: Vouch, library: Path, questions: Path) -> None:
    core = vouch("eval", "answers", questions, "--library", library, "--core", "--json")
    assert (core.json["items"], core.json["accuracy"]) == (1, 1.0)
    for seed in ("1", "2"):
        runs = [
            vouch("eval", "answers", questions, "--library", library, "--sample", "2", "--seed", seed, "--json").json
            for _ in range(2)
        ]
        assert runs[0]["failures"] == runs[1]["failures"]
        assert runs[0]["items"] == 2


@pytest.mark.parametrize(
    ("floor", "code", "message"),
    [
        ("accuracy=0.6", 0, ""),
        ("accuracy=0.7", 4, "accuracy is 0.666667, under the floor of 0.7"),
        ("acuracy=0.7", 2, "did you mean accuracy?"),
        ("accuracy", 2, "METRIC=VALUE"),
    ],
)
def test_floors_decide_the_exit_code(
    vouch: Vouch, library: Path, questions: Path, floor: str, code: int, message: str
) -> None:
    done = vouch("eval", "answers", questions, "--library", library, "--fail-under", floor)
    assert done.code == code
    assert message in done.err


def test_a_finished_run_is_not_asked_again_and_other_conditions_are_refused(
    vouch: Vouch, library: Path, questions: Path, tmp_path: Path
) -> None:
    out = ("--library", library, "--out", tmp_path / "run", "--json")
    first = vouch("eval", "answers", questions, *out, "-k", "8")
    again = vouch("eval", "answers", questions, *out, "-k", "8")
    assert "continuing: 3 of 3 are done" in again.err
    assert again.json == first.json
    other = vouch("eval", "answers", questions, *out, "-k", "3")
    assert (other.code, "generation.k was 8, is 3" in other.err) == (2, True)
    assert vouch("eval", "answers", questions, *out, "-k", "3", "--restart").code == 0


def test_a_killed_run_continues_and_comes_to_the_same(library: Path, tmp_path: Path) -> None:
    rows = [{**QUESTIONS[n % 3], "id": f"k{n}", "core": False} for n in range(150)]
    file = write_lines(tmp_path / "many.jsonl", rows)

    def command(out: str) -> list[str]:
        code = "from vouch.app.cli import main; main()"
        return [sys.executable, "-c", code, "eval", "answers", str(file), "--library", str(library), "--out", out]

    out = tmp_path / "killed"
    process = subprocess.Popen(command(str(out)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(lines_in(out / "records.jsonl")) < 20:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done_before = len(lines_in(out / "records.jsonl"))
    assert 20 <= done_before < 150
    with (out / "records.jsonl").open("ab") as records:
        records.write(b'{"id": "k149", "answer')  # what a kill in the middle of a write leaves
    for folder in (out, tmp_path / "whole"):
        subprocess.run(command(str(folder)), check=True, capture_output=True)
    killed, whole = (json.loads((folder / "metrics.json").read_text("utf-8")) for folder in (out, tmp_path / "whole"))
    assert killed.pop("latency_ms").keys() == whole.pop("latency_ms").keys() == {"p50", "p95"}
    assert killed == whole
    assert [record["id"] for record in records_of(out)] == [f"k{n}" for n in range(150)]


def lines_in(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def test_reading_comprehension_needs_no_library(vouch: Vouch, tmp_path: Path) -> None:
    asked = "What is the first choice for mild hay fever?"
    answers = [{"text": "Antihistamine tablets", "answer_start": 29}]
    row = {"id": "r1", "context": PASSAGE, "question": asked, "answers": answers}
    file = write_lines(tmp_path / "rc.jsonl", [row])
    done = vouch("eval", "answers", file, "--library", tmp_path / "nothing", "--json")
    assert done.code == 0
    assert done.json["f1"] > 0, "the sentence that holds the answer was found"
    assert not (tmp_path / "nothing").exists()


def test_retrieval_measures_every_mode(vouch: Vouch, collection: Path, tmp_path: Path) -> None:
    done = vouch("eval", "retrieval", collection, "--out", tmp_path / "run", "--json")
    assert done.code == 0
    assert (done.json["queries"], done.json["documents"]) == (2, 3)
    lexical = done.json["modes"]["lexical"]
    assert list(done.json["modes"]) == ["lexical", "vector", "hybrid", "hybrid+rerank"]
    assert {"ndcg@10", "recall@10", "recall@100", "mrr@10", "map@100", "p50_ms", "p95_ms"} <= lexical.keys()
    # `a` finds d1 first; b's only relevant text shares no word with it and is not found.
    assert (lexical["mrr@10"], lexical["recall@10"]) == (0.5, 0.5)
    lines = records_of(tmp_path / "run")
    assert {(line["query_id"], line["mode"]) for line in lines} >= {("a", "lexical"), ("b", "hybrid")}
    assert next(line for line in lines if line["query_id"] == "a")["hits"][0][0] == "d1"
    assert CORPUS["d1"] in (tmp_path / "run" / "report.html").read_text("utf-8")


def test_a_corpus_is_kept_where_it_is_asked_for_and_never_in_a_library_of_documents(
    vouch: Vouch, collection: Path, library: Path, tmp_path: Path
) -> None:
    before = vouch("docs", "list", "--library", library, "--json").json
    refused = vouch("eval", "retrieval", collection, "--library", library)
    assert (refused.code, "holds other documents" in refused.err) == (2, True)
    assert vouch("docs", "list", "--library", library, "--json").json == before
    kept = tmp_path / "kept"
    for _ in range(2):
        assert vouch("eval", "retrieval", collection, "--library", kept, "--mode", "lexical", "--json").code == 0
    assert [d["document"] for d in vouch("docs", "list", "--library", kept, "--json").json["documents"]] == [
        "corpus.jsonl"
    ]


def test_two_runs_are_compared_item_by_item(vouch: Vouch, library: Path, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "q.jsonl", QUESTIONS)
    shelf = ("--library", library)
    vouch("eval", "answers", file, *shelf, "--out", tmp_path / "a", "-k", "10")
    vouch("eval", "answers", file, *shelf, "--out", tmp_path / "b", "-k", "1")
    done = vouch("eval", "compare", tmp_path / "a", tmp_path / "b", "--json")
    assert done.code == 0
    assert done.json["items"] == 3
    assert done.json["changed_settings"] == {"generation.k": [10, 1]}
    assert "0 better, 0 worse" in vouch("eval", "compare", tmp_path / "a", tmp_path / "b").out
    write_lines(file, QUESTIONS[:2])
    vouch("eval", "answers", file, *shelf, "--out", tmp_path / "c")
    refused = vouch("eval", "compare", tmp_path / "a", tmp_path / "c")
    assert (refused.code, "different questions" in refused.err) == (2, True)
    assert vouch("eval", "compare", tmp_path / "a", tmp_path).code == 2


def test_generated_texts_are_scored_against_their_references(vouch: Vouch, tmp_path: Path) -> None:
    rows = [
        {"text": "今年收入增长", "references": ["收入今年增长", "今年收入增长"], "token_logprobs": [-1.0, -1.0]},
        {"prediction": "甲", "reference": "乙", "token_logprobs": [-4.0]},
    ]
    done = vouch("eval", "texts", write_lines(tmp_path / "t.jsonl", rows), "--json")
    assert done.code == 0
    assert (done.json["texts"], done.json["rouge1"]) == (2, 0.5)
    assert done.json["perplexity"] == pytest.approx(2.718281828**2)
    unlike = write_lines(tmp_path / "u.jsonl", [{"text": "no reference"}])
    refused = vouch("eval", "texts", unlike)
    assert (refused.code, "line 1" in refused.err) == (2, True)


GOLD_HEADER = "report,field,value,unit,raw_in_pdf,page,year\n"


def test_facts_of_a_file_are_scored(vouch: Vouch, tmp_path: Path) -> None:
    gold = tmp_path / "gold.csv"
    gold.write_text(
        GOLD_HEADER
        + 'r.pdf,营业收入,1234.5,元,"1,234.50",7,2022\nr.pdf,净利润,10,元,10.00,8,2022\nr.pdf,存货,5,元,5.00,9,2022\n',
        encoding="utf-8",
    )
    same = {"unit": "元", "year": 2022, "period": "FY", "scope": "consolidated", "text": "", "document": "r.pdf"}
    parent = {**same, "field": "净利润", "value": 10.0, "page": 8, "scope": "parent"}
    found = [
        {**same, "field": "营业收入", "value": 1234.5, "page": 7},
        parent,
        {**same, "field": "净利润", "value": 11.0, "page": 8},
    ]
    extracted = tmp_path / "facts.json"
    extracted.write_text(json.dumps({"facts": found}), encoding="utf-8")
    done = vouch("eval", "facts", gold, "--found", extracted, "--out", tmp_path / "run", "--json")
    assert done.code == 0
    counts = {name: done.json[name] for name in ("rows", "found", "exact", "wrong", "missing", "page_exact")}
    assert counts == {"rows": 3, "found": 2, "exact": 1, "wrong": 1, "missing": 1, "page_exact": 2}
    assert done.json["by_field"]["存货"]["missing"] == 1
    lines = {line["field"]: line for line in records_of(tmp_path / "run")}
    assert (lines["净利润"]["gold"], lines["净利润"]["found"], lines["净利润"]["verdict"]) == (10.0, 11.0, "wrong")


def test_a_suite_measures_its_sets_and_names_what_is_under_a_floor(
    vouch: Vouch, documents: Path, collection: Path, tmp_path: Path
) -> None:
    write_lines(tmp_path / "q.jsonl", QUESTIONS)
    floor = '{{metric = "{}", least = {}, date = 2026-01-02, commit = "x"}}'
    suite = tmp_path / "suite.toml"
    suite.write_text(
        f"""
[libraries]
made = ["{documents}"]
[[sets]]
name = "asked"
verb = "answers"
files = ["q.jsonl"]
library = "made"
floors = [{floor.format("accuracy", 0.9)}]
[[sets]]
name = "searched"
verb = "retrieval"
files = ["{collection.name}"]
floors = [{floor.format("lexical.mrr@10", 0.5)}]
""",
        encoding="utf-8",
    )
    arguments = ("eval", "suite", suite, "--data", tmp_path, "--work", tmp_path / "work")
    done: Done = vouch(*arguments, "--json")
    assert done.code == 4
    assert [(entry["name"], entry["ok"]) for entry in done.json["sets"]] == [("asked", False), ("searched", True)]
    again = vouch(*arguments, "--only", "searched")
    assert again.code == 0
    assert again.out.split() == ["searched", "lexical.mrr@10", "0.5000", "0.5000", "ok"]
    assert (tmp_path / "work" / "runs" / "asked" / "report.html").is_file()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    yield fake
    fake.close()


def test_a_judge_is_asked_only_if_wanted_and_its_failures_are_counted(
    vouch: Vouch, library: Path, questions: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCH_JUDGE__BASE_URL", server.address)
    monkeypatch.setenv("VOUCH_JUDGE__MODEL", "judge-1")
    monkeypatch.setenv("VOUCH_JUDGE__API_KEY", "sk-very-secret")
    server.script = [
        said('{"statements": ["法定代表人是林望舒"]}'),
        said('{"verdicts": [{"n": 1, "reason": "", "supported": true}]}'),
        said('{"questions": ["江河重工的法定代表人是谁？"], "evasive": false}'),
        *[said("I would rather not.")] * 40,
    ]
    asked = vouch("eval", "answers", questions, "--library", library, "--core", "--json")
    assert "judged" not in asked.json
    assert server.seen == []
    done = vouch("eval", "answers", questions, "--library", library, "--core", "--judge", "--json")
    assert done.code == 0
    assert done.json["judged"]["faithfulness"]["mean"] == 1.0
    assert done.json["judged"]["answer_relevance"]["mean"] == 1.0
    assert done.json["judged"]["context_precision"] == {
        "mean": None, "judged": 0, "not_applicable": 0, "failed": 1, "failures": {"unparsable": 1},
    }  # fmt: skip
    assert "sk-very-secret" not in done.out + done.err


def test_a_judge_without_an_address_is_a_clear_error(vouch: Vouch, library: Path, questions: Path) -> None:
    done = vouch("eval", "answers", questions, "--library", library, "--judge")
    assert done.code == 3
    assert "base_url" in done.err


def test_importing_the_command_line_loads_no_evaluation(repository: Path) -> None:
    code = "import sys, vouch.app.cli; print([name for name in sys.modules if name.startswith('vouch.eval')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ), cwd=repository
    )
    assert done.stdout.strip() == "[]"
