"""Text likeness, by hand and against rouge-score."""

import random

import pytest

from vouch.eval.text_metrics import (
    best_f1,
    best_rouge_l,
    common_subsequence,
    exact_match,
    f1,
    normalised,
    recall,
    rouge_l,
    rouge_tokens,
    squad_normalised,
)


def test_exact_match_is_that_of_squad() -> None:
    assert squad_normalised("The  Temporal, lobes.") == "temporal lobes"
    assert exact_match("the Temporal lobes!", ["A brain", "temporal lobes"], "en") == 1
    assert exact_match("temporal lobe", ["temporal lobes"], "en") == 0


def test_f1_of_english_words() -> None:
    # found: red blood cells; wanted: blood cells carry oxygen -> 2 shared of 3 and 4: 2 * 2 / 7
    assert best_f1("the red blood cells", ["x", "blood cells carry oxygen"], "en") == pytest.approx(4 / 7)


def test_f1_of_chinese_characters() -> None:
    # 一九九五年 / 一九九五 -> 4 shared of 5 and 4: 8 / 9
    assert best_f1("一九九五年。", ["一九九五"], "zh") == pytest.approx(8 / 9)


def test_f1_counts_repeated_tokens_once_for_each_time() -> None:
    assert f1(list("aab"), list("abb")) == pytest.approx(2 / 3)
    assert f1([], []) == 1
    assert f1([], ["a"]) == 0


def test_recall_is_the_share_of_what_was_wanted() -> None:
    assert recall(list("abcd"), list("abe")) == pytest.approx(2 / 3)


def test_normalised_text_keeps_what_makes_another_number() -> None:
    assert normalised("Ｗｗｗ．ＡＢ, 3.5％ （甲）") == "wwwab3.5%甲"
    assert normalised("3.5") != normalised("35")


def test_rouge_l_by_hand() -> None:
    # police killed the gunman / the gunman kill police: longest common subsequence "the gunman", 2 of 4 and 4
    assert best_rouge_l("police killed the gunman", ["the gunman kill police"]) == pytest.approx(0.5)
    # 公司主营仪器 / 公司主要经营仪器: 公司主营仪器 (6) of 6 and 8 -> 12 / 14
    assert best_rouge_l("公司主营仪器", ["公司主要经营仪器"]) == pytest.approx(12 / 14)


def test_common_subsequence_equals_the_usual_table() -> None:
    generator = random.Random(5)
    for _ in range(200):
        a, b = ([generator.choice("abcd") for _ in range(generator.randint(0, 12))] for _ in range(2))
        table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
        assert common_subsequence(a, b) == table[-1][-1]


def test_rouge_l_equals_rouge_score_on_english() -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rougeL"])
    generator = random.Random(2)
    words = ["the", "net", "sales", "of", "2022", "rose", "by", "1.3%", "U.S.", "fell,"]
    for _ in range(100):
        a, b = (" ".join(generator.choices(words, k=generator.randint(1, 15))) for _ in range(2))
        expected = scorer.score(b, a)["rougeL"].fmeasure
        assert rouge_l(rouge_tokens(a), rouge_tokens(b)) == pytest.approx(expected, abs=1e-12)
