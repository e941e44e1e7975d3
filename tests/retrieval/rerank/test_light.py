"""The light reranker: a network made by hand, then the one that ships."""

from pathlib import Path

import numpy as np
import pytest

from tests.retrieval.record_maker import chunk
from vouch.retrieval.embedders.static import StaticEmbedder
from vouch.retrieval.pair_features import NAMES
from vouch.retrieval.rerank.light import DEPTH, LightReranker, Network
from vouch.retrieval.types import Hit


def hits(*texts: str) -> list[Hit]:
    """Return hits with these texts, each found by both legs at its place."""
    chunks = [chunk(text) for text in texts]
    return [Hit(chunk, 1 / rank, {"lexical": rank, "vector": rank}) for rank, chunk in enumerate(chunks, start=1)]


@pytest.fixture
def by_shared_pairs(tmp_path: Path) -> Path:
    """A network that only asks how many pairs of the question's characters a passage holds."""
    inner = np.zeros((len(NAMES), 1), np.float32)
    inner[NAMES.index("share of the question's pairs of characters in the passage")] = 1
    one = np.ones(1, np.float32)
    everything = {"mean": np.zeros(len(NAMES), np.float32), "scale": np.ones(len(NAMES), np.float32)}
    np.savez(tmp_path / "light.npz", inner=inner, bias=0 * one, outer=one, **everything)
    return tmp_path / "light.npz"


def test_a_network_is_a_hidden_layer_and_a_sum() -> None:
    network = Network(*(np.array(v, np.float32) for v in ([1, 1], [2, 2], [[1, 0], [0, 1]], [0, 1], [1, 3])))
    # tanh((3 - 1) / 2 + 0) + 3 tanh((1 - 1) / 2 + 1)
    assert network.logits(np.array([[3, 1]], np.float32)) == pytest.approx([np.tanh(1) + 3 * np.tanh(1)], abs=1e-6)


def test_the_best_comes_first_with_score_one_and_its_new_rank(by_shared_pairs: Path) -> None:
    found = LightReranker(StaticEmbedder(), by_shared_pairs).rerank(
        "糖尿病饮食", hits("高血压", "糖尿病", "糖尿病饮食")
    )
    assert [hit.chunk.text for hit in found] == ["糖尿病饮食", "糖尿病", "高血压"]
    assert [hit.ranks["rerank"] for hit in found] == [1, 2, 3]
    assert found[0].score == 1
    assert found[0].score > found[1].score > found[2].score > 0


def test_what_is_not_read_again_follows_in_its_order(by_shared_pairs: Path) -> None:
    many = hits(*(f"第{number}段高血压" for number in range(DEPTH)), "糖尿病甲", "糖尿病乙")
    found = LightReranker(StaticEmbedder(), by_shared_pairs).rerank("糖尿病", many)
    assert [hit.chunk.text for hit in found[-2:]] == ["糖尿病甲", "糖尿病乙"]
    assert found[DEPTH - 1].score > found[-2].score > found[-1].score > 0


def test_nothing_found_stays_nothing() -> None:
    assert LightReranker(StaticEmbedder()).rerank("糖尿病", []) == []


def test_the_shipped_one_prefers_the_passage_that_answers() -> None:
    found = LightReranker(StaticEmbedder()).rerank(
        "高血压患者能吃咸菜吗",
        hits("高血压是指血压升高。", "股东大会由董事会召集。", "高血压患者应少吃咸菜，限制食盐。"),
    )
    assert found[0].chunk.text == "高血压患者应少吃咸菜，限制食盐。"
    assert found[-1].chunk.text == "股东大会由董事会召集。"
