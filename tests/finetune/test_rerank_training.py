"""Examples and network of the light reranker."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from vouch.finetune.embedding.recipe import RerankerRule
from vouch.finetune.embedding.rerank_examples import Example, examples
from vouch.finetune.embedding.rerank_network import train_network, write_network
from vouch.retrieval.embedders.static import StaticEmbedder
from vouch.retrieval.pair_features import NAMES
from vouch.retrieval.rerank.light import Network

RULE = RerankerRule(hidden=4, networks=2, epochs=60, learning_rate=0.02)
TELLING = NAMES.index("cosine of the texts")


def made_up(questions: int, seed: int) -> list[Example]:
    """Ten candidates each; the right one has the largest cosine, all else is noise."""
    numbers = np.random.default_rng(seed)
    found = []
    for _ in range(questions):
        features = numbers.normal(size=(10, len(NAMES))).astype(np.float32)
        found.append(Example(features, np.arange(10) == np.argmax(features[:, TELLING])))
    return found


def test_a_question_with_right_and_wrong_candidates_is_an_example() -> None:
    corpus = ["高血压患者应少吃盐。", "糖尿病患者应监测血糖。", "高血压用药要遵医嘱。"]
    asked = {"高血压患者吃盐": {corpus[0]}, "骨折": {"not in the corpus"}}
    (found,) = examples(asked, corpus, StaticEmbedder())
    assert found.features.shape == (3, len(NAMES))
    assert found.right.sum() == 1
    assert found.right[0]
    # By words the second passage is found too (患者), the first one stands first in both rankings.
    assert found.features[0, NAMES.index("1 / lexical rank")] == 1
    assert found.features[0, NAMES.index("1 / vector rank")] == 1


def test_what_tells_the_right_candidate_is_learned_and_kept_in_the_file(tmp_path: Path) -> None:
    write_network(tmp_path / "deep" / "light.npz", train_network(made_up(200, 0), RULE, seed=0))
    network = Network.load(tmp_path / "deep" / "light.npz")
    unseen = made_up(100, 1)
    right = sum(bool(example.right[np.argmax(network.logits(example.features))]) for example in unseen)
    assert right >= 90


def test_the_same_examples_give_the_same_network() -> None:
    one, other = (train_network(made_up(20, 0), RULE, seed=3) for _ in range(2))
    assert all(np.array_equal(one[part], other[part]) for part in one)
