"""Duplicates, leaks, mixture and split: what is kept of examples, and for what."""

import json
import math
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.finetune.examples.makers import qa
from vouch.finetune.examples.duplicates import without_duplicates
from vouch.finetune.examples.leaks import evaluation_items, without_leaks
from vouch.finetune.examples.overlap import AlikeTexts, folded, grams, numbers
from vouch.finetune.examples.selection import mixed, shuffled, split
from vouch.finetune.examples.types import Example
from vouch.retrieval.errors import UsageError

LONG = "高血压患者应当低盐饮食，控制体重，规律运动，并按医嘱长期服用降压药物，定期监测血压变化，避免情绪激动。"
MORE = (
    "如果出现头晕、头痛、心慌等不适，应及时到医院心内科就诊，完善动态血压、心脏彩超等检查，以明确病因并调整治疗方案。"
)


def plain_likeness(texts: list[str], n: int) -> dict[tuple[int, int], float]:
    """The likeness of each pair of texts by sets of strings, as the definition has it."""
    cut = [{text[i : i + n] for i in range(max(1, len(text) - n + 1))} for text in texts]
    held = Counter(gram for one in cut for gram in one)
    weight = {gram: math.log1p(len(texts) / count) for gram, count in held.items()}
    return {
        (i, j): sum(weight[gram] for gram in one & other) / sum(weight[gram] for gram in one | other)
        for i, one in enumerate(cut)
        for j, other in enumerate(cut)
    }


@pytest.mark.parametrize("threshold", [0.3, 0.6, 0.85])
def test_exactly_the_pairs_above_the_threshold_are_found(threshold: float) -> None:
    chance = random.Random(1)
    texts = ["".join(chance.choice("甲乙丙丁戊") for _ in range(chance.randint(3, 9))) for _ in range(150)]
    alike = AlikeTexts([grams(text, 2) for text in texts], threshold)
    found = {(i, j) for i, text in enumerate(texts) for j, _ in alike.like(grams(text, 2))}
    assert found == {pair for pair, share in plain_likeness(texts, 2).items() if share >= threshold}
    assert len(found) > len(texts)  # more than each with itself


def test_texts_are_compared_without_width_case_and_marks() -> None:
    assert folded("ＡＢc，１２ 3。") == "abc123"
    assert numbers("营收1,200.50万元，增长２0.0%") == ("1200.5", "20")


def test_of_equal_and_nearly_equal_examples_the_first_stays() -> None:
    first = qa("高血压怎么办？", LONG + MORE, "first")
    others = [
        qa("高血压 怎么办?", LONG + MORE, "same"),
        qa("高血压怎么办呢？", LONG + MORE, "near"),
        qa("糖尿病？", "多运动", "other"),
    ]
    kept, left_out = without_duplicates([first, *others])
    assert [example.id for example in kept] == ["first", "other"]
    assert {entry.place: entry.reason for entry in left_out} == {
        "same": "equal to one before it",
        "near": "nearly equal to first",
    }


def test_the_same_words_with_another_number_are_another_example() -> None:
    question = "请问某某股份有限公司{}年的营业收入是多少元？"
    examples = [qa(question.format(year), f"{LONG}{year}", str(year)) for year in (2021, 2022)]
    assert without_duplicates(examples)[0] == examples


def test_a_question_with_and_without_its_passage_are_two_examples() -> None:
    examples = [
        qa("甲公司2022年营收？", "资料中没有相关内容。", "a", kind="refusal"),
        qa("甲公司2022年营收？", "5元", "b", kind="fact"),
    ]
    assert without_duplicates(examples)[0] == examples


@pytest.fixture
def evaluation(tmp_path: Path) -> list[Path]:
    questions = tmp_path / "questions.jsonl"
    rows = [
        {"question": "某某股份2022年的营业收入是多少元？", "gold_value": 1234567.89, "evidence": "…"},
        {"question": "某某股份2022年的法定代表人是谁？", "answer": "李光"},
        {"_id": "q", "text": "成人癫痫病治疗仪有用吗?", "metadata": {"description": "网上那么多，到底有没有用？"}},
    ]
    questions.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    answers = tmp_path / "answers.csv"
    answers.write_text(f"question,answer\n怎样降压？,{LONG}\n", encoding="utf-8")
    return [questions, answers]


@pytest.mark.parametrize(
    ("question", "answer", "way", "line"),
    [
        ("请问某某股份2022年的营业收入是多少？", "不知道", "question", "questions.jsonl, line 1"),
        ("某某公司去年收入如何？", "为1,234,567.89元[1]。", "figure", "questions.jsonl, line 1"),
        ("网上那么多, 到底有没有用", "没用", "question", "questions.jsonl, line 3"),
        ("血压高了如何是好？", f"您好！{LONG}", "answer", "answers.csv, line 2"),
    ],
)
def test_what_an_evaluation_set_holds_is_removed(
    evaluation: list[Path], question: str, answer: str, way: str, line: str
) -> None:
    kept, leaks = without_leaks([qa(question, answer)], evaluation_items(evaluation))
    assert kept == []
    assert [(leak.way, leak.place.rpartition("/")[2]) for leak in leaks] == [(way, line)]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("某某股份2023年的营业收入是多少元？", "为9,876,543.21元。"),  # another year
        ("某某股份2022年的净利润是多少元？", "为7,654,321.00元。"),  # another field
        ("某某股份2022年的员工有多少人？", "有1,234人。"),  # a short figure stands in many places
        ("儿童哮喘的护理？", "少吃多餐。"),
    ],
)
def test_what_only_resembles_an_evaluation_set_stays(evaluation: list[Path], question: str, answer: str) -> None:
    others = [qa(f"某某股份{year}年的营业收入是多少元？", "无", str(year)) for year in range(2010, 2020)]
    kept, leaks = without_leaks([*others, qa(question, answer)], evaluation_items(evaluation))
    assert (len(kept), leaks) == (len(others) + 1, [])


def test_an_evaluation_set_without_questions_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"id": 5}', encoding="utf-8")
    with pytest.raises(UsageError, match="holds nothing to compare with"):
        evaluation_items([path])


def many(kind_counts: dict[str, int]) -> list[Example]:
    return [
        qa(f"{kind}{i}？", "答", f"{kind}{i}", f"group {i % 7}", kind)  # type: ignore[arg-type]
        for kind, count in kind_counts.items()
        for i in range(count)
    ]


def test_the_scarcest_kind_decides_the_size_of_a_mixture() -> None:
    kept = mixed(many({"qa": 100, "fact": 20, "refusal": 50}), {"fact": 0.2, "refusal": 0.1}, 0)
    assert Counter(example.kind for example in kept) == {"qa": 70, "fact": 20, "refusal": 10}


def test_a_mixture_that_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match=r"add up to 1\.2"):
        mixed(many({"qa": 2}), {"qa": 0.6, "fact": 0.6}, 0)
    with pytest.raises(UsageError, match="kind fact is wanted"):
        mixed(many({"qa": 2}), {"fact": 0.5}, 0)


def test_a_group_is_never_parted() -> None:
    examples = many({"qa": 70})
    train, held_out = split(examples, 0.3, 0)
    assert {example.group for example in train}.isdisjoint(example.group for example in held_out)
    assert len(held_out) == 20  # two groups of ten are nearest to 21
    assert sorted(e.id for e in (*train, *held_out)) == sorted(e.id for e in examples)


def test_nothing_is_held_out_where_nothing_is_wanted() -> None:
    assert split(many({"qa": 7}), 0.0, 0)[1] == []


def test_the_seed_alone_decides_order_and_split() -> None:
    examples = many({"qa": 70})
    turned = examples[::-1]
    assert shuffled(examples, 3) == shuffled(turned, 3) != shuffled(examples, 4)
    groups = [
        {e.group for e in split(given, 0.3, seed)[1]} for given, seed in ((examples, 3), (turned, 3), (examples, 9))
    ]
    assert groups[0] == groups[1] != groups[2]
