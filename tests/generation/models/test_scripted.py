"""The scripted model: what tests and demos rely on."""

import json
from pathlib import Path

import pytest

from vouch.generation.chat import ChatRequest, Delta, Message, Reply, Sampling, ToolCall, Usage, collected
from vouch.generation.models.scripted import Script, ScriptedModel, scripted_model
from vouch.retrieval.errors import ModelError, NoReply

ASK = ChatRequest((Message("user", "问"),))


def told(*replies: Script, request: ChatRequest = ASK) -> Reply:
    return collected(ScriptedModel(replies).stream(request))


def test_replies_come_in_order_and_requests_are_kept() -> None:
    model = ScriptedModel(["一", Reply("二", (ToolCall("c", "t"),)), lambda request: request.messages[0].content])
    assert [collected(model.stream(ASK)).text for _ in range(3)] == ["一", "二", "问"]
    assert (model.requests, model.unused) == ([ASK] * 3, 0)


def test_one_call_too_many_is_an_error_of_the_test() -> None:
    model = ScriptedModel(["一"])
    collected(model.stream(ASK))
    with pytest.raises(AssertionError, match="call 2 of a script of 1: 问"):
        collected(model.stream(ASK))


def test_what_comes_afterwards_comes_without_end() -> None:
    model = ScriptedModel([], afterwards="又")
    assert [collected(model.stream(ASK)).text for _ in range(50)] == ["又"] * 50


def test_exceptions_are_raised() -> None:
    with pytest.raises(NoReply):
        told(NoReply("slow", "timeout"))
    with pytest.raises(NoReply):
        told(lambda _request: NoReply("slow", "timeout"))


def test_texts_heed_limits_and_replies_do_not() -> None:
    request = ChatRequest(ASK.messages, sampling=Sampling(max_tokens=2, stop=("。",)))
    assert told("一二三四五六七八九十", request=request) == Reply("一二三四五六七八", (), "length", Usage(1, 2))
    assert told("一。二", request=request).text == "一"
    assert told(Reply("一。二" * 9), request=request).text == "一。二" * 9


def test_it_streams_in_small_pieces() -> None:
    assert [delta.text for delta in ScriptedModel(["一二三四五"], piece=2).stream(ASK)] == ["一二", "三四", "五", ""]
    assert list(ScriptedModel([""]).stream(ASK)) == [Delta("", (), "stop", told("").usage)]


def test_a_script_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    call = {"name": "lookup_facts", "arguments": {"year": 2022}}
    path.write_text(
        json.dumps(["一", {"tool_calls": [call]}, {"error": "忙"}, {"text": "二", "finish": "length"}]), "utf-8"
    )
    model = scripted_model(path)
    assert collected(model.stream(ASK)).text == "一"
    called = collected(model.stream(ASK))
    assert (called.tool_calls, called.finish) == ((ToolCall("call_0", "lookup_facts", {"year": 2022}),), "tool_calls")
    with pytest.raises(ModelError, match="忙"):
        collected(model.stream(ASK))
    assert collected(model.stream(ASK)).finish == "length"
    with pytest.raises(ModelError, match="has ended: it holds 4 replies"):
        collected(model.stream(ASK))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read"),
        ("{}", "no JSON list"),
        ("[1]", "reply 1: a reply is"),
        ('["a", {"txt": ""}]', "reply 2: a reply is"),
        ('[{"finish": "maybe"}]', "finish is one of"),
        ('[{"tool_calls": {}}]', "tool_calls is a list"),
        ('[{"tool_calls": [{"name": "x"}]}]', "a tool call is"),
    ],
)
def test_a_script_that_cannot_be_read_says_where(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "script.json"
    path.write_text(content, "utf-8")
    with pytest.raises(ModelError, match=message):
        scripted_model(path)
    with pytest.raises(ModelError, match="cannot be read"):
        scripted_model(tmp_path / "none.json")
