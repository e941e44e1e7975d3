"""A real llama.cpp server on this machine, asked by our client and by the openai package."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("xllamacpp")
pytest.importorskip("gguf")
pytest.importorskip("transformers")

from tests.contracts.chat_benches import started
from tests.generation.models.tiny_gguf import TEMPLATE, TinyModel, tiny_llama
from vouch.generation.chat import ChatRequest, Message, Sampling, ToolCall, ToolSchema, collected
from vouch.generation.models.openai_http import OpenAIChat, Server
from vouch.retrieval.errors import ModelError

SCHEMA = {
    "type": "object",
    "properties": {"year": {"type": "integer", "minimum": 2000, "maximum": 2030}},
    "required": ["year"],
    "additionalProperties": False,
}
LOOKUP = ToolSchema("lookup_facts", "查数", {"type": "object", "properties": {}})


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return tiny_llama(tmp_path_factory.mktemp("served") / "tiny.gguf", TEMPLATE)


@pytest.fixture(scope="module")
def address(tiny: TinyModel) -> Iterator[str]:
    server = started(tiny.path)
    yield f"{server.listening_address}/v1"
    del server


@pytest.fixture(scope="module")
def chat(address: str) -> OpenAIChat:
    return OpenAIChat(Server(address, "tiny"))


def test_our_client_and_the_openai_package_hear_what_transformers_says(
    chat: OpenAIChat, address: str, tiny: TinyModel
) -> None:
    openai = pytest.importorskip("openai")
    expected = tiny.says([1, *tiny.pieces.encode("user: 营业收入是多少？\nassistant:")], 16)
    request = ChatRequest((Message("user", "营业收入是多少？"),), sampling=Sampling(max_tokens=16))
    assert collected(chat.stream(request)).text == expected
    theirs: Any = openai.OpenAI(base_url=address, api_key="none")
    with theirs:
        chunks = theirs.chat.completions.create(
            model="tiny",
            messages=[{"role": "user", "content": "营业收入是多少？"}],
            max_tokens=16,
            temperature=0,
            stream=True,
        )
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == expected


def test_the_server_tells_its_window_and_counts_tokens(chat: OpenAIChat, tiny: TinyModel) -> None:
    assert chat.context_window == 1024
    for text in ("营业收入", "</s>营业收入"):
        assert chat.count_tokens(text) == len(tiny.pieces.encode(text))


@pytest.mark.parametrize("seed", range(3))
def test_a_schema_is_kept_to(chat: OpenAIChat, seed: int) -> None:
    sampling = Sampling(temperature=1.0, seed=seed, max_tokens=120)
    request = ChatRequest((Message("user", "哪一年？"),), schema=SCHEMA, sampling=sampling)
    reply = json.loads(collected(chat.stream(request)).text)
    assert reply.keys() == {"year"}
    assert 2000 <= reply["year"] <= 2030


def test_tools_and_their_results_are_taken(chat: OpenAIChat) -> None:
    call = ToolCall("c1", "lookup_facts", {"field": "营业收入"})
    result = Message("tool", "12亿", (), "c1", "lookup_facts")
    turns = (Message("user", "查"), Message("assistant", "", (call,)), result)
    reply = collected(chat.stream(ChatRequest(turns, (LOOKUP,), sampling=Sampling(max_tokens=4))))
    assert reply.finish in ("length", "stop", "tool_calls")


def test_a_prompt_beyond_the_window_is_said(chat: OpenAIChat) -> None:
    with pytest.raises(ModelError, match=r"exceeds the available context size.*set model\.context_window"):
        collected(chat.stream(ChatRequest((Message("user", "营业" * 1200),))))
