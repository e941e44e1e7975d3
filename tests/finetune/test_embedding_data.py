"""Recipes, pairs, vocabulary and files of the embedder's training, worked out by hand."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from vouch.finetune.embedding.artefact import quantised, write_embedder
from vouch.finetune.embedding.first_vectors import first_vectors, mixed_directions
from vouch.finetune.embedding.pairs import Pair, gather
from vouch.finetune.embedding.recipe import HeldBack, PairRule, Recipe, VocabularyRule, load_recipe
from vouch.finetune.embedding.vocabulary import Vocabulary, choose_vocabulary
from vouch.retrieval.embedders.static import StaticEmbedder
from vouch.retrieval.errors import UsageError
from vouch.retrieval.types import Vectors

SHIPPED_RECIPE = Path(__file__).parents[2] / "finetune" / "recipes" / "embedder.toml"


def write_rows(path: Path, *rows: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def test_the_recipe_of_what_ships_can_be_read() -> None:
    recipe = load_recipe(SHIPPED_RECIPE)
    assert recipe.held_back.collections == ("medical/zh", "medical/en")
    assert "alpaca-" in recipe.pairs[0].without


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = 1", r"at least one \[\[pairs\]\]"),
        ("[[pairs]]\npath = 'a'", "needs query, positive, group"),
        ("[[pairs]]\npath = 'a'\nquery = 'q'\npositive = 'p'\ngroup = 'g'\n[training]\nepoch = 2", "no entry epoch"),
        ("seed =", "no recipe"),
    ],
)
def test_a_recipe_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "recipe.toml").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=said):
        load_recipe(tmp_path / "recipe.toml")


def test_pairs_keep_to_their_sources_and_come_once(tmp_path: Path) -> None:
    write_rows(
        tmp_path / "pairs.jsonl",
        {"q": "血压高", "p": "高血压", "source": "good-1"},
        {"q": "血压高", "p": "高血压", "source": "good-2"},
        {"q": "一", "p": "二", "source": "bad-1"},
        {"q": "BQ", "p": "bank", "source": "bank-1"},
        {"q": "", "p": "nothing asked", "source": "good-1"},
    )
    rule = PairRule("pairs.jsonl", "q", "p", "zh", groups={"bank": "finance"}, without=("bad",))
    found = gather(Recipe((rule,)), tmp_path)
    assert found.pairs == (Pair("血压高", "高血压", "zh"), Pair("BQ", "bank", "finance"))


def test_nothing_that_is_measured_with_is_learned_from(tmp_path: Path) -> None:
    write_rows(tmp_path / "zh/queries.jsonl", {"_id": "q1", "text": "血压 高怎么办"}, {"_id": "q2", "text": "未评"})
    write_rows(tmp_path / "zh/corpus.jsonl", {"_id": "d1", "text": "少吃盐。"}, {"_id": "d2", "text": "别的"})
    (tmp_path / "zh/qrels").mkdir()
    (tmp_path / "zh/qrels/dev.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\n", "utf-8")
    write_rows(tmp_path / "dev.jsonl", {"question": "谁写的？", "context": "鲁迅写的。"})
    write_rows(
        tmp_path / "pairs.jsonl",
        {"q": "血压高怎么办", "p": "一"},
        {"q": "二", "p": "少吃盐。"},
        {"q": "三", "p": "鲁迅写的。"},
        {"q": "未评", "p": "别的"},
    )
    rule = PairRule("pairs.jsonl", "q", "p", "zh")
    found = gather(Recipe((rule,), held_back=HeldBack(("zh",), ("dev.jsonl",))), tmp_path)
    assert found.pairs == (Pair("未评", "别的", "zh"),)
    assert found.left_out == 3


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.jsonl is not there"):
        gather(Recipe((PairRule("absent.jsonl", "q", "p", "zh"),)), tmp_path)


def test_tokens_of_enough_texts_get_a_vector_and_those_of_the_lexicon_in_any_case() -> None:
    rule = VocabularyRule(words=2, characters=2, pieces=2, bigrams=9, others=2)
    found = choose_vocabulary(["zebra 高血压", "zebra", "okapi 3A"], rule)
    # 高血压 stands in the lexicon; okapi, 3A and the characters occur once only.
    assert dict(zip(found.tokens, found.texts_with, strict=True)) == {"zebra": 2, "#zebr": 2, "#ebra": 2, "高血压": 1}
    assert found.texts == 3


def test_a_vector_starts_as_long_as_its_token_is_rare() -> None:
    start = first_vectors(Vocabulary(("often", "~高"), (99, 9), 99), np.eye(3, 4, dtype=np.float32))
    # -ln of (99 + 1) / (99 + 1) and of 10 / 100, the latter of a character; the third row is shared by the rarest.
    assert np.linalg.norm(start, axis=1) == pytest.approx([0, 0.25 * 0.6 * 2.302585, 0.25 * 9 / 2**0.5], abs=1e-5)


class TwinTeacher:
    """Says the same of the first two tokens asked for."""

    def vectors(self, texts: Sequence[str]) -> Vectors:
        said = np.random.default_rng(1).normal(size=(len(texts), 8)).astype(np.float32)
        said[1] = said[0]
        return said


def test_what_a_teacher_finds_alike_starts_alike_and_english_by_chance() -> None:
    chance = np.random.default_rng(0).normal(size=(14, 8)).astype(np.float32)
    tokens = ["发烧", "发热", "fever", *(f"甲{number}" for number in range(10))]
    mixed = mixed_directions(chance, tokens, TwinTeacher(), taught_dimensions=4)
    even = [0, 2, 4, 6]
    assert mixed[0, even] == pytest.approx(mixed[1, even], abs=1e-5)
    assert mixed[0, 1] != pytest.approx(mixed[1, 1], abs=1e-3)
    assert mixed[2] == pytest.approx(chance[2] / np.linalg.norm(chance[2]), abs=1e-5)


class WideTeacher:
    """Vectors that differ most along the third direction, less along the first, hardly along the others."""

    def vectors(self, texts: Sequence[str]) -> Vectors:
        said = np.random.default_rng(1).normal(size=(len(texts), 4)) * [1.0, 0.01, 10.0, 0.01]
        return said.astype(np.float32)


def test_what_differs_most_for_a_teacher_leads_with_its_own_sign() -> None:
    tokens = [f"甲{number}" for number in range(200)]
    chance = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    mixed = mixed_directions(chance, tokens, WideTeacher(), taught_dimensions=2)
    said = WideTeacher().vectors(tokens)
    centred = said - said.mean(axis=0)
    assert np.corrcoef(mixed[:, 0], centred[:, 2] / np.linalg.norm(centred, axis=1))[0, 1] > 0.99
    assert np.corrcoef(mixed[:, 2], centred[:, 0] / np.linalg.norm(centred, axis=1))[0, 1] > 0.99


def test_quantising_keeps_proportions_and_clips_few() -> None:
    table = np.random.default_rng(0).normal(size=(500, 16)).astype(np.float32)
    small = quantised(table)
    assert small.dtype == np.int8
    assert np.corrcoef(small.ravel(), table.ravel())[0, 1] > 0.999


def test_written_files_are_an_embedder_whose_version_is_its_content(tmp_path: Path) -> None:
    table = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    first = write_embedder(tmp_path / "a", ["血压", "血糖"], table)
    again = write_embedder(tmp_path / "b", ["血压", "血糖"], table)
    other = write_embedder(tmp_path / "c", ["血压", "血糖"], -table)
    assert first.version == again.version != other.version
    assert first.dimension == StaticEmbedder(tmp_path / "a").dimension == 4
    assert StaticEmbedder(tmp_path / "a").embed_query("血压").any()
