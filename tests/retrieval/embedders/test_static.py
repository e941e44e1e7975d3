"""The embedder that ships, on a table made by hand."""

import json
import math
import time
from pathlib import Path

import numpy as np
import pytest

from vouch.retrieval.embedders.static import SHIPPED, StaticEmbedder
from vouch.retrieval.errors import SettingsError
from vouch.retrieval.token_bag import ABOUT_FILE, TOKENS_FILE, VECTORS_FILE

MOST_BYTES = 15_000_000
"""Of the files that ship."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / TOKENS_FILE).write_text("血压\n血糖\n", "utf-8")
    np.save(tmp_path / VECTORS_FILE, np.array([[3, 4, 0, 0], [0, 0, 5, 0]], np.int8))
    (tmp_path / ABOUT_FILE).write_text(json.dumps({"version": "by-hand"}), "utf-8")
    return tmp_path


def test_a_vector_is_the_weighted_sum_of_its_tokens_at_length_one(folder: Path) -> None:
    # 血压 is a word and a pair of characters, twice: 1 + ln 2, in eighths 14; 血糖 likewise: 14 (3, 4, 5, 0).
    (vector,) = StaticEmbedder(folder).embed_passages(["血压与血糖"])
    assert vector == pytest.approx(np.array([3, 4, 5, 0]) / math.sqrt(50), abs=1e-6)


def test_fewer_dimensions_are_the_first_ones_at_length_one(folder: Path) -> None:
    embedder = StaticEmbedder(folder, dimension=2)
    assert embedder.embed_query("血压与血糖")[0] == pytest.approx([0.6, 0.8], abs=1e-6)
    assert embedder.name != StaticEmbedder(folder).name


def test_more_dimensions_than_there_are_is_refused(folder: Path) -> None:
    with pytest.raises(SettingsError, match="has 4"):
        StaticEmbedder(folder, dimension=5)


def test_the_different_tokens_of_a_text_come_with_weight_and_vector(folder: Path) -> None:
    embedder = StaticEmbedder(folder)
    tokens = embedder.weighed_tokens("血糖，血糖")
    assert tokens.rows.tolist() == [1]
    assert tokens.weights.tolist() == [19]  # four times (twice a word, twice a pair): 8 (1 + ln 4)
    assert tokens.length == 19 * 5
    assert embedder.token_vectors(tokens.rows).tolist() == [[0, 0, 5, 0]]


def test_no_sum_of_a_long_text_leaves_the_whole_numbers_that_float32_holds() -> None:
    """The longest texts that can be embedded exactly: more tokens than any passage has, each as often as counts."""
    embedder = StaticEmbedder()
    tokens = (SHIPPED / TOKENS_FILE).read_text("utf-8").splitlines()
    text = "。".join(token for token in tokens[:3000] if token[0] not in "~#")
    forwards, backwards = embedder.embed_passages([text, "。".join(reversed(text.split("。")))])
    assert np.array_equal(forwards, backwards)


def test_what_ships_is_small_and_opens_at_once() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < MOST_BYTES
    StaticEmbedder()
    started = time.process_time()
    StaticEmbedder().embed_query("高血压患者怎么吃药")
    assert time.process_time() - started < 0.5  # measured: 0.03 s


def test_words_that_mean_alike_are_nearer_than_others() -> None:
    query, alike, other = StaticEmbedder().embed_passages(["发烧怎么办", "发热的处理", "股东大会的通知"])
    assert query @ alike > query @ other + 0.2
