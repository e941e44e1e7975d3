"""The clients that people have already: openai, LangChain, plain HTTP; same question, same text, citations in each."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from langchain_openai import ChatOpenAI
from openai import NotFoundError, OpenAI
from pydantic import SecretStr

from vouch.app.service.remote import RemoteService
from vouch.app.service.types import EVERYTHING_ALLOWED, AskRequest, StreamEvent
from vouch.app.settings import load_settings
from vouch.app.wiring_serve import create_server
from vouch.retrieval.errors import LibraryError, NotFound

QUESTION = "江河重工2022年的营业收入是多少？"


@pytest.fixture(scope="module")
def address(two_shelves: Path) -> Iterator[str]:
    """A server really listening on this machine."""
    application = create_server(load_settings({"library": str(two_shelves), "serve.port": 0}, {}))
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def expected(address: str) -> str:
    """What /v1/ask answers."""
    answer = httpx.post(f"{address}/v1/ask", json={"question": QUESTION}).json()
    assert "12.34" in answer["answer"]
    return str(answer["answer"])


def test_the_openai_client_gets_the_text_and_its_citations(address: str, expected: str) -> None:
    with OpenAI(base_url=f"{address}/v1", api_key="unused") as client:
        said = client.chat.completions.create(model="vouch", messages=[{"role": "user", "content": QUESTION}])
    assert said.choices[0].message.content == expected
    assert said.choices[0].message.model_extra is not None
    [citation] = said.choices[0].message.model_extra["vouch"]["citations"]
    assert (citation["document"], citation["page"]) == ("江河重工2022.txt", 1)


def test_the_openai_client_streams_the_same_text_with_citations_in_the_last_chunk(address: str, expected: str) -> None:
    with OpenAI(base_url=f"{address}/v1", api_key="unused") as client:
        chunks = list(
            client.chat.completions.create(
                model="vouch",
                messages=[{"role": "user", "content": QUESTION}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == expected
    [last] = [chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
    assert last.model_extra is not None
    assert last.model_extra["vouch"]["citations"][0]["page"] == 1
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens > 0


def test_langchain_gets_the_same_text_invoked_and_streamed(address: str, expected: str) -> None:
    model = ChatOpenAI(base_url=f"{address}/v1", api_key=SecretStr("unused"), model="vouch")
    assert model.invoke(QUESTION).content == expected
    assert "".join(str(piece.content) for piece in model.stream(QUESTION)) == expected


def test_a_question_is_read_in_the_light_of_those_before_it(address: str) -> None:
    said = httpx.post(
        f"{address}/v1/chat/completions",
        json={
            "messages": [
                {"role": "system", "content": "You are terse."},
                {"role": "user", "content": "远山电子2022年的营业收入是多少？"},
                {"role": "assistant", "content": "…"},
                {"role": "user", "content": [{"type": "text", "text": "法定代表人是谁？"}]},
            ]
        },
    ).json()
    assert "秦岳" in said["choices"][0]["message"]["content"]


def test_an_unknown_path_is_an_error_that_the_client_knows(address: str) -> None:
    with OpenAI(base_url=f"{address}/v2", api_key="unused") as client, pytest.raises(NotFoundError):
        client.models.list()


def test_events_tell_the_way_to_the_answer_in_order(address: str, expected: str) -> None:
    names, last = [], ""
    with httpx.stream(
        "POST", f"{address}/v1/ask", json={"question": QUESTION}, headers={"Accept": "text/event-stream"}
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("event: "):
                names.append(line.removeprefix("event: "))
            elif line.startswith("data: "):
                last = line.removeprefix("data: ")
    assert names[0] == "understanding"
    assert "token" in names
    assert names[-1] == "answer"
    assert json.loads(last)["answer"] == expected


def test_the_remote_service_answers_as_the_local_one(address: str, expected: str) -> None:
    service = RemoteService(address)
    heard: list[StreamEvent] = []
    answer = service.ask(AskRequest(QUESTION), EVERYTHING_ALLOWED, heard.append)
    assert answer["answer"] == expected
    assert heard[-1].data == answer
    [document] = [entry for entry in service.documents(EVERYTHING_ALLOWED) if entry["company"].startswith("江河")]
    assert "江河重工" in service.page(document["document_id"], 1, EVERYTHING_ALLOWED)["text"]
    with pytest.raises(NotFound):
        service.page(document["document_id"], 9, EVERYTHING_ALLOWED)
    service.close()


def test_a_server_that_is_not_there_is_told_so() -> None:
    service = RemoteService("http://127.0.0.1:9")
    with pytest.raises(LibraryError, match="is the server running"):
        service.documents(EVERYTHING_ALLOWED)
    assert not service.ready().ok
    service.close()
