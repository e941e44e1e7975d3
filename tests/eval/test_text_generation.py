"""Expected values by hand, from the definitions of perplexity, BLEU (Papineni) and ROUGE (Lin)."""

import math

import pytest

from vouch.eval.text_generation import bleu, perplexity, rouge


def test_perplexity_is_the_branching_factor_of_a_fair_choice() -> None:
    assert perplexity([[math.log(1 / 4)] * 3, [math.log(1 / 4)]]) == pytest.approx(4.0)
    assert perplexity([[math.log(1 / 2), math.log(1 / 8)]]) == pytest.approx(4.0)
    with pytest.raises(ValueError, match="no tokens"):
        perplexity([[]])


def test_bleu_of_a_sentence_with_one_wrong_word_at_its_end() -> None:
    # 1- to 4-gram precisions 4/5, 3/4, 2/3, 1/2; no brevity penalty.
    expected = 100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** (1 / 4)
    assert bleu(["the cat sat on mats"], [["the cat sat on rugs"]], "en") == pytest.approx(expected)


def test_bleu_takes_chinese_by_characters() -> None:
    # Five characters of six match in a row: 5/6, 4/5, 3/4, 2/3.
    expected = 100 * (5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** (1 / 4)
    assert bleu(["今年收入增加"], [["今年收入增长"]], "zh") == pytest.approx(expected)


def test_bleu_counts_the_reference_that_fits() -> None:
    references = [["something else entirely here"], ["quite another thing", "the cat sat on mats"]]
    assert bleu(["something else entirely here", "the cat sat on mats"], references, "en") == pytest.approx(100)


def test_rouge_of_swapped_halves() -> None:
    # 今年/收入 swapped: all characters, 3 of 5 bigrams, a common subsequence of 4 of 6.
    found = rouge(["今年收入增长"], [["收入今年增长"]])
    assert found == {"rouge1": pytest.approx(1.0), "rouge2": pytest.approx(3 / 5), "rougeL": pytest.approx(4 / 6)}


def test_rouge_takes_the_best_reference_and_the_mean_over_texts() -> None:
    found = rouge(["Revenue grew 8.5%", "甲"], [["no", "revenue grew 8.5 %"], ["乙"]])
    assert found["rouge1"] == pytest.approx((1.0 + 0.0) / 2)
