"""A hundred real questions: every quoted span stands on the page it names, as another extraction of that page reads."""

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from vouch.app.settings import load_settings
from vouch.app.wiring_store import open_library
from vouch.generation.extractive import ExtractiveGenerator
from vouch.generation.pipeline import Asker
from vouch.generation.types import Answer

SHARED = Path(os.environ.get("VOUCH_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
FOLDERS = ("finance/cn/reports", "finance/cn/reports_other", "finance/en/reports", "medical/docs")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not SHARED.is_dir(), reason="needs the real documents: set VOUCH_SHARED to the folder beside them"
    ),
]


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SHARED / name).read_text("utf-8").splitlines()]


def a_hundred_questions() -> list[str]:
    """Values, open questions, English reports and medicine, evenly drawn."""
    values = [item["question"] for item in lines("finance/cn/questions.jsonl") if item["type"] in ("1", "1-2")]
    topics = [item["question"] for item in lines("finance/cn/open_questions.jsonl")]
    english = [item["question"] for item in lines("finance/en/questions.jsonl")]
    headings = re.findall(
        r"^#+ (.*\?)$", "\n".join(p.read_text() for p in sorted((SHARED / "medical/docs").glob("nih*"))), re.M
    )
    medical = [
        "二甲双胍有哪些不良反应？",
        "什么是双相障碍？",
        "高血压性脑出血的手术指征是什么？",
        "抑郁障碍的临床表现有哪些？",
        "低血糖怎么处理？",
    ]
    return [
        *values[:: len(values) // 30][:30],
        *topics[::5][:32],
        *english[:15],
        *medical,
        *headings[:: max(1, len(headings) // 18)][:18],
    ]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Answer]]:
    folder = tmp_path_factory.mktemp("library")
    command = [
        Path(sys.executable).parent / "vouch",
        "ingest",
        *(SHARED / name for name in FOLDERS),
        "--library",
        folder,
    ]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    with open_library(load_settings({"library": str(folder)})) as library:
        asker = Asker(library, ExtractiveGenerator())
        yield [asker.ask(question) for question in a_hundred_questions()]


def squeezed(text: str) -> str:
    """Text without white space, hyphens that PDFium marks at line ends, and width."""
    return re.sub(r"[\s\u00ad\ufffe\x02-]+", "", unicodedata.normalize("NFKC", text))


def page_text(document: str, number: int) -> str:
    (path,) = [path for name in FOLDERS for path in (SHARED / name).iterdir() if path.name == document]
    if path.suffix != ".pdf":
        return path.read_text("utf-8-sig", errors="replace")
    with pypdfium2.PdfDocument(path) as pdf:
        return str(pdf[number - 1].get_textpage().get_text_range())


def test_every_quoted_span_is_on_its_page(answers: list[Answer]) -> None:
    cited = [(answer, citation) for answer in answers for citation in answer.citations]
    lost = [
        (answer.question, citation.document, citation.page, citation.text)
        for answer, citation in cited
        if squeezed(citation.text) not in squeezed(page_text(citation.document, citation.page))
    ]
    assert len(answers) == 100
    assert len(cited) >= 100
    assert lost == []


def test_most_real_questions_are_answered(answers: list[Answer]) -> None:
    assert sum(answer.kind == "extractive" for answer in answers) >= 80


def test_no_answer_says_a_number_without_evidence(answers: list[Answer]) -> None:
    assert [answer.question for answer in answers if answer.verification.numbers_unsupported] == []


def test_pdf_citations_have_boxes_on_the_page(answers: list[Answer]) -> None:
    boxes = [c.boxes for a in answers for c in a.citations if c.document.endswith(".pdf")]
    assert all(found for found in boxes)
    assert all(0 <= x0 < x1 and 0 <= y0 < y1 for found in boxes for x0, y0, x1, y1 in found)
