"""Questions worded anew by a chat model, and what is searched for then."""

from dataclasses import dataclass, field

import pytest

from tests.generation.shelf_maker import FakeShelf, source
from tests.retrieval.record_maker import chunk
from vouch.generation.models.scripted import ScriptedModel
from vouch.generation.query_variants import Manner, VariantOptions, VariedRetrieval, fused, wordings
from vouch.generation.retrieve import retrieve
from vouch.retrieval.errors import ModelError, NoReply
from vouch.retrieval.question import Question, understand
from vouch.retrieval.types import EVERYTHING, Hit, Scope, SearchMode

QUESTION = "Which tablets help against hay fever?"


@dataclass
class Watched(FakeShelf):
    """A shelf that remembers what it was asked."""

    asked: list[tuple[str, SearchMode, Scope]] = field(default_factory=list)

    def search(self, query: str, k: int = 10, mode: SearchMode = "hybrid", scope: Scope = EVERYTHING) -> list[Hit]:
        self.asked.append((query, mode, scope))
        return super().search(query, k, mode, scope)


@pytest.fixture
def shelf() -> Watched:
    made = Watched()
    for name, text in (("plain", "tablets against fever"), ("doctors", "antihistamine for allergic rhinitis")):
        made.add(source(name, kind="guideline", language="en"), [("prose", ("Treatment",), text)])
    return made


def question(shelf: FakeShelf) -> Question:
    return understand(QUESTION, shelf.documents())


def varied(manner: Manner, *replies: str | Exception) -> tuple[VariedRetrieval, ScriptedModel]:
    model = ScriptedModel(replies)
    return VariedRetrieval(model, VariantOptions(manner, most=2)), model


def test_other_wordings_find_what_the_questions_own_words_do_not(shelf: Watched) -> None:
    find, model = varied("multi-query", "1. antihistamine allergic rhinitis\n2. rhinitis drugs\n3. one too many")
    found = find(shelf, question(shelf), EVERYTHING)
    assert {hit.chunk.source.doc_id for hit in found} == {"plain", "doctors"}
    assert [query for query, _, _ in shelf.asked[-2:]] == ["antihistamine allergic rhinitis", "rhinitis drugs"]
    assert QUESTION in model.requests[0].messages[-1].content


def test_a_made_up_answer_is_searched_for_by_its_vector(shelf: Watched) -> None:
    find, _ = varied("hyde", "An antihistamine is recommended for allergic rhinitis.")
    find(shelf, question(shelf), EVERYTHING)
    assert shelf.asked[-1][:2] == ("An antihistamine is recommended for allergic rhinitis.", "vector")


def test_wordings_are_searched_for_in_the_scope_only(shelf: Watched) -> None:
    find, _ = varied("multi-query", "antihistamine")
    scope = Scope(doc_ids=frozenset({"plain"}))
    assert {hit.chunk.source.doc_id for hit in find(shelf, question(shelf), scope)} == {"plain"}
    assert {asked[2] for asked in shelf.asked} == {scope}


def test_the_model_is_asked_once_for_all_scopes_of_a_question(shelf: Watched) -> None:
    find, model = varied("multi-query", "antihistamine")
    for scope in (Scope(doc_ids=frozenset({"plain"})), EVERYTHING):
        find(shelf, question(shelf), scope)
    assert len(model.requests) == 1


@pytest.mark.parametrize("reply", [NoReply("too slow", "timeout"), "", "   \n"])
@pytest.mark.parametrize("manner", ["multi-query", "hyde"])
def test_without_a_useful_reply_the_question_alone_is_searched_for(
    shelf: Watched, manner: Manner, reply: str | Exception
) -> None:
    find, _ = varied(manner, reply)
    asked = question(shelf)
    assert find(shelf, asked, EVERYTHING) == retrieve(shelf, asked, EVERYTHING)


def test_a_model_that_cannot_be_used_is_told(shelf: Watched) -> None:
    find, _ = varied("multi-query", ModelError("no such model"))
    with pytest.raises(ModelError, match="no such model"):
        find(shelf, question(shelf), EVERYTHING)


def test_lines_that_are_no_queries_are_left_out() -> None:
    said = "- allergy pills\n\nallergy pills\n" + "x" * 201 + f"\n{QUESTION}\n2) pollen remedies"
    assert wordings(said, QUESTION, 3) == ("allergy pills", "pollen remedies")


def test_rankings_are_fused_by_reciprocal_ranks() -> None:
    a, b, c = (Hit(chunk(name, name), score) for name, score in (("a", 0.9), ("b", 0.8), ("c", 0.7)))
    merged = fused([[a, b], [b, c]])
    assert [hit.chunk.text for hit in merged] == ["b", "a", "c"]
    # 1/62 + 1/61 for b, 1/61 for a, 1/62 for c; the best keeps the first ranking's best score.
    assert [hit.score for hit in merged] == pytest.approx([0.9, 0.9 * 62 / 123, 0.9 * 61 / 123])
