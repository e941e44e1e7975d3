"""Other words that are searched for, and what they weigh."""

from pathlib import Path

import pytest

from tests.retrieval.record_maker import chunk
from vouch.retrieval.lexical.rank_bm25_index import RankBm25Index
from vouch.retrieval.lexical.synonyms import Synonyms, shipped_synonyms
from vouch.retrieval.lexical.tantivy_index import TantivyIndex
from vouch.retrieval.lexicon import Group, Lexicon
from vouch.retrieval.types import LexicalIndex

COLD = Lexicon([Group("上呼吸道感染", "medical", ("上呼吸道感染", "感冒", "common cold", "URI"))])


def test_other_words_share_the_weight_and_the_asked_one_is_not_among_them() -> None:
    found = dict(Synonyms([Lexicon([Group("mi", "en", ("heart attack", "infarction"))])], 0.6).tokens_of("infarction"))
    assert found == pytest.approx({"heart": 0.2, "attack": 0.2, "heart_attack": 0.2})


def test_words_of_another_language_are_left_out_abbreviations_are_not() -> None:
    found = dict(Synonyms([COLD], 0.5).tokens_of("感冒怎么办"))
    assert "uri" in found
    assert not {"common", "cold"} & found.keys()


def test_a_longer_form_of_the_same_word_adds_nothing() -> None:
    lexicon = Lexicon([Group("高血压", "medical", ("高血压", "高血压病"))])
    assert Synonyms([lexicon], 0.5).tokens_of("高血压吃什么药") == []


def test_without_a_weight_nothing_is_added() -> None:
    assert Synonyms([COLD], 0.0).tokens_of("感冒怎么办") == []


@pytest.mark.parametrize(
    ("query", "token"),
    [
        ("心梗后怎么康复", "心肌"),
        ("脚气怎么治", "足癣"),
        ("营收是多少", "营业"),
        ("Is MI hereditary?", "attack"),
        ("hives", "urticaria"),
        ("心内科怎么挂号", "血管"),
    ],
)
def test_the_shipped_words_of_patients_lead_to_those_of_doctors(query: str, token: str) -> None:
    assert token in dict(shipped_synonyms(0.6).tokens_of(query))


@pytest.mark.parametrize("engine", ["tantivy", "rank-bm25"])
def test_a_passage_in_other_words_is_found_below_one_in_the_same(engine: str, tmp_path: Path) -> None:
    synonyms = Synonyms([COLD], 0.5)
    index: LexicalIndex = (
        TantivyIndex(tmp_path, synonyms=synonyms) if engine == "tantivy" else RankBm25Index(synonyms=synonyms)
    )
    texts = ["感冒多喝水", "上呼吸道感染多休息", *(f"其他段落第{n}号" for n in range(8))]
    index.add(enumerate((chunk(text, f"d{n}") for n, text in enumerate(texts)), start=1))
    index.commit("p1")
    assert [seq for seq, _ in index.search("感冒", 10)] == [1, 2]


def test_b_decides_whether_length_or_repetition_counts() -> None:
    texts = ["苹果 苹果 香蕉 梨子 桃子 李子 杏子 樱桃 葡萄 西瓜", "苹果 香蕉", *(f"其他段落第{n}号" for n in range(8))]
    first = []
    for k1, b in ((1.5, 0.0), (1.5, 1.0)):
        index = RankBm25Index(k1, b)
        index.add(enumerate((chunk(text, f"d{n}") for n, text in enumerate(texts)), start=1))
        index.commit("p1")
        first.append(index.search("苹果", 1)[0][0])
    assert first == [1, 2]
