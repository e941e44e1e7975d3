"""The classifier finds what no rule foresaw. The held-back prompts were written last and never trained or tuned on."""

import time
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from vouch.generation.phrases import Language
from vouch.generation.red_flag_classifier import Reader, embedder_version, parts, shipped
from vouch.generation.safety import CLASSIFIER, red_flag


def lines(name: str) -> list[str]:
    return [line for line in Path(__file__).with_name(name).read_text("utf-8").splitlines() if line]


FRESH = ("held_back", "fresh", "second", "third")
"""Sets in the order in which they were written."""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_of_prompts_held_back_few_are_missed_and_few_ordinary_ones_caught(language: Language) -> None:
    urgent = [line for name in FRESH for line in lines(f"{language}_{name}_red_flags.txt")]
    ordinary = [line for name in FRESH for line in lines(f"{language}_{name}_ordinary.txt")]
    assert len(urgent) > 250
    assert len(ordinary) == 350
    missed = [prompt for prompt in urgent if red_flag(prompt) is None]
    caught = [question for question in ordinary if red_flag(question)]
    assert len(missed) <= len(urgent) * 3 / 100, missed
    assert len(caught) <= len(ordinary) * 2 / 100, caught


def test_what_no_rule_knows_is_found_by_the_classifier() -> None:
    alert = red_flag("turned my back and the toddler had the toilet duck in his mouth, lips all blistered")
    assert alert is not None
    assert alert.rule == CLASSIFIER


def test_a_sign_in_the_middle_of_a_story_is_found() -> None:
    story = "昨天全家去公园野餐，天气很好。孩子们放风筝。我们吃了三明治。晚上看了电影。"
    assert red_flag(story) is None
    assert red_flag(story + "刚才爷爷突然嘴歪了，右手抬不起来。" + story) is not None


def test_parts_are_the_whole_and_pairs_of_sentences_of_long_ones() -> None:
    assert parts("头疼。怎么办？") == ["头疼。怎么办？"]
    a, b, c = "甲" * 20 + "。", "乙" * 20 + "。", "丙" * 20 + "。"
    assert parts(a + b + c) == [a + b + c, a + b, b + c]


def test_the_classifier_was_trained_over_the_embedder_that_ships() -> None:
    with np.load(str(resources.files("vouch.generation") / "data" / "red_flag_classifier.npz")) as kept:
        assert str(kept["embedder"]) == embedder_version(), "run: vouch finetune red-flags"


def test_shares_are_of_all_kinds_and_together_one() -> None:
    shares = shipped().shares("我胸口很痛")
    assert shares.shape == (8,)
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert shipped().shares("").sum() == pytest.approx(1, abs=1e-5)


def test_features_do_not_depend_on_width_case_and_script() -> None:
    reader = Reader()
    for one, other in (("ＣＨＥＳＴ pain", "chest pain"), ("胸痛頭暈", "胸痛头晕")):
        assert reader.features(one).rows.tolist() == reader.features(other).rows.tolist()


def test_a_question_costs_a_few_milliseconds() -> None:
    questions = lines("zh_ordinary.txt")[:50] + lines("en_ordinary.txt")[:50]
    for question in questions:
        red_flag(question)
    started = time.process_time()
    for question in questions:
        red_flag(question)
    assert (time.process_time() - started) / len(questions) < 0.006
