"""A conversation kept in the library: a window, a summary of what is older, follow-ups with and without a model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.generation.memory.test_standalone import BEFORE, HELD
from tests.retrieval.record_maker import LetterEmbedder
from vouch.generation.chat import ChatRequest
from vouch.generation.memory.memory import Memory
from vouch.generation.memory.recollection import recollect, summarise, summary_of
from vouch.generation.models.scripted import ScriptedModel
from vouch.retrieval.conversations import ConversationStore, Session, Turn
from vouch.retrieval.errors import NoReply
from vouch.retrieval.stores.sqlite_conversations import SqliteConversations
from vouch.retrieval.stores.sqlite_store import SqliteStore

HERE = Session("talk")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ConversationStore]:
    SqliteStore(tmp_path, write=True, embedder=LetterEmbedder()).close()
    made = SqliteConversations(tmp_path)
    yield made
    made.close()


def talk(store: ConversationStore, count: int) -> None:
    for n in range(1, count + 1):
        store.add_turn(HERE, Turn(f"问{n}", f"江河重工{2000 + n}年收入", {"answer": f"收入是{n}00元。"}))


def test_a_follow_up_is_understood_without_a_model(store: ConversationStore) -> None:
    memory = Memory(store, HERE)
    first = memory.follow_up(BEFORE, HELD)
    assert (first.asked, first.context) == (BEFORE, None)
    memory.keep(BEFORE, first, {"answer": "120.5亿元"})
    second = memory.follow_up("那2021年呢?", HELD)
    assert second.asked == "那2021年呢?"
    assert second.context is not None
    assert second.context.companies == ("江河重工股份有限公司",)
    memory.keep("那2021年呢?", second, {"answer": "110亿元"})
    assert [turn.standalone for turn in store.turns(HERE)] == [BEFORE, "江河重工2021年营业收入是多少？"]
    third = Memory(store, HERE).follow_up("净利润呢？", HELD)  # another process
    assert third.standalone == "江河重工2021年净利润呢？"


def test_a_follow_up_is_written_out_by_a_model_and_by_rule_where_that_is_unfit(store: ConversationStore) -> None:
    model = ScriptedModel(["江河重工2021年营业收入是多少？", "山川电子2021年净利润是多少？"])
    memory = Memory(store, HERE, model)
    memory.keep(BEFORE, memory.follow_up(BEFORE, HELD), {"answer": "120.5亿元"})
    found = memory.follow_up("那2021年呢?", HELD)
    assert (found.asked, found.context) == ("江河重工2021年营业收入是多少？", None)
    memory.keep("那2021年呢?", found, {"answer": "110亿元"})
    unfit = memory.follow_up("净利润呢？", HELD)
    assert (unfit.asked, unfit.standalone) == ("净利润呢？", "江河重工2021年净利润呢？")
    assert unfit.context is not None
    assert model.unused == 0


def test_only_the_last_turns_are_remembered_word_for_word(store: ConversationStore) -> None:
    talk(store, 9)
    found = recollect(store, HERE, window=3)
    assert [turn.number for turn in found.turns] == [7, 8, 9]
    assert recollect(store, Session("new")).turns == ()


def test_what_falls_out_of_the_window_is_summed_up_a_few_turns_at_a_time(store: ConversationStore) -> None:
    model = ScriptedModel(["谈了江河重工2001年至2003年的收入。", "谈了六年的收入。"])
    talk(store, 5)
    assert summarise(store, HERE, model, window=3) is False
    talk(store, 1)
    assert summarise(store, HERE, model, window=3) is True
    assert recollect(store, HERE, 3).summary == "谈了江河重工2001年至2003年的收入。"
    assert store.conversation(HERE).summarised == 3
    talk(store, 3)
    assert summarise(store, HERE, model, window=3) is True
    assert "谈了江河重工2001年至2003年的收入。" in model.requests[-1].messages[-1].content
    assert summarise(store, HERE, ScriptedModel([]), window=3) is False


def test_a_summary_loses_sentences_with_numbers_that_nobody_said(store: ConversationStore) -> None:
    talk(store, 2)
    model = ScriptedModel(["江河重工2001年收入是100元。山川电子净利润是777元。两年都有收入。" + "好。" * 50])
    kept = summary_of(model, recollect(store, HERE), "zh")
    assert kept.startswith("江河重工2001年收入是100元。两年都有收入。")
    assert "777" not in kept
    assert kept.count("。") == 6


def test_a_model_that_is_silent_costs_no_turn(store: ConversationStore) -> None:
    def busy(_request: ChatRequest) -> Exception:
        return NoReply("busy", "busy")

    memory = Memory(store, HERE, ScriptedModel([], afterwards=busy), window=1)
    for question in (BEFORE, "那2021年呢?", "净利润呢？"):
        memory.keep(question, memory.follow_up(question, HELD), {"answer": "好"})
    assert store.conversation(HERE).turns == 3
    assert store.conversation(HERE).summary == ""


def test_what_was_deleted_is_forgotten(store: ConversationStore) -> None:
    talk(store, 2)
    store.delete(HERE)
    assert Memory(store, HERE).follow_up("那2021年呢?", HELD).context is None
