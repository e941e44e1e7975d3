"""`vouch finetune examples`: what it writes, prints and refuses."""

import json
from pathlib import Path

import pytest

from tests.app.conftest import run_quietly
from vouch.app.settings import Settings
from vouch.finetune.examples.files import read_examples


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "qa.jsonl"
    rows = [{"instruction": f"第{n}种病怎么治？", "output": f"吃第{n}种药，每天{n}次。"} for n in range(1, 41)]
    lines = [json.dumps(row, ensure_ascii=False) for row in (*rows, rows[0], {"instruction": "没有回答", "output": ""})]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_an_archive_becomes_two_files_that_say_all_about_themselves(archive: Path, tmp_path: Path) -> None:
    against = tmp_path / "set.jsonl"
    against.write_text(json.dumps({"question": "第7种病怎么治？"}), encoding="utf-8")
    out = tmp_path / "out"
    done = run_quietly(
        "finetune", "examples", archive, "--out", out, "--against", against, "--licence", "MIT", "--json"
    )
    assert done.code == 0
    report = done.json
    assert json.loads((out / "statistics.json").read_text(encoding="utf-8")) == report
    assert (report["gathered"], report["bad"], report["duplicates"], report["leaks"]["removed"]) == (41, 1, 1, 1)
    train, held_out = read_examples(out / "train.jsonl"), read_examples(out / "held_out.jsonl")
    assert (len(train), len(held_out)) == (35, 4)
    assert {example.licence for example in train} == {"MIT"}
    assert "第7种病怎么治？" not in {example.asked for example in (*train, *held_out)}
    reasons = [json.loads(line)["reason"] for line in (out / "left_out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert reasons == ["no answer", "equal to one before it", f"its question stands in {against}, line 1 (1.00)"]
    assert (out / "lengths.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_writes_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    for out in ("one", "two"):
        assert run_quietly("finetune", "examples", archive, "--out", tmp_path / out, "--seed", "5").code == 0
    names = ("train.jsonl", "held_out.jsonl", "statistics.json")
    assert all((tmp_path / "one" / n).read_bytes() == (tmp_path / "two" / n).read_bytes() for n in names)


def test_a_library_gives_the_kinds_that_are_named(settings: Settings, tmp_path: Path) -> None:
    arguments = ("--library", settings.library, "--kind", "fact", "--kind", "passage", "--limit", "6", "-k", "3")
    done = run_quietly("finetune", "examples", *arguments, "--share", "fact=0.5", "--out", tmp_path, "--json")
    assert done.code == 0, done.err
    kinds = {**done.json["train"]["kinds"]}
    for kind, count in done.json["held_out"]["kinds"].items():
        kinds[kind] = kinds.get(kind, 0) + count
    assert kinds == {"fact": 6, "passage": 6}
    prompts = [example.messages[1].content for example in read_examples(tmp_path / "train.jsonl")]
    assert any("\n[3] " in prompt for prompt in prompts)
    assert not any("\n[4] " in prompt for prompt in prompts)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "name a file with examples, or a library"),
        (("FILE", "--strict"), "line 42: no answer (1 bad examples"),
        (("FILE", "--share", "poem=1"), "there is no such kind"),
        (("FILE", "--share", "qa"), "is not of the form KIND=SHARE"),
        (("FILE", "--share", "qa=2"), "a share is between 0 and 1"),
        (("FILE", "--against", "FILE"), "no example is left of 41"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    archive: Path, tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    given = [str(archive) if argument == "FILE" else argument for argument in arguments]
    done = run_quietly("finetune", "examples", *given, "--out", tmp_path / "out")
    assert done.code == 2
    assert problem in " ".join(done.err.split())
    assert not (tmp_path / "out").exists()
