"""What every store of conversations promises: each owner's apart, in order, whole, and gone when deleted."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contracts.library_kinds import KINDS
from tests.retrieval.record_maker import LetterEmbedder, record
from vouch.retrieval.conversations import ConversationStore, Feedback, Session, Turn
from vouch.retrieval.errors import LibraryError
from vouch.retrieval.stores.sqlite_conversations import SqliteConversations
from vouch.retrieval.stores.sqlite_database import FILE_NAME
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.types import Source

Opened = Callable[[], ConversationStore]
ANNA = Session("s1", "anna")
ANSWER = {"question": "问", "answer": "营业收入是900.75元[1]。", "citations": [{"n": 1, "boxes": [[1.0, 2.5, 3, 4]]}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "library"
    store = SqliteStore(made, write=True, embedder=LetterEmbedder())
    store.put(record(Source("d", "d.pdf", "/d.pdf"), "text"))
    store.close()
    return made


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, folder: Path) -> Opened:
    """Open the conversations of the same library again and again."""
    if request.param == "sqlite":
        return lambda: SqliteConversations(folder)
    address = request.getfixturevalue("new_database")
    from vouch.retrieval.stores.postgres_conversations import PostgresConversations
    from vouch.retrieval.stores.postgres_store import PostgresStore

    PostgresStore(address, "test", write=True, embedder=LetterEmbedder()).close()
    return lambda: PostgresConversations(address, "test")


@pytest.fixture
def store(opened: Opened) -> Iterator[ConversationStore]:
    made = opened()
    yield made
    made.close()


def turn(question: str, standalone: str = "") -> Turn:
    return Turn(question, standalone or question, ANSWER)


def test_turns_come_back_whole_and_in_order(store: ConversationStore) -> None:
    assert store.add_turn(ANNA, turn("北原光学2022年营业收入是多少?")) == 1
    assert store.add_turn(ANNA, turn("那2021年呢?", "北原光学2021年营业收入是多少?")) == 2
    first, second = store.turns(ANNA)
    assert (first.number, first.question, first.answer) == (1, "北原光学2022年营业收入是多少?", ANSWER)
    assert (second.number, second.standalone) == (2, "北原光学2021年营业收入是多少?")
    assert first.asked_at < second.asked_at
    assert [entry.number for entry in store.turns(ANNA, after=1)] == [2]


def test_a_conversation_is_named_by_its_first_question_until_renamed(store: ConversationStore) -> None:
    store.add_turn(ANNA, turn("很长" * 40))
    store.add_turn(ANNA, turn("第二问"))
    found = store.conversation(ANNA)
    assert (found.title, found.turns) == ("很长" * 29 + "很…", 2)
    store.rename(ANNA, "收入")
    assert store.conversation(ANNA).title == "收入"


def test_the_conversation_last_added_to_is_listed_first(store: ConversationStore) -> None:
    other = Session("s2", "anna")
    for session in (ANNA, other, ANNA):
        store.add_turn(session, turn("问"))
    assert [found.session for found in store.conversations("anna")] == [ANNA, other]


def test_equal_names_of_two_owners_are_two_conversations(store: ConversationStore) -> None:
    bert = Session("s1", "bert")
    store.add_turn(ANNA, turn("annas"))
    store.add_turn(bert, turn("berts"))
    assert [entry.question for entry in store.turns(bert)] == ["berts"]
    assert [found.session for found in store.conversations("bert")] == [bert]
    assert len(store.conversations()) == 2
    store.delete(bert)
    assert [entry.question for entry in store.turns(ANNA)] == ["annas"]


def test_what_is_deleted_is_gone_with_its_turns(store: ConversationStore, opened: Opened) -> None:
    store.add_turn(ANNA, turn("问"))
    assert store.delete(ANNA) is True
    assert store.delete(ANNA) is False
    again = opened()
    assert (again.conversations(), again.turns(ANNA)) == ([], [])
    assert again.add_turn(ANNA, turn("新的")) == 1
    again.close()


def test_an_unknown_conversation_has_no_turns_and_cannot_be_changed(store: ConversationStore) -> None:
    assert store.turns(ANNA) == []
    for change in (
        lambda: store.conversation(ANNA),
        lambda: store.rename(ANNA, "x"),
        lambda: store.summarise(ANNA, "x", 1),
    ):
        with pytest.raises(KeyError):
            change()


def test_a_summary_is_kept_with_the_turn_it_reaches_to(store: ConversationStore, opened: Opened) -> None:
    store.add_turn(ANNA, turn("问"))
    store.summarise(ANNA, "谈了收入", 1)
    again = opened()
    found = again.conversation(ANNA)
    assert (found.summary, found.summarised) == ("谈了收入", 1)
    again.close()


def test_feedback_comes_back_as_given_and_outlives_its_conversation(store: ConversationStore) -> None:
    store.add_turn(ANNA, turn("问"))
    good = store.add_feedback(Feedback("问", ANSWER, "up", session="s1", owner="anna"))
    bad = store.add_feedback(Feedback("问2", ANSWER, "down", "数字不对", "应为 901 元", "s1", "anna"))
    store.delete(ANNA)
    assert [entry.id for entry in store.feedback()] == [good, bad]
    (found,) = store.feedback(rating="down")
    assert (found.comment, found.correction, found.answer, found.session) == ("数字不对", "应为 901 元", ANSWER, "s1")
    assert [entry.id for entry in store.feedback([good])] == [good]
    assert store.delete_feedback(bad) is True
    assert store.delete_feedback(bad) is False


def test_turns_added_at_the_same_time_all_get_their_number(opened: Opened) -> None:
    def talk() -> None:
        store = opened()
        for n in range(5):
            store.add_turn(ANNA, turn(str(n)))
        store.close()

    threads = [threading.Thread(target=talk) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = opened()
    assert [entry.number for entry in store.turns(ANNA)] == list(range(1, 21))
    store.close()


def test_awkward_names_are_only_names(store: ConversationStore) -> None:
    awkward = Session("'; DROP TABLE turns; --", "%_\"'")
    store.add_turn(awkward, turn("?1 ' \" \\ 😀"))
    assert [entry.question for entry in store.turns(awkward)] == ["?1 ' \" \\ 😀"]
    assert store.conversations("%") == []


def test_there_are_no_conversations_without_a_library(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="there is no library"):
        SqliteConversations(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_library_of_version_2_is_read_as_it_is_and_brought_up_by_the_first_conversation(folder: Path) -> None:
    connection = sqlite3.connect(folder / FILE_NAME)
    connection.executescript(
        "DROP TABLE turns; DROP TABLE conversations; DROP TABLE feedback;"
        "UPDATE meta SET value = '2' WHERE key = 'schema'"
    )
    connection.close()
    reader = SqliteStore(folder)
    assert len(reader.documents()) == 1
    store = SqliteConversations(folder)
    assert store.add_turn(ANNA, turn("问")) == 1
    store.close()
    assert len(reader.documents()) == 1
    reader.close()
