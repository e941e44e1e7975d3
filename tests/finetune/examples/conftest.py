"""A library of the sample documents that ship with Vouch, and what serving would do with questions over it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.app.conftest import run_quietly
from vouch.app.settings import Settings, load_settings
from vouch.app.wiring_finetune_examples import Sources, measure_of, serving_of
from vouch.app.wiring_store import open_conversations, open_library
from vouch.finetune.examples.choices import Making
from vouch.finetune.examples.library_examples import Made, Material, make_examples
from vouch.finetune.examples.serving import Serving
from vouch.retrieval.conversations import Feedback
from vouch.retrieval.library import Library

SAMPLES = ("琅屿仪器_2022年年度报告.pdf", "成人高血压基层管理指南.docx", "question_archive.jsonl")
LIKED = "琅屿仪器2022年的营业收入是多少？"


@pytest.fixture(scope="package")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a library with an annual report, a guideline and an archive of questions."""
    folder = tmp_path_factory.mktemp("examples") / "library"
    samples = [Path(__file__).resolve().parents[3] / "app" / "samples" / name for name in SAMPLES]
    assert run_quietly("ingest", *samples, "--library", folder, "--jobs", "1").code == 0
    answer = run_quietly("ask", LIKED, "--library", folder, "--json").json
    with closing(open_conversations(load_settings({"library": str(folder)}))) as store:
        store.add_feedback(Feedback(LIKED, answer, "up"))
        store.add_feedback(Feedback(LIKED, answer, "down", correction="2022年度营业收入为738,309,585.06元。"))
        store.add_feedback(Feedback(LIKED, answer, "down", correction="2022年度营业收入为1.00元。"))
        store.add_feedback(Feedback(LIKED, answer, "down"))
    return load_settings({"library": str(folder)})


@pytest.fixture(scope="package")
def library(settings: Settings) -> Iterator[Library]:
    with open_library(settings, follow=False) as opened:
        opened.catch_up()
        yield opened


@pytest.fixture(scope="package")
def serving(settings: Settings, library: Library) -> Serving:
    """Serving with tools, as the settings have it."""
    return serving_of(settings, library, Sources(), measure_of(None, settings), print)


@pytest.fixture(scope="package")
def bare_serving(serving: Serving) -> Serving:
    """Serving without tools."""
    return replace(serving, tools=None)


@pytest.fixture(scope="package")
def made(serving: Serving, library: Library) -> Made:
    """Some examples of each kind that needs no feedback."""
    return make_examples(Material(serving, library.store), Making(limit=8), lambda _: None)
