"""Texts as rows of a table, worked out by hand."""

import numpy as np

from vouch.retrieval.token_bag import TIMES_WEIGHTS, Bag, pieces

LISTED = ["血压", "高血压", "~血", "~压", "diabet", "#diab", "#iabe", "2型"]
SHARED = 4


def rows(text: str) -> list[int]:
    return sorted(Bag(LISTED, SHARED).rows(text).tolist())


def test_a_chinese_text_is_its_words_its_pairs_of_characters_and_its_characters() -> None:
    # The word 高血压; its pair 血压 (高血 has no vector); its characters 血 and 压 (高 has none).
    assert rows("高血压") == [0, 1, 2, 3]


def test_an_english_word_is_its_stem_and_the_pieces_of_it() -> None:
    # The pieces of the stem: diab and iabe; abet has no vector.
    assert rows("Diabetes") == [4, 5, 6]


def test_a_token_counts_as_often_as_it_occurs() -> None:
    assert rows("diabetes, diabetes") == [4, 4, 5, 5, 6, 6]


def test_a_word_without_a_vector_has_two_shared_rows_of_its_own_choice() -> None:
    first, second = rows("zanthoxylum")
    assert first in (8, 9)
    assert second in (10, 11)
    assert rows("zanthoxylum") == [first, second]


def test_figures_share_no_rows() -> None:
    assert rows("48,428.94 2019") == []


def test_headings_in_the_first_line_count_like_the_rest() -> None:
    assert rows("高血压\nDiabetes") == sorted(rows("高血压") + rows("Diabetes"))


def test_pieces_are_four_letters_of_longer_english_words() -> None:
    assert pieces("renal") == ("rena", "enal")
    assert pieces("gout") == ()
    assert pieces("高血压患者") == ()


def test_the_weight_of_n_times_is_one_and_its_logarithm_in_eighths() -> None:
    # 8, 8 (1 + ln 2) = 13.5, 8 (1 + ln 3) = 16.8, rounded.
    assert TIMES_WEIGHTS[:3].tolist() == [8.0, 14.0, 17.0]
    assert np.all(np.diff(TIMES_WEIGHTS) >= 0)
