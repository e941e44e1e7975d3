"""Synonym groups: found at their longest, checked when loaded."""

import pytest

from vouch.retrieval.errors import SettingsError
from vouch.retrieval.lexicon import Group, Lexicon, default_lexicon, fold, read_groups
from vouch.retrieval.wording import default_wording


def found(text: str) -> list[str]:
    return [mention.group.name for mention in default_lexicon().find(text)]


def test_the_shipped_lexicon_loads_and_knows_other_words_for_a_line() -> None:
    assert found("净利和营收是多少") == ["净利润", "营业收入"]
    assert found("前五名客户") == ["主要销售客户"]
    assert found("感冒了怎么办") == ["上呼吸道感染"]


def test_the_longest_term_wins() -> None:
    assert found("归属于母公司所有者的净利润") == ["归属于母公司所有者的净利润"]
    assert found("非流动资产合计") == ["非流动资产合计"]


def test_english_terms_are_whole_words_with_their_plural() -> None:
    assert found("the number of gross margins") == ["毛利率"]
    assert found("influential people") == []


def test_a_word_in_two_groups_is_refused() -> None:
    with pytest.raises(SettingsError, match="'乙' stands under 'A' and under 'B'"):
        Lexicon([Group("A", "lines", ("A", "乙")), Group("B", "lines", ("B", "乙"))])


def test_an_entry_of_another_form_is_named() -> None:
    with pytest.raises(SettingsError, match=r"x\.toml: \[lines\] '净利润'"):
        read_groups({"lines": {"净利润": "净利"}}, "x.toml")
    with pytest.raises(SettingsError, match="names a word twice"):
        read_groups({"lines": {"净利润": ["净利", "净利"]}}, "x.toml")


def test_folding_keeps_every_character_in_its_place() -> None:
    assert fold("ＡＢ（集团）") == "ab(集团)"
    assert len(fold("㎏①Ⅷ")) == 3


def test_the_wording_lists_put_longer_words_first() -> None:
    assert default_wording().legal_forms[-1] == "有限公司" or len(default_wording().legal_forms[-1]) == 4
    lengths = [len(word) for word in default_wording().filler]
    assert lengths == sorted(lengths, reverse=True)


def test_terms_of_one_character_and_at_the_end_of_a_text_are_found() -> None:
    lexicon = Lexicon([Group("疝", "medical", ("疝", "疝气")), Group("腹股沟", "medical", ("腹股沟", "腹股沟管"))])
    assert [(m.start, m.end) for m in lexicon.find("疝在腹股沟")] == [(0, 1), (2, 5)]
    assert [(m.start, m.end) for m in lexicon.find("腹股沟疝")] == [(0, 3), (3, 4)]
