"""What the light reranker sees, worked out by hand."""

import math

import numpy as np
import pytest

from vouch.retrieval.pair_features import NAMES, Features, Reading, Standing, pair_features
from vouch.retrieval.token_bag import Rows, WeighedTokens
from vouch.retrieval.types import Vectors


class Table:
    """Token 0 points right (length 3), 1 up (length 4), 2 up too (length 1)."""

    vectors = np.array([[3, 0], [0, 4], [0, 1]], np.float32)

    def token_vectors(self, rows: Rows) -> Vectors:
        found: Vectors = self.vectors[rows]
        return found


def tokens(*rows: int) -> WeighedTokens:
    """Tokens of weight 8."""
    summed = 8 * Table.vectors[list(rows)].sum(axis=0)
    return WeighedTokens(np.array(rows, np.intp), np.full(len(rows), 8, np.float32), float(np.linalg.norm(summed)))


QUERY = Reading("血压高吗", tokens(0, 1))
PASSAGE = Reading("高血压", tokens(2))


def feature(name: str, query: Reading = QUERY, passage: Reading = PASSAGE, place: int = 0) -> float:
    standings = [Standing(0.4, None, 2), Standing(0.8, 1, None)]
    found: Features = pair_features(query, [passage, QUERY], standings, Table())
    assert found.shape == (2, len(NAMES))
    return float(found[place, NAMES.index(name)])


def test_where_a_passage_stood_is_told_by_score_and_ranks() -> None:
    assert feature("fused score over the best one") == pytest.approx(0.5)
    assert feature("1 / lexical rank") == pytest.approx(1 / 200)
    assert feature("1 / vector rank") == pytest.approx(1 / 2)
    assert (feature("found by words"), feature("found by vectors")) == (0, 1)
    assert (feature("found by words", place=1), feature("found by vectors", place=1)) == (1, 0)


def test_words_that_point_alike_meet_though_they_differ() -> None:
    # Worth 3 and 4 of 7: the second points as the passage's only word does, the first across it.
    assert feature("nearest word of the passage to each of the question, weighed") == pytest.approx(4 / 7)
    assert feature("nearest word of the question to each of the passage, weighed") == pytest.approx(1)
    assert feature("share of the question's words in the passage, weighed") == 0
    # The sums are (24, 32) and (0, 8).
    assert feature("cosine of the texts") == pytest.approx(32 / 40)


def test_the_same_words_are_counted_by_worth_and_by_number() -> None:
    passage = Reading("高", tokens(1))
    assert feature("share of the question's words in the passage, weighed", passage=passage) == pytest.approx(4 / 7)
    assert feature("share of the question's words in the passage", passage=passage) == pytest.approx(1 / 2)


def test_pairs_of_characters_are_looked_up_in_the_text() -> None:
    # Of 血压, 压高 and 高吗 the passage holds the first.
    assert feature("share of the question's pairs of characters in the passage") == pytest.approx(1 / 3)
    assert feature("logarithm of the passage's length") == pytest.approx(math.log(4))
    assert feature("logarithm of the question's length") == pytest.approx(math.log(5))


def test_texts_without_tokens_meet_nothing() -> None:
    assert feature("cosine of the texts", passage=Reading("", tokens())) == 0
    assert feature("cosine of the texts", query=Reading("?", tokens())) == 0


def test_a_passage_is_read_alike_beside_whatever_others() -> None:
    standing = Standing(0.5, 1, 1)
    texts = [
        Reading("血压高", tokens(0, 1)),
        Reading("", tokens()),
        Reading("高", tokens(1, 2)),
        Reading("高", tokens(2)),
    ]
    together = pair_features(QUERY, texts, [standing] * 4, Table())
    alone = [pair_features(QUERY, [text], [standing], Table())[0] for text in texts]
    np.testing.assert_allclose(together, alone, rtol=1e-6)
