"""Every runtime answers real questions about the sample reports: found, packed, templated, streamed, vouched, cited.

The models are tiny and made here. They were taught what to say to these prompts; to all others they talk nonsense,
which must not pass.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.generation import runtimes
from tests.generation.school import (
    FIRST,
    OPTIONS,
    QUESTIONS,
    UNTAUGHT,
    WINDOW,
    WITH_TOOL,
    Known,
    Taught,
    every_lesson,
    lessons,
    tools_of,
)
from vouch.app.settings import load_settings
from vouch.app.wiring_store import open_library
from vouch.generation.chat import ChatModel
from vouch.generation.chat_generator.generator import ChatGenerator
from vouch.generation.events import Event, Found, Token
from vouch.generation.models.scripted import ScriptedModel
from vouch.generation.pipeline import Asker
from vouch.generation.types import Answer
from vouch.retrieval.library import Library

SAMPLES = ("琅屿仪器_2022年年度报告.pdf", "琅屿仪器_2023年年度报告.pdf", "成人高血压基层管理指南.docx")
LLAMA_CPP = ("xllamacpp", "gguf", "transformers", "sentencepiece", "httpx")
RUNTIMES = {
    "scripted": (),
    "transformers_llama": ("transformers", "gguf", "sentencepiece"),
    "transformers_chatglm3": ("transformers", "gguf", "sentencepiece"),
    "gguf_llama": LLAMA_CPP,
    "gguf_chatglm3": LLAMA_CPP,
    "llama_server": LLAMA_CPP,
    "langchain": ("langchain_core", "transformers", "gguf", "sentencepiece"),
    "chatglm_cpp": ("chatglm_cpp", "gguf", "tabulate", "transformers"),
}
PARAMETERS = [pytest.param(name, marks=pytest.mark.chatglm_cpp) if name == "chatglm_cpp" else name for name in RUNTIMES]


@dataclass(frozen=True)
class Pupil:
    """A model that was taught, and the library it was taught about."""

    model: ChatModel
    library: Library

    def answer(self, asked: Taught, events: list[Event] | None = None, stop_after: int = 1000) -> Answer:
        """Return the answer to a question, given up after so many pieces."""
        heard = [] if events is None else events
        generator = ChatGenerator(self.model, OPTIONS, tools_of if asked.call else None)
        return Asker(self.library, generator).ask(
            asked.question,
            listen=heard.append,
            cancelled=lambda: sum(isinstance(event, Token) for event in heard) >= stop_after,
        )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[Library]:
    from tests.app.conftest import run_quietly

    folder = tmp_path_factory.mktemp("library")
    samples = [repository / "app" / "samples" / name for name in SAMPLES]
    assert run_quietly("ingest", *samples, "--library", folder).code == 0
    with open_library(load_settings({"library": str(folder)})) as opened:
        yield opened


@pytest.fixture(scope="module")
def known(library: Library) -> Sequence[Known]:
    return every_lesson(library)


@pytest.fixture(scope="module", params=PARAMETERS)
def pupil(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    library: Library,
    known: Sequence[Known],
) -> Iterator[Pupil]:
    missing = [name for name in RUNTIMES[request.param] if find_spec(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    if "transformers" in RUNTIMES[request.param]:
        import torch

        torch.set_num_threads(1)
    with getattr(runtimes, request.param)(tmp_path_factory.mktemp(request.param), known) as model:
        yield Pupil(model, library)


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: asked.question)
def test_a_question_is_answered_from_its_page(pupil: Pupil, asked: Taught) -> None:
    events: list[Event] = []
    answer = pupil.answer(asked, events)
    assert (answer.kind, answer.answer) == ("generated", f"{asked.quotation}。 [1]")
    assert answer.verification.statements_marked == 0
    (citation,) = answer.citations
    assert (citation.document, citation.page) == (asked.document, asked.page)
    assert asked.quotation in "".join(citation.text.split("\n"))
    told = [event.text for event in events if isinstance(event, Token)]
    assert len(told) > 3, "it streams"
    assert "".join(told).strip().startswith(asked.quotation)


def test_a_tool_is_called_and_what_it_found_is_cited(pupil: Pupil) -> None:
    answer = pupil.answer(WITH_TOOL)
    assert (answer.kind, answer.answer) == ("generated", f"{WITH_TOOL.quotation}。 [1]")
    assert WITH_TOOL.call is not None
    assert [(step.tool, dict(step.arguments)) for step in answer.steps] == [
        (WITH_TOOL.call.name, dict(WITH_TOOL.call.arguments))
    ]
    assert [(citation.document, citation.page) for citation in answer.citations] == [(WITH_TOOL.document, 9)]


def test_nonsense_is_not_passed_on(pupil: Pupil) -> None:
    answer = pupil.answer(replace(FIRST, question=UNTAUGHT))
    assert answer.refusal is not None or answer.verification.statements_marked > 0


def test_an_answer_that_nobody_waits_for_any_more_is_left_off(pupil: Pupil) -> None:
    events: list[Event] = []
    answer = pupil.answer(FIRST, events, stop_after=2)
    told = "".join(event.text for event in events if isinstance(event, Token))
    assert FIRST.quotation not in told
    assert answer.kind == "refused"


def test_a_reply_ends_at_a_stop_text(pupil: Pupil) -> None:
    options = replace(OPTIONS, sampling=replace(OPTIONS.sampling, stop=("63元",)))
    events: list[Event] = []
    Asker(pupil.library, ChatGenerator(pupil.model, options)).ask(FIRST.question, listen=events.append)
    told = "".join(event.text for event in events if isinstance(event, Token)).lstrip()
    assert told.startswith("2023年度营业收入为869,312,996.")
    assert "元" not in told[:25]


@pytest.mark.slow
def test_questions_about_real_reports_are_answered(tmp_path: Path, repository: Path) -> None:
    pytest.importorskip("transformers")
    shared = Path(os.environ.get("VOUCH_SHARED", repository.parent / "shared"))
    reports = sorted((shared / "data" / "finance" / "cn" / "reports").glob("*.pdf"))[:2]
    if not reports:
        pytest.skip(f"there are no reports in {shared}")
    from tests.app.conftest import run_quietly

    assert run_quietly("ingest", *reports, "--library", tmp_path / "library").code == 0
    with open_library(load_settings({"library": str(tmp_path / "library")})) as library:
        documents = library.documents()
        asked = [
            about(library, document.source.name, f"{document.source.short_name}的主营业务是什么？")
            for document in documents
        ]
        known = [lesson for one in asked for lesson in lessons(library, one)]
        for runtime in ("transformers_chatglm3", "gguf_llama"):
            (tmp_path / runtime).mkdir()
            with getattr(runtimes, runtime)(tmp_path / runtime, known) as model:
                for one in asked:
                    answer = Pupil(model, library).answer(one)
                    assert answer.kind == "generated", (one, answer.answer)
                    assert one.quotation in answer.answer
                    assert answer.verification.statements_marked == 0
                    assert {citation.document for citation in answer.citations} == {one.document}


def about(library: Library, document: str, question: str) -> Taught:
    """Return a question with the first sentence of the best passage that a model gets for it."""
    generator = ChatGenerator(ScriptedModel([], afterwards="资料中没有相关内容。", context_window=WINDOW), OPTIONS)
    found: list[Event] = []
    Asker(library, generator).ask(question, listen=found.append)
    hits = next(event.hits for event in found if isinstance(event, Found))
    for hit in hits[:3]:
        line = re.search(r"^[^\n\d\[\]。]{12,60}$", hit.chunk.text, re.MULTILINE)
        if line and hit.chunk.source.name == document:
            return Taught(question, line[0].strip(), document, hit.chunk.page)
    pytest.skip(f"no plain sentence was found for {question}")
