"""The challenge's score, by hand."""

import math

import pytest

from tests.eval.makers import answer, item, refusal, value_item
from vouch.eval.official import official_scores, official_summary, similarity
from vouch.eval.types import AnswerRecord

REFERENCE = "琅岱仪器2022年的毛利率是23.15%"
RATE = value_item(23.15, "23.15%", "%", type="2-1", keywords=("100元", "76.85元"), references=(REFERENCE, "x"))


def test_similarity_is_the_cosine_of_character_bigrams() -> None:
    # 存货是商品: 存货 货是 是商 商品; 存货为商品: 存货 货为 为商 商品 -> 2 shared / sqrt(4 * 4)
    assert similarity("存货是商品", "存货为商品。") == pytest.approx(0.5)
    # 哈哈哈: 哈哈 twice; 哈哈: once -> 2 * 1 / sqrt(4 * 1)
    assert similarity("哈哈哈", "哈哈") == pytest.approx(1)
    assert similarity("甲", "乙") == 0
    assert similarity("甲", "甲") == 1


def test_a_wrong_base_fact_is_worth_nothing() -> None:
    assert official_scores(RATE, answer("琅岱仪器2022年的毛利率是23.16%")) == {"official": 0}


def test_the_fact_the_key_words_and_the_likeness_add_up() -> None:
    assert official_scores(RATE, answer(REFERENCE)) == {"official": pytest.approx(0.25 + 0.5)}
    full = answer("由100元和76.85元，" + REFERENCE)
    likeness = similarity(full.answer, REFERENCE)
    assert 0.5 < likeness < 1
    assert official_scores(RATE, full) == {"official": pytest.approx(0.25 + 0.25 + 0.5 * likeness)}


def test_thousands_separators_do_not_hide_a_fact() -> None:
    known = value_item(1234.5, "1234.5", type="1", references=("1234.5",))
    assert official_scores(known, answer("1,234.5")) == {"official": pytest.approx(0.75 + 0.25)}


def test_prose_scores_its_best_likeness() -> None:
    prose = item("open", "?", type="3-2", references=("存货为商品", "哈"))
    assert official_scores(prose, answer("存货是商品")) == {"official": pytest.approx(0.5)}


def test_what_is_not_the_challenge_s_has_no_score() -> None:
    assert official_scores(item("open", "?", references=("甲",)), answer("甲")) == {}
    assert official_scores(value_item(1, "1", type="1"), answer("1")) == {}


def test_a_refusal_is_compared_with_the_reference_refusal() -> None:
    wanted = item("refusal", "?", type="1", references=("无法回答该问题。",))
    assert official_scores(wanted, refusal("无法回答该问题。")) == {"official": pytest.approx(1)}
    assert official_scores(RATE, refusal()) == {"official": 0}


def record(kind: str, score: float) -> AnswerRecord:
    return AnswerRecord(item("open", "?", type=kind), answer("x"), "correct", {"official": score})


def test_the_types_are_weighted() -> None:
    records = [record("1", 1.0), record("1-2", 0.5), record("2-1", 0.5), record("3-1", 0.25), record("3-2", 0.0)]
    found = official_summary(records)
    assert found is not None
    # 0.3 * 75 + 0.4 * 50 + 0.2 * 25 + 0.1 * 0
    assert found["score"] == pytest.approx(47.5)
    assert found["by_type"] == {"1": 75, "2": 50, "3-1": 25, "3-2": 0}


def test_the_weight_of_a_missing_type_is_shared_out() -> None:
    found = official_summary([record("1", 1.0), record("2-1", 0.0)])
    assert found is not None
    assert found["score"] == pytest.approx(100 * 0.3 / 0.7)
    assert math.isclose(sum(found["weights"].values()), 1)  # type: ignore[attr-defined]


def test_no_score_without_questions_of_the_challenge() -> None:
    assert official_summary([AnswerRecord(item("text", "?"), answer("x"), "wrong", {})]) is None
