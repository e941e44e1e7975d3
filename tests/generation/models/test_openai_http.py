"""The chat client against a real HTTP server on this machine that plays a script."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.generation.models.fake_server import FakeServer, Reply, said
from vouch.generation.chat import Message, reply_to
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
