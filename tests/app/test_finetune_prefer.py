"""Preferences from the feedback of a library, in the prompts that serving would send."""

import shutil
from pathlib import Path

import pytest

from tests.generation.models.tiny_models import write_chatglm3
from vouch.app.settings import load_settings
from vouch.app.wiring_finetune_prefer import preferences_of_library
from vouch.retrieval.conversations import Feedback, Session, Turn
from vouch.retrieval.stores.sqlite_conversations import SqliteConversations

QUESTION = "江河重工2022年实现的营业收入同比增长多少？"
ANSWER = {"answer": "不清楚。", "kind": "generated"}
RIGHT = "报告期内，公司实现营业收入 12.34 亿元，同比增长 8.5%。"


@pytest.fixture
def own_library(library: Path, tmp_path: Path) -> Path:
    """A copy of the library, for feedback of its own."""
    return Path(shutil.copytree(library, tmp_path / "library"))


def test_a_corrected_answer_becomes_a_preference_in_the_prompt_of_serving(own_library: Path, tmp_path: Path) -> None:
    store = SqliteConversations(own_library, write=True)
    session = Session("s", "")
    store.add_turn(session, Turn("营业收入增长了多少？", QUESTION, ANSWER))
    store.add_feedback(Feedback("营业收入增长了多少？", ANSWER, "down", "", RIGHT, session="s"))
    store.add_feedback(Feedback("远海船舶2022年的营业收入是多少元？", ANSWER, "down", "", "没有。"))
    store.add_feedback(Feedback(QUESTION, {"answer": "", "kind": "refused"}, "up"))
    store.close()
    model = write_chatglm3(tmp_path / "model", seq_length=4096)
    found = preferences_of_library(load_settings({"library": str(own_library)}), model)
    assert not found.left_out[1:], found.left_out
    (one,) = found.preferences
    assert (one.chosen, one.rejected) == (RIGHT, "不清楚。")
    assert [message.role for message in one.messages] == ["system", "user"]
    assert one.messages[1].content.endswith(f"问题：{QUESTION}"), "as it was understood in its conversation"
    assert RIGHT in one.messages[1].content, "the passage that answers it"
    (left_out,) = found.left_out
    assert left_out.reason == "serving refuses the question before it searches"
