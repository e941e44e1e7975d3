"""A chat model asked by itself: conversations as items, replies judged, likelihoods as scores."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.eval.makers import answer, item
from vouch.eval.answer_metrics import judge
from vouch.eval.answers import LOGPROB, System, judged_record, summarise
from vouch.eval.bare_model import BareModel, turns
from vouch.eval.datasets import load_items
from vouch.generation.chat import ChatRequest, Message, Sampling, ToolCall
from vouch.generation.models.scripted import ScriptedModel
from vouch.retrieval.errors import NoReply, UsageError

REPLY = "琅岱仪器2022年的营业收入为1,234.5万元，同比增长8.5%。"


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_conversation_is_asked_up_to_its_last_turn(tmp_path: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "compute", "arguments": '{"expression": "1+1"}'}}
    messages = [
        {"role": "system", "content": "你是助手。"},
        {"role": "user", "content": "收入是多少？"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "2", "tool_call_id": "c1", "name": "compute"},
        {"role": "assistant", "content": REPLY},
    ]
    tool = {"type": "function", "function": {"name": "compute", "description": "d", "parameters": {"type": "object"}}}
    file = write(tmp_path / "a.jsonl", {"id": "x", "kind": "fact", "group": "g", "messages": messages, "tools": [tool]})
    (found,) = load_items(file)
    assert (found.id, found.kind, found.type, found.question) == ("x", "reply", "fact", "收入是多少？")
    assert found.references == (REPLY,)
    assert [message.role for message in found.messages] == ["system", "user", "assistant", "tool"]
    assert found.messages[2].tool_calls == (ToolCall("c1", "compute", {"expression": "1+1"}),)
    assert [tool.name for tool in found.tools] == ["compute"]


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([{"role": "user", "content": "?"}], "end with an answer"),
        ([{"role": "assistant", "content": "!"}], "a question of the user"),
        ([{"role": "chef", "content": "?"}], "'chef' is no role"),
        (["?"], "None is no role"),
        ([{"role": "user", "content": "?", "tool_calls": ["x"]}], "a tool call must be"),
    ],
)
def test_a_conversation_that_asks_nothing_is_refused_with_its_line(
    tmp_path: Path, messages: list[Any], problem: str
) -> None:
    with pytest.raises(UsageError, match=f"a.jsonl, line 1: .*{problem}"):
        load_items(write(tmp_path / "a.jsonl", {"messages": messages}))


@pytest.mark.parametrize(
    ("said", "verdict", "stated"),
    [
        (REPLY, "correct", 1.0),
        ("琅岱仪器2022年的营业收入为1,234.5万元，同比增长8.6%。", "wrong", 0.5),
        ("琅岱仪器2022年的营业收入为9,876万元，同比增长3%。", "wrong", 0.0),
        ("不知道。", "wrong", 0.0),
    ],
)
def test_a_reply_is_right_with_all_numbers_and_most_words(said: str, verdict: str, stated: float) -> None:
    asked = item("reply", "收入？", (REPLY,), references=(REPLY,))
    found = judge(asked, answer(said))
    assert (found.verdict, found.scores["numbers"]) == (verdict, stated)


def test_the_model_gets_the_turns_of_the_item_and_the_adapter() -> None:
    model = ScriptedModel([REPLY])
    conversation = (Message("system", "s"), Message("user", "q"))
    found, hits = BareModel(model, Sampling(max_tokens=60), "finance").answer(
        item("reply", "q", messages=conversation, references=(REPLY,))
    )
    assert model.requests == [ChatRequest(conversation, sampling=Sampling(max_tokens=60), adapter="finance")]
    assert (found.answer, found.kind, found.generator, hits) == (REPLY, "generated", "scripted+finance", ())


def test_a_passage_stands_before_its_question_and_choices_after_it() -> None:
    assert turns(item("reading", "谁？", passage="甲是董事长。")) == (Message("user", "甲是董事长。\n\n谁？"),)
    asked = item("choice", "哪个？", ("A",), choices=("甲", "乙", "丙"))
    assert turns(asked) == (Message("user", "哪个？"),), "one accepted answer: yes, no, maybe"
    lettered = item("choice", "哪个？", ("A", "甲"), choices=("甲", "乙"))
    assert turns(lettered) == (Message("user", "哪个？\nA. 甲\nB. 乙"),)


def test_a_model_that_says_nothing_has_refused() -> None:
    asked = item("reply", "q", references=("a",))
    found, _ = BareModel(ScriptedModel([NoReply("nothing", "empty")]), Sampling()).answer(asked)
    assert judge(asked, found).verdict == "refused"


def test_likelihoods_become_a_score_and_a_perplexity() -> None:
    seen: list[tuple[ChatRequest, str]] = []

    def logprobs(request: ChatRequest, reply: str) -> list[float]:
        seen.append((request, reply))
        return [-1.0, -3.0]

    model = BareModel(ScriptedModel(["a"]), Sampling(), "", logprobs)
    asked = item("reply", "q", ("a",), references=("a", "b"))
    found, hits = model.answer(asked)
    record = judged_record(asked, found, hits, model.page_text)
    assert model.likelihood(asked) == {LOGPROB: -2.0}
    assert seen == [(ChatRequest((Message("user", "q"),), sampling=Sampling()), "a")]
    assert "perplexity" not in summarise([record]).values
    scored = record.__class__(record.item, record.answer, record.verdict, {LOGPROB: -2.0})
    assert math.isclose(summarise([scored]).values["perplexity"], math.exp(2))


def test_a_library_is_not_asked_a_conversation() -> None:
    def never(*_: Any) -> Any:
        raise AssertionError

    with pytest.raises(UsageError, match="--generator base"):
        System(never, never, never).answer(item("reply", "q", messages=(Message("user", "q"),)))
