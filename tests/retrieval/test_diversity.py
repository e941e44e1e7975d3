"""Rankings without repetition."""

from tests.retrieval.record_maker import chunk
from vouch.retrieval.diversity import diverse, likeness
from vouch.retrieval.types import Hit

NEARLY_THE_SAME = [
    Hit(chunk("net sales rose in the year", "a"), 1.0),
    Hit(chunk("net sales rose in the year again", "b"), 0.85),
    Hit(chunk("employees work in ten countries", "c"), 0.5),
]


def order(diversity: float) -> list[str]:
    return [hit.chunk.source.doc_id for hit in diverse(NEARLY_THE_SAME, diversity)]


def test_a_repetition_falls_behind_something_new() -> None:
    assert order(0.5) == ["a", "c", "b"]


def test_without_diversity_the_order_stays() -> None:
    assert order(0.0) == ["a", "b", "c"]


def test_a_little_diversity_leaves_a_much_better_passage_in_place() -> None:
    assert order(0.1) == ["a", "b", "c"]


def test_likeness_is_the_share_of_common_words() -> None:
    assert likeness(frozenset("abc"), frozenset("bcd")) == 0.5
    assert likeness(frozenset(), frozenset()) == 0.0
