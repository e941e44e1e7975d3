import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.eval.run_maker import answer_line, settings
from vouch.eval.runs import RunSettings, open_run, read_run
from vouch.retrieval.errors import UsageError


def begin(folder: Path, names: tuple[str, ...] = ("a", "b"), said: RunSettings | None = None) -> None:
    with open_run(folder, said or settings()) as run:
        for name in names:
            run.add(answer_line(name, "correct"))


def test_a_finished_run_reads_back_as_it_was_written(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", settings()) as run:
        run.add(answer_line("a", "wrong"))
        run.finish({"items": 1, "accuracy": 0.0}, "<!doctype html>报告")
    found = read_run(tmp_path / "run")
    assert found.settings == settings()
    assert found.metrics == {"items": 1, "accuracy": 0.0}
    assert [record["verdict"] for record in found.records] == ["wrong"]
    assert (tmp_path / "run" / "report.html").read_text("utf-8") == "<!doctype html>报告"


def test_records_lie_on_the_disk_as_soon_as_they_are_added(tmp_path: Path) -> None:
    with open_run(tmp_path, settings()) as run:
        run.add(answer_line("a", "correct"))
        (line,) = (tmp_path / "records.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["id"] == "a"
    assert "营业收入" in line, "Chinese stays readable"


def test_an_interrupted_run_knows_what_is_done(tmp_path: Path) -> None:
    begin(tmp_path)
    with open_run(tmp_path, settings()) as run:
        assert run.find("a") is not None
        assert run.find("c") is None
        run.add(answer_line("c", "refused"))
        run.finish({}, "")
    assert [record["id"] for record in read_run(tmp_path).records] == ["a", "b", "c"]


@pytest.mark.parametrize("kept", [1, 40, -2])
def test_a_torn_last_line_is_dropped_and_its_item_done_again(tmp_path: Path, kept: int) -> None:
    begin(tmp_path)
    records = tmp_path / "records.jsonl"
    first, second = records.read_bytes().splitlines(keepends=True)
    records.write_bytes(first + second[:kept])
    with open_run(tmp_path, settings()) as run:
        assert run.find("a") is not None
        assert run.find("b") is None
        run.add(answer_line("b", "wrong"))
        run.finish({}, "")
    assert [(r["id"], r["verdict"]) for r in read_run(tmp_path).records] == [("a", "correct"), ("b", "wrong")]


def test_a_broken_line_in_the_middle_is_refused(tmp_path: Path) -> None:
    begin(tmp_path)
    records = tmp_path / "records.jsonl"
    records.write_bytes(b'{"id": \n' + records.read_bytes())
    with pytest.raises(UsageError, match=r"line 1 of .*--restart"), open_run(tmp_path, settings()):
        pass


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"questions": "q2"}, "asked other questions"),
        ({"library": "lib:2:0 abd"}, "another library"),
        ({"program": "p2"}, "another version of the program"),
        ({"settings": {"retrieval.mode": "lexical", "generation.k": 10}}, "retrieval.mode was 'hybrid', is 'lexical'"),
        ({"settings": {"retrieval.mode": "hybrid"}}, "generation.k was 10, is None"),
    ],
)
def test_a_run_is_not_continued_under_other_conditions(tmp_path: Path, change: dict[str, object], message: str) -> None:
    begin(tmp_path)
    with pytest.raises(UsageError, match=message), open_run(tmp_path, settings(**change)):
        pass
    assert len((tmp_path / "records.jsonl").read_bytes().splitlines()) == 2, "what was done is still there"


def test_the_time_and_the_command_line_may_differ(tmp_path: Path) -> None:
    begin(tmp_path)
    later = replace(settings(), started="2027-01-01T00:00:00+00:00", command="vouch eval answers ./q.jsonl")
    with open_run(tmp_path, later) as run:
        assert run.find("a") is not None


def test_restart_forgets_the_earlier_run(tmp_path: Path) -> None:
    begin(tmp_path)
    with open_run(tmp_path, settings(questions="q2"), restart=True) as run:
        assert run.find("a") is None
    assert (tmp_path / "records.jsonl").read_bytes() == b""


def test_a_folder_with_foreign_records_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_text("mine\n")
    with pytest.raises(UsageError, match=r"no settings\.json"), open_run(tmp_path, settings()):
        pass
    assert (tmp_path / "records.jsonl").read_text() == "mine\n"


def test_two_evaluations_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        open_run(tmp_path, settings()),
        pytest.raises(UsageError, match="another evaluation"),
        open_run(tmp_path, settings()),
    ):
        pass


def test_an_unfinished_run_cannot_be_read(tmp_path: Path) -> None:
    begin(tmp_path)
    with pytest.raises(UsageError, match="was not finished"):
        read_run(tmp_path)
    with pytest.raises(UsageError, match="is no evaluation run"):
        read_run(tmp_path / "elsewhere")


def test_not_a_number_is_never_written(tmp_path: Path) -> None:
    with open_run(tmp_path, settings()) as run, pytest.raises(ValueError, match=r"nan|Out of range"):
        run.add(answer_line("a", "wrong", scores={"f1": float("nan")}))
    assert (tmp_path / "records.jsonl").read_bytes() == b""
