"""Vouch in a program built on LangChain, and a LangChain model in Vouch; langchain-core only."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("langchain_core")

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore
from pydantic import BaseModel

from vouch.app.cli import run
from vouch.app.langchain.chat_model import VouchChatModel
from vouch.app.langchain.embeddings import VouchEmbeddings
from vouch.app.langchain.retriever import LibraryRetriever
from vouch.app.setting_sections import ModelSettings
from vouch.app.settings import load_settings
from vouch.app.wiring_models import make_chat_model
from vouch.app.wiring_store import open_library
from vouch.generation.chat import ChatRequest, Message, Reply, Sampling, ToolCall, ToolSchema, collected
from vouch.generation.models.langchain_chat import LangChainChat, model_from
from vouch.generation.models.scripted import ScriptedModel
from vouch.retrieval.embedders.hashing import HashingEmbedder
from vouch.retrieval.errors import ModelError, NoReply, UsageError
from vouch.retrieval.library import Library

ASK = ChatRequest((Message("user", "营业收入？"),))
FACTORY = "tests.app.test_langchain:fake_model"


@tool
def lookup_facts(field: str, year: int) -> str:
    """Look up a stated value."""
    return f"{field}{year}"


class Found(BaseModel):
    """What was found."""

    field: str
    year: int


def fake_model() -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage("营业收入 12.34亿元")]))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "a.txt").write_text("糖尿病患者应当监测血糖，首选二甲双胍。", "utf-8")
    (tmp_path / "b.txt").write_text("高血压患者应当限制钠盐摄入。", "utf-8")
    where = str(tmp_path / "library")
    assert run(["ingest", str(tmp_path), "--library", where]) == 0
    with open_library(load_settings({"library": where})) as opened:
        yield opened


def test_a_chain_over_a_library_reads_what_was_found(library: Library) -> None:
    model = ScriptedModel([lambda request: "据材料：" + request.messages[-1].content.partition("\n")[0]])
    retriever = LibraryRetriever(library=library, k=1)
    prompt = ChatPromptTemplate.from_messages([("system", "只根据材料回答。"), ("user", "{context}\n{question}")])
    read = {"context": retriever | (lambda found: found[0].page_content), "question": RunnablePassthrough()}
    chain = read | prompt | VouchChatModel(chat=model) | StrOutputParser()
    assert chain.invoke("糖尿病首选什么药？") == "据材料：糖尿病患者应当监测血糖，首选二甲双胍。"
    (request,) = model.requests
    assert [message.role for message in request.messages] == ["system", "user"]


def test_passages_carry_what_a_citation_needs(library: Library) -> None:
    (found,) = LibraryRetriever(library=library, k=1).invoke("钠盐")
    assert found.metadata["document"] == "b.txt"
    assert found.metadata["page"] == 1
    assert found.id


def test_embeddings_serve_their_vector_stores() -> None:
    store = InMemoryVectorStore(VouchEmbeddings(HashingEmbedder()))
    store.add_texts(["糖尿病患者应当监测血糖。", "公司营业收入同比增长。"])
    assert store.similarity_search("血糖怎么监测", k=1)[0].page_content == "糖尿病患者应当监测血糖。"


def test_our_models_stream_with_usage() -> None:
    chunks = list(VouchChatModel(chat=ScriptedModel(["营业收入增长"], piece=2)).stream("?"))
    assert [chunk.content for chunk in chunks if chunk.content] == ["营业", "收入", "增长"]
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk
    assert whole.usage_metadata["output_tokens"] == 2
    assert whole.response_metadata["finish_reason"] == "stop"


def test_tools_go_out_and_calls_come_back() -> None:
    model = ScriptedModel([Reply("", (ToolCall("c1", "lookup_facts", {"field": "营业收入", "year": 2022}),)), "完"])
    bound = VouchChatModel(chat=model).bind_tools([lookup_facts])
    asked = [SystemMessage("s"), HumanMessage("查")]
    called = bound.invoke(asked)
    assert called.tool_calls == [
        {"name": "lookup_facts", "args": {"field": "营业收入", "year": 2022}, "id": "c1", "type": "tool_call"}
    ]
    assert model.requests[0].tools[0].parameters["required"] == ["field", "year"]
    result = lookup_facts.invoke(called.tool_calls[0])
    assert isinstance(result, ToolMessage)
    assert bound.invoke([*asked, called, result]).content == "完"
    assert model.requests[1].messages[2:] == (
        Message("assistant", "", (ToolCall("c1", "lookup_facts", {"field": "营业收入", "year": 2022}),)),
        Message("tool", "营业收入2022", (), "c1", "lookup_facts"),
    )


def test_a_pydantic_class_is_a_schema() -> None:
    model = ScriptedModel(['{"field": "营业收入", "year": 2022}'])
    assert VouchChatModel(chat=model).with_structured_output(Found).invoke("?") == Found(field="营业收入", year=2022)
    assert model.requests[0].schema["required"] == ["field", "year"]


def test_what_cannot_be_forced_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be forced"):
        VouchChatModel(chat=ScriptedModel([])).bind_tools([lookup_facts], tool_choice="any")


def test_sampling_and_stops_go_along() -> None:
    model = ScriptedModel(["a"])
    VouchChatModel(chat=model, temperature=0.5, max_tokens=7, seed=3).invoke("?", stop=["\n"])
    assert model.requests[0].sampling == Sampling(0.5, max_tokens=7, seed=3, stop=("\n",))


def test_any_langchain_model_answers_as_ours() -> None:
    chat = make_chat_model(ModelSettings(runtime="langchain", path=FACTORY))
    reply = collected(chat.stream(ASK))
    assert (reply.text, reply.finish) == ("营业收入 12.34亿元", "stop")
    assert chat.count_tokens("营业") == 7


class Failing(GenericFakeChatModel):
    """Raises what providers raise."""

    error: Any

    def _stream(self, *arguments: Any, **named: Any) -> Any:
        raise self.error


class RateLimited(Exception):
    status_code = 429


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (RateLimited("slow down"), NoReply, "is busy: slow down"),
        (TimeoutError("30 s"), NoReply, "in time"),
        (KeyError("token"), ModelError, "failed with KeyError"),
    ],
)
def test_errors_of_providers_are_ours(error: Exception, kind: type[ModelError], message: str) -> None:
    with pytest.raises(kind, match=message):
        collected(LangChainChat(Failing(messages=iter([]), error=error)).stream(ASK))


def test_calls_of_a_langchain_model_are_read() -> None:
    call = ToolCall("c1", "lookup_facts", {"year": 2022})
    tools = (ToolSchema("lookup_facts", "", {"type": "object", "properties": {}}),)
    model = VouchChatModel(chat=ScriptedModel([Reply("", (call,))]))
    assert collected(LangChainChat(model).stream(ChatRequest(ASK.messages, tools))).tool_calls == (call,)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("langchain", "of the form"),
        ("no.such.module:x", "cannot be found"),
        ("tests.app.test_langchain:none", "cannot be found"),
        ("builtins:dict", "makes a dict"),
    ],
)
def test_a_factory_that_makes_none_is_said(path: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        model_from(path)
