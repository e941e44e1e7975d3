"""Passages with their surroundings."""

from dataclasses import replace

import pytest

from vouch.retrieval.expansion import with_context
from vouch.retrieval.types import Chunk, Hit, Source

SOURCE = Source("d", "d.pdf", "/d.pdf")


def piece(text: str, start: int, page: int = 1, section: tuple[str, ...] = ("A", "B")) -> Chunk:
    return Chunk(f"{page}-{start}", SOURCE, page, start, start + len(text), text, "prose", section)


BEFORE, HERE, AFTER = piece("before", 0), piece("here", 10), piece("after", 20)
OTHER_SECTION = piece("elsewhere", 30, section=("A", "C"))
OTHER_PAGE = piece("overleaf", 0, page=2)


class Shelf:
    """One document."""

    def passages(self, doc_id: str) -> list[Chunk]:
        return [BEFORE, HERE, AFTER, OTHER_SECTION, OTHER_PAGE]


def grown(hit: Chunk, characters: int) -> Chunk:
    return with_context(Shelf(), [Hit(hit, 1.0)], characters)[0].chunk


def test_a_passage_takes_in_its_section_on_its_page() -> None:
    chunk = grown(HERE, 100)
    assert (chunk.start, chunk.end, chunk.text) == (0, 25, "before\nhere\nafter")
    assert chunk.id == HERE.id


def test_what_follows_comes_before_what_precedes_where_room_is_short() -> None:
    assert grown(HERE, 12).text == "here\nafter"


@pytest.mark.parametrize("characters", [0, 4])
def test_without_room_a_passage_stays_as_it_is(characters: int) -> None:
    assert grown(HERE, characters) == HERE


def test_the_next_section_and_the_next_page_stay_out() -> None:
    assert grown(OTHER_SECTION, 1000).text == "elsewhere"
    assert grown(OTHER_PAGE, 1000).text == "overleaf"


def test_subsections_belong_to_their_section() -> None:
    class Nested(Shelf):
        def passages(self, doc_id: str) -> list[Chunk]:
            return [HERE, replace(AFTER, section=("A", "B", "1"))]

    assert with_context(Nested(), [Hit(HERE, 1.0)], 100)[0].chunk.text == "here\nafter"


def test_a_hit_that_a_better_one_took_in_is_left_out() -> None:
    hits = with_context(Shelf(), [Hit(HERE, 1.0), Hit(AFTER, 0.5), Hit(OTHER_PAGE, 0.2)], 100)
    assert [hit.chunk.id for hit in hits] == [HERE.id, OTHER_PAGE.id]


def test_the_context_of_a_hit_is_its_text_with_what_stands_around() -> None:
    [grown] = with_context(Shelf(), [Hit(BEFORE, 1.0)], 100)
    assert grown.chunk.text == "before\nhere\nafter"
