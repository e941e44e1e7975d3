"""Two rankings worked out by hand."""

from collections.abc import Callable

import pytest

from vouch.retrieval.fusion import Ranking, reciprocal_ranks, weighted_scores

LEXICAL = [(1, 8.0), (2, 4.0)]
VECTOR = [(3, 0.5), (2, 0.4), (4, -0.1)]
WEIGHTS = {"lexical": 0.75, "vector": 0.25}


def test_scores_are_shares_of_the_best_one_times_the_weight() -> None:
    # 1: 0.75 * 8/8; 2: 0.75 * 4/8 + 0.25 * 0.4/0.5; 3: 0.25 * 0.5/0.5; 4: below zero counts nothing.
    fused = weighted_scores({"lexical": LEXICAL, "vector": VECTOR}, WEIGHTS)
    assert fused == [(1, 0.75), (2, pytest.approx(0.575)), (3, 0.25), (4, 0.0)]


def test_reciprocal_ranks_use_no_scores() -> None:
    fused = reciprocal_ranks({"lexical": LEXICAL, "vector": VECTOR}, {"lexical": 1.0, "vector": 1.0})
    assert [seq for seq, _ in fused] == [2, 1, 3, 4]
    assert fused[0][1] == pytest.approx(1 / 62 + 1 / 62)


def test_a_ranking_without_weight_only_adds_what_others_lack() -> None:
    fused = weighted_scores({"lexical": LEXICAL, "vector": VECTOR}, {"lexical": 1.0, "vector": 0.0})
    assert [seq for seq, _ in fused] == [1, 2, 3, 4]


@pytest.mark.parametrize("fuse", [weighted_scores, reciprocal_ranks])
def test_nothing_found_is_nothing(fuse: Callable[..., Ranking]) -> None:
    assert fuse({"lexical": [], "vector": []}, WEIGHTS) == []
