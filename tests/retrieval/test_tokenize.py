"""What is searched for and what is found go through one function: these are its words."""

import pytest

from vouch.retrieval.tokenize import tokens, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("营业收入", {"营业", "业收", "收入"}),
        ("血 糖", {"血", "糖"}),
        ("1,234.56", {"1234.56"}),
        ("１２３，４５６元", {"123456", "元"}),
        ("603339", {"603339"}),
        ("2.5%", {"2.5%"}),
        ("2.5％", {"2.5%"}),
        ("HbA1c", {"hba1c"}),
        ("COVID-19", {"covid", "19", "covid-19"}),
        ("10-K", {"10", "k", "10-k"}),
        ("5.0-7.2", {"5.0", "7.2", "5.0-7.2"}),
        ("1,2,3", {"1", "2", "3"}),
        ("patients", {"patient"}),
        ("patient's", {"patient"}),
        ("net sales", {"net", "sale", "net_sale"}),
        ("Straße", {"strass"}),
    ],
)
def test_tokens_of(text: str, expected: set[str]) -> None:
    assert set(tokens(text)) == expected


def test_particles_and_marks_are_no_tokens() -> None:
    assert tokens("的了，。；！（）—— the of and's") == []


def test_no_bigram_reaches_across_a_particle() -> None:
    assert not {"司的", "的利"} & set(tokens("公司的利润"))


def test_a_full_width_question_finds_half_width_text() -> None:
    assert tokens("ＥＢＩＴＤＡ　２０２２年") == tokens("EBITDA 2022年")


def test_figures_in_a_row_make_no_pairs() -> None:
    assert tokens("12.5 13.7 14.9") == ["12.5", "13.7", "14.9"]


def test_words_tell_each_part_of_the_text_once() -> None:
    assert words("营业收入 net sales") == ["营业", "收入", "net", "sale"]


def test_the_same_run_gives_the_same_tokens_every_time() -> None:
    assert tokens("the HbA1c the") == tokens("the HbA1c the") == ["hba1c"]
