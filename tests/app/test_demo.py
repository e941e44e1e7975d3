"""The demo: what it promises of its own samples."""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import Done, Vouch, run_quietly

QUESTIONS: list[dict[str, Any]] = tomllib.loads(
    resources.files("vouch.app.samples").joinpath("questions.toml").read_text("utf-8")
)["question"]


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """One run of the demo, as JSON."""
    return run_quietly("demo", "--json", "--library", tmp_path_factory.mktemp("demo") / "library")


def test_the_demo_asks_every_sample_question(demonstrated: Done) -> None:
    assert demonstrated.code == 0
    assert [answer["question"] for answer in demonstrated.json["answers"]] == [entry["text"] for entry in QUESTIONS]


@pytest.mark.parametrize("number", range(len(QUESTIONS)), ids=[entry["text"] for entry in QUESTIONS])
def test_a_sample_question_is_answered_from_where_the_answer_stands(demonstrated: Done, number: int) -> None:
    expected, answer = QUESTIONS[number], demonstrated.json["answers"][number]
    if expected["kind"] == "refused":
        assert (answer["kind"], answer["citations"]) == ("refused", [])
        return
    # An open question has more than one good answer; that it comes from the right document is what can be said.
    wanted = "" if expected["kind"] == "open" else bare(expected["contains"])
    quoted = [citation for citation in answer["citations"] if wanted in bare(citation["text"])]
    assert expected["document"] in {citation["document"] for citation in quoted}, answer["answer"]


def test_the_demo_leaves_a_library_that_goes_on_answering(demonstrated: Done, vouch: Vouch) -> None:
    done = vouch("ask", QUESTIONS[0]["text"], "--library", demonstrated.json["library"], "--json")
    assert QUESTIONS[0]["contains"].replace(",", "") in done.json["answer"]  # numbers are said without separators


def test_the_demo_touches_no_library_in_use(vouch: Vouch, library: Path) -> None:
    done = vouch("demo", "--library", library)
    assert (done.code, done.out) == (2, "")
    assert len(vouch("docs", "list", "--library", library, "--json").json["documents"]) == 2


def bare(text: str) -> str:
    """Return a text without blanks: PDF lines break anywhere."""
    return "".join(text.split())
