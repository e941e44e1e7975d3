"""The judges on the data sets' own words, where those are at hand: official reference answers are right."""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.eval.makers import answer
from vouch.eval.answer_metrics import judge
from vouch.eval.datasets import load_items
from vouch.eval.types import Item

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(repository: Path) -> Path:
    folder = Path(os.environ.get("VOUCH_SHARED", repository.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the development data in {folder} (VOUCH_SHARED names another place)")
    return folder


def answered(items: list[Item]) -> list[Item]:
    return [item for item in items if item.references and item.kind != "refusal"]


@pytest.mark.parametrize(
    "name", ["table_questions", "knowledge_questions", "open_questions_official_sample", "reports_txt_finglm/questions"]
)
def test_official_reference_answers_are_right(data: Path, name: str) -> None:
    items = answered(load_items(data / "finance" / "cn" / f"{name}.jsonl"))
    wrong = [
        (item.id, reference, found.notes)
        for item in items
        for reference in item.references
        if (found := judge(item, answer(reference))).verdict != "correct"
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["table_questions", "knowledge_questions", "open_questions_official_sample"])
def test_answers_to_other_questions_are_not(data: Path, name: str) -> None:
    items = answered(load_items(data / "finance" / "cn" / f"{name}.jsonl"))
    others = [*items[1:], items[0]]
    verdicts = Counter(
        judge(item, answer(other.references[0])).verdict for item, other in zip(items, others, strict=True)
    )
    assert verdicts["correct"] <= 0.01 * len(items)


@pytest.mark.parametrize(
    ("path", "items"),
    [
        ("finance/cn/questions.jsonl", 939),
        ("finance/cn/open_questions.jsonl", 164),
        ("finance/cn/refusal_questions.jsonl", 42),
        ("finance/cn/table_questions.jsonl", 700),
        ("finance/en/questions.jsonl", 31),
        ("finance/en/tatqa_sample.json", 720),
        ("medical/rc_zh_medical_dev.jsonl", 54),
        ("medical/rc_en_medical_dev.jsonl", 114),
        ("medical/exams_dev.jsonl", 2540),
        ("medical/pubmedqa_dev.jsonl", 500),
        ("medical/qa_train.jsonl", 12994),
        ("pairs/mrc_zh_dev.jsonl", 1918),
        ("pairs/mrc_en_dev.jsonl", 243),
    ],
)
def test_every_row_of_a_set_becomes_an_item(data: Path, path: str, items: int) -> None:
    loaded = load_items(data / path)
    assert len(loaded) == items
    assert len({item.id for item in loaded}) == items
