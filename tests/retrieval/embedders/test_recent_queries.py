"""A question is embedded once while it is recent."""

import numpy as np
import pytest

from vouch.retrieval.embedders.recent_queries import RecentQueries
from vouch.retrieval.types import Vectors


class Counting:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, text: str) -> Vectors:
        self.asked.append(text)
        return np.array([[len(text), len(self.asked)]], np.float32)


def test_the_same_question_is_embedded_once() -> None:
    embed = Counting()
    recent = RecentQueries(embed)
    first = recent.vector("why")
    assert recent.vector("how").tolist() == [[3, 2]]
    assert recent.vector("why") is first
    assert embed.asked == ["why", "how"]


def test_only_recent_questions_are_kept() -> None:
    embed = Counting()
    recent = RecentQueries(embed)
    recent.vector("kept by use")
    recent.vector("forgotten")
    for number in range(63):
        recent.vector(str(number))
        recent.vector("kept by use")
    assert len(embed.asked) == 65
    recent.vector("kept by use")
    assert len(embed.asked) == 65
    recent.vector("forgotten")
    assert len(embed.asked) == 66


def test_a_kept_vector_cannot_be_written_to() -> None:
    recent = RecentQueries(Counting())
    with pytest.raises(ValueError, match="read-only"):
        recent.vector("why")[0, 0] = 1
