"""The chat client against a real HTTP server on this machine that plays a script."""

import json
import logging
import time
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import pytest

from tests.generation.models.fake_server import EVENTS, FakeServer, Reply, event, piece, said, streamed, torn
from vouch.generation.chat import (
    ChatRequest,
    Message,
    Sampling,
    ToolCall,
    ToolSchema,
    Usage,
    collected,
    reply_to,
)
from vouch.generation.chat import Reply as Completed
from vouch.generation.models.openai_http import OpenAIChat, Server
from vouch.retrieval.errors import ModelError, NoReply


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    server = FakeServer()
    yield server
    server.close()


class Client:
    """A client of the fake server and the pauses that it made."""

    def __init__(self, fake: FakeServer, **changes: Any) -> None:
        self.pauses: list[float] = []
        server = Server(**({"base_url": fake.address, "model": "m"} | changes))
        self.chat = OpenAIChat(server, wait=lambda seconds, _cancelled: self.pauses.append(seconds))

    def ask(self) -> str:
        return reply_to(self.chat, [Message("system", "简短"), Message("user", "你好？")]).text


def test_a_conversation_goes_out_and_the_reply_comes_back(fake: FakeServer) -> None:
    fake.script = [said("你好！")]
    assert Client(fake, api_key="sk-1").ask() == "你好！"
    ((path, headers, body),) = fake.seen
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer sk-1"
    assert body["model"] == "m"
    assert body["temperature"] == 0
    assert body["messages"] == [{"role": "system", "content": "简短"}, {"role": "user", "content": "你好？"}]


def test_without_a_key_none_is_sent(fake: FakeServer) -> None:
    fake.script = [said("ok")]
    Client(fake).ask()
    assert "Authorization" not in fake.seen[0][1]


def test_a_busy_server_is_asked_again_after_growing_pauses(fake: FakeServer) -> None:
    fake.script = [(503, {}, "loading"), (429, {}, "{}"), said("ok")]
    client = Client(fake)
    assert client.ask() == "ok"
    assert client.pauses == [1.0, 2.0]


def test_the_server_says_how_long_to_wait(fake: FakeServer) -> None:
    fake.script = [(429, {"Retry-After": "7"}, "{}"), (503, {"Retry-After": "9999"}, "{}"), said("ok")]
    client = Client(fake)
    client.ask()
    assert client.pauses == [7.0, 60.0], "and is not believed when it says hours"


def test_after_the_last_attempt_there_is_no_reply(fake: FakeServer) -> None:
    fake.script = [(500, {}, '{"error": {"message": "out of\\nmemory"}}')] * 3
    with pytest.raises(NoReply, match=r"500: out of memory \(3 attempts\)") as caught:
        Client(fake, retries=2).ask()
    assert caught.value.reason == "busy"


def test_a_slow_server_times_out(fake: FakeServer) -> None:
    fake.script = [said("late")]
    fake.hold.clear()
    with pytest.raises(NoReply, match=r"within 0\.2 s") as caught:
        Client(fake, timeout=0.2, retries=0).ask()
    assert caught.value.reason == "timeout"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (said("", finish_reason="content_filter"), "refused"),
        (said(None, message={"role": "assistant", "content": None, "refusal": "not that"}), "refused"),
        (said("  "), "malformed"),
        ((200, {}, '{"choices": []}'), "malformed"),
    ],
)
def test_a_refusal_or_an_empty_reply_is_no_reply(fake: FakeServer, reply: Reply, reason: str) -> None:
    fake.script = [reply]
    with pytest.raises(NoReply) as caught:
        Client(fake).ask()
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((401, {}, '{"error": {"message": "bad key"}}'), r"401 \(bad key\): check the API key"),
        ((404, {}, "Not Found"), r"404 \(Not Found\): check base_url"),
        ((200, {}, "<html>"), "something else than JSON"),
        ((200, {}, "[]"), "no chat server"),
    ],
)
def test_what_no_repetition_mends_is_said_at_once(fake: FakeServer, reply: Reply, message: str) -> None:
    fake.script = [reply]
    with pytest.raises(ModelError, match=message) as caught:
        Client(fake, api_key="sk-secret").ask()
    assert not isinstance(caught.value, NoReply)
    assert "sk-secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_named(fake: FakeServer) -> None:
    address = "http://127.0.0.1:9/v1"
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:9/v1/chat/completions cannot be reached.*running"):
        Client(fake, base_url=address).ask()


def test_settings_that_cannot_work_are_refused_before_any_call(fake: FakeServer) -> None:
    with pytest.raises(ModelError, match="starts with http"):
        Client(fake, base_url="localhost:8000")
    with pytest.raises(ModelError, match="no model is named"):
        Client(fake, model="")


LOOKUP = ToolSchema("lookup", "查数", {"type": "object", "properties": {"field": {"type": "string"}}})
ASK = ChatRequest((Message("user", "营业收入？"),))


def whole(fake: FakeServer, request: ChatRequest = ASK, **changes: Any) -> Completed:
    return collected(Client(fake, **changes).chat.stream(request))


def call_piece(index: int | None, **function: str) -> dict[str, Any]:
    named = {"id": f"c{function['name']}"} if "name" in function else {}
    return named | ({} if index is None else {"index": index}) | {"function": function}


def test_a_streamed_reply_is_put_together_whatever_the_packets_cut(fake: FakeServer) -> None:
    fake.script = [streamed("营业收入为1,234.56万元。\u2028\x85同比\U0001f600增长")]
    reply = whole(fake)
    assert reply == Completed("营业收入为1,234.56万元。\u2028\x85同比\U0001f600增长", (), "stop", Usage(7, 3))
    assert fake.seen[0][2]["stream_options"] == {"include_usage": True}


def test_pieces_leave_as_they_come(fake: FakeServer) -> None:
    fake.script = [streamed("一二三四五六")]
    texts = [delta.text for delta in Client(fake).chat.stream(ASK)]
    assert texts == ["一二", "三四", "五六", ""]


def test_comments_and_a_missing_end_mark_do_not_matter(fake: FakeServer) -> None:
    content = b": ping\n\nevent: x\ndata:" + piece({"content": "好"}, "stop")[5:].replace(b"\n", b"\r\n")
    fake.script = [(200, EVENTS, torn(content))]
    assert whole(fake).text == "好"


def test_what_was_chosen_goes_out_and_nothing_else(fake: FakeServer) -> None:
    fake.script = [said("ok"), said("ok")]
    whole(fake, ChatRequest(ASK.messages, sampling=Sampling(temperature=None)))
    assert set(fake.seen[0][2]) == {"model", "messages", "max_tokens", "stream", "stream_options"}
    sampling = Sampling(0.5, 0.9, 40, 1.1, 99, 7, ("\n\n",))
    whole(fake, ChatRequest(ASK.messages, schema={"type": "object"}, sampling=sampling))
    body = fake.seen[1][2]
    assert (body["temperature"], body["top_p"], body["top_k"], body["seed"], body["stop"]) == (
        0.5,
        0.9,
        40,
        7,
        ["\n\n"],
    )
    assert body["repetition_penalty"] == body["repeat_penalty"] == 1.1
    assert body["response_format"]["json_schema"] == {"name": "reply", "schema": {"type": "object"}, "strict": True}


def test_tool_calls_are_put_together_by_their_index(fake: FakeServer) -> None:
    pieces = [
        call_piece(0, name="lookup", arguments=""),
        call_piece(1, name="today"),
        call_piece(0, arguments='{"field": "营业'),
        call_piece(1, arguments="{}"),
        call_piece(0, arguments='收入"}'),
    ]
    fake.script = [streamed("", "tool_calls", pieces)]
    reply = whole(fake, ChatRequest(ASK.messages, (LOOKUP,)))
    assert reply.tool_calls == (ToolCall("clookup", "lookup", {"field": "营业收入"}), ToolCall("ctoday", "today", {}))
    assert reply.finish == "tool_calls"
    body = fake.seen[0][2]
    assert body["tools"][0]["function"]["name"] == "lookup"
    assert body["messages"][0] == {"role": "system", "content": ""}, "without one some templates drop the tools"


@pytest.mark.parametrize("index", [0, None])
def test_calls_that_servers_do_not_number_are_told_apart(fake: FakeServer, index: int | None) -> None:
    pieces = [call_piece(index, name=name, arguments="{}") for name in ("lookup", "today")]
    fake.script = [streamed("", "stop", pieces)]
    reply = whole(fake, ChatRequest(ASK.messages, (LOOKUP,)))
    assert [call.name for call in reply.tool_calls] == ["lookup", "today"]
    assert reply.finish == "tool_calls", "whatever the server calls it"


@pytest.mark.parametrize("arguments", ["{", "[1]", "null", "[" * 100_000])
def test_arguments_that_are_no_object_are_a_problem_of_the_call(fake: FakeServer, arguments: str) -> None:
    fake.script = [streamed("", "tool_calls", [call_piece(0, name="lookup", arguments=arguments)])]
    (call,) = whole(fake, ChatRequest(ASK.messages, (LOOKUP,))).tool_calls
    assert (call.name, call.arguments) == ("lookup", {})
    assert call.problem.startswith("the arguments are no JSON object")
    assert len(call.problem) < 200


def test_a_call_that_was_cut_off_is_not_made(fake: FakeServer) -> None:
    fake.script = [streamed("让我查", "length", [call_piece(0, name="lookup", arguments='{"fie')])]
    assert whole(fake, ChatRequest(ASK.messages, (LOOKUP,))) == Completed("让我查", (), "length", Usage(7, 3))


def test_a_call_where_no_tool_was_offered_is_no_reply(fake: FakeServer) -> None:
    fake.script = [streamed("", "tool_calls", [call_piece(0, name="lookup", arguments="{}")])]
    with pytest.raises(NoReply, match="none was offered"):
        whole(fake)


def test_calls_and_results_go_back_in_the_servers_form(fake: FakeServer) -> None:
    fake.script = [said("ok")]
    call = ToolCall("c1", "lookup", {"field": "营业收入"})
    turns = (
        *ASK.messages,
        Message("assistant", "", (call,)),
        Message("tool", "12亿", tool_call_id="c1", name="lookup"),
    )
    whole(fake, ChatRequest(turns, (LOOKUP,)))
    sent = fake.seen[0][2]["messages"]
    assert json.loads(sent[2]["tool_calls"][0]["function"]["arguments"]) == {"field": "营业收入"}
    assert sent[3] == {"role": "tool", "content": "12亿", "tool_call_id": "c1"}


def test_a_stop_text_ends_the_reply_even_where_the_server_does_not_heed_it(fake: FakeServer) -> None:
    fake.script = [streamed("答案：一。\n\n问题：二")]
    reply = whole(fake, ChatRequest(ASK.messages, sampling=Sampling(stop=("\n\n问题",))))
    assert (reply.text, reply.finish) == ("答案：一。", "stop")


def test_after_the_first_piece_a_broken_connection_is_not_tried_again(fake: FakeServer) -> None:
    fake.script = [(200, EVENTS, [piece({"content": "营业"}), event({"error": {"message": "slot lost", "code": 503}})])]
    client = Client(fake)
    with pytest.raises(NoReply, match="slot lost") as caught:
        collected(client.chat.stream(ASK))
    assert (caught.value.reason, client.pauses) == ("busy", [])


def test_a_reply_that_breaks_off_is_no_reply(fake: FakeServer) -> None:
    fake.script = [(200, EVENTS, [piece({"content": "营业"}), b"data: {"])]
    with pytest.raises(NoReply, match="broke off"):
        whole(fake, retries=0)


def test_a_connection_that_breaks_before_the_first_piece_is_tried_again(fake: FakeServer) -> None:
    fake.script = [(200, EVENTS | {"Content-Length": "99"}, [b": hm\n"]), streamed("好")]
    client = Client(fake)
    assert collected(client.chat.stream(ASK)).text == "好"
    assert client.pauses == [1.0]


def test_a_caller_who_has_had_enough_hangs_up(fake: FakeServer) -> None:
    endless = chain([piece({"content": "啊"})], repeat(piece({"content": "啊"}) * 100))
    fake.script = [(200, EVENTS, endless)]
    heard: list[str] = []
    deltas = list(Client(fake).chat.stream(ASK, lambda: len(heard) > 2 or heard.append("") is not None))
    assert deltas[-1].finish == "cancelled"
    assert fake.hung_up.wait(5), "the server is told, by a closed connection"


def test_a_caller_need_not_wait_for_the_first_piece_to_cancel(fake: FakeServer) -> None:
    fake.script = [said("late")]
    fake.hold.clear()
    start = time.monotonic()
    deltas = list(Client(fake).chat.stream(ASK, lambda: time.monotonic() - start > 0.1))
    assert [delta.finish for delta in deltas] == ["cancelled"]
    assert time.monotonic() - start < 1


def test_a_reader_who_leaves_hangs_up(fake: FakeServer) -> None:
    fake.script = [(200, EVENTS, repeat(piece({"content": "啊"}) * 100))]
    stream = Client(fake).chat.stream(ASK)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert fake.hung_up.wait(5)


@pytest.mark.parametrize(
    ("said_no", "gone"),
    [
        ("unknown field: stream_options", {"stream_options"}),
        ("'response_format' of type json_schema is not supported", {"response_format"}),
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", {"max_tokens"}),
    ],
)
def test_what_a_server_does_not_take_is_left_out_from_then_on(fake: FakeServer, said_no: str, gone: set[str]) -> None:
    fake.script = [(400, {}, json.dumps({"error": {"message": said_no}})), said("一"), said("二")]
    chat = Client(fake).chat
    request = ChatRequest(ASK.messages, schema={"type": "object"})
    assert [collected(chat.stream(request)).text for _ in range(2)] == ["一", "二"]
    first, second, third = (set(body) for _, _, body in fake.seen)
    assert first - second == first - third == gone


OPTIONAL = {"type": "object", "properties": {"a": {"type": "string", "description": "x"}, "b": {"enum": ["1"]}}}
NAMED = {"type": "object", "properties": {"operands": {"type": "object", "additionalProperties": {"type": "number"}}}}


def test_tools_go_out_strict_where_the_server_is_to_hold_calls_to_them(fake: FakeServer) -> None:
    fake.script = [said("一"), said("二")]
    tools = (
        ToolSchema("lookup", "x", OPTIONAL | {"required": ["b"], "additionalProperties": False}),
        ToolSchema("sum", "y", NAMED),
    )
    for strict in (True, False):
        collected(Client(fake, strict_tools=strict).chat.stream(ChatRequest(ASK.messages, tools)))
    first, second = ([tool["function"] for tool in body["tools"]] for _, _, body in fake.seen)
    assert first[0]["strict"] is True
    assert first[0]["parameters"] == {
        "type": "object",
        "properties": {
            "a": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "x"},
            "b": {"enum": ["1"]},
        },
        "required": ["a", "b"],
        "additionalProperties": False,
    }
    assert first[1] == second[1], "names that are not listed have no strict form"
    assert "strict" not in second[0]


def test_a_server_that_knows_no_strict_tools_is_asked_without(fake: FakeServer) -> None:
    no = json.dumps({"error": {"message": "tools[0].function: unknown field 'strict'"}})
    fake.script = [(400, {}, no), said("一"), said("二")]
    chat = Client(fake, strict_tools=True).chat
    request = ChatRequest(ASK.messages, (ToolSchema("today", "x", {"type": "object", "properties": {}}),))
    assert [collected(chat.stream(request)).text for _ in range(2)] == ["一", "二"]
    assert ["strict" in body["tools"][0]["function"] for _, _, body in fake.seen] == [True, False, False]


def test_a_request_that_stays_wrong_is_said_once(fake: FakeServer) -> None:
    fake.script = [(400, {}, "the prompt is too long")]
    with pytest.raises(ModelError, match="too long"):
        whole(fake)


def test_endless_talk_ends(fake: FakeServer) -> None:
    fake.script = [(200, EVENTS, repeat(piece({"content": "啊" * 500_000})))]
    with pytest.raises(NoReply, match="longer than"):
        whole(fake)


def test_the_key_is_in_no_error_and_no_log(fake: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    fake.script = [(401, {}, '{"error": {"message": "Incorrect API key provided: sk-secret"}}')]
    chat = Client(fake, api_key="sk-secret").chat
    with pytest.raises(ModelError, match=r"provided: \*\*\*") as caught:
        collected(chat.stream(ASK))
    everything = f"{caught.value!r} {caught.value.__cause__!r} {caplog.text} {Server('http://x', 'm', 'sk-secret')!r}"
    assert "sk-secret" not in everything


def test_tokens_are_counted_by_the_server_where_it_counts(fake: FakeServer) -> None:
    fake.script = [(200, {}, '{"tokens": [5, 6, 7]}')]
    chat = Client(fake).chat
    assert [chat.count_tokens("营业收入"), chat.count_tokens("营业收入")] == [3, 3]
    ((path, _, body),) = fake.seen
    assert (path, body["content"], body["parse_special"]) == ("/tokenize", "营业收入", False)


def test_where_the_server_does_not_count_no_text_has_more_tokens_than_bytes(fake: FakeServer) -> None:
    fake.script = [(404, {}, "")]
    chat = Client(fake).chat
    assert [chat.count_tokens("营业收入"), chat.count_tokens("ab")] == [13, 3]
    assert len(fake.seen) == 1, "asked once"


def test_the_window_of_a_server_that_does_not_tell_is_small(fake: FakeServer) -> None:
    assert Client(fake).chat.context_window == 8192
    assert Client(fake, context_window=32768).chat.context_window == 32768
