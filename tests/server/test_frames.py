"""What stands around every route: limits, ids, headers, problems, metrics, logs, cancellation, a bounded queue."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from vouch.app.server.access import Gate
from vouch.app.server.application import create_application
from vouch.app.server.held import Held, Limits
from vouch.app.server.metrics import Metrics
from vouch.app.server.rate import RateLimit
from vouch.app.server.workers import Workers
from vouch.app.service.types import Access, AskRequest, Cancelled, Json, Listen, Ready, SearchRequest
from vouch.retrieval.errors import LibraryLocked, ModelError, NoReply

ANSWER = {"answer": "…", "kind": "extractive", "timings_ms": {"total": 1.0}, "citations": []}


class SlowService:
    """Answers when told to, and remembers whether it was cancelled."""

    def __init__(self) -> None:
        self.go, self.began, self.was_cancelled = threading.Event(), threading.Event(), threading.Event()
        self.error: Exception | None = None

    def ask(self, request: AskRequest, access: Access, listen: Listen = print, cancelled: Cancelled = bool) -> Json:
        self.began.set()
        if self.error:
            raise self.error
        for _ in range(500):
            if self.go.is_set():
                return ANSWER
            if cancelled():
                self.was_cancelled.set()
                return ANSWER
            time.sleep(0.01)
        raise AssertionError("nobody let it go on")

    def search(self, request: SearchRequest, access: Access) -> Json:
        return {"query": request.query, "mode": "hybrid", "hits": [], "timings_ms": {}}

    def stats(self, access: Access) -> Json:
        return {"documents": 3}

    def ready(self) -> Ready:
        return Ready(False, ("LibraryLocked",))


Make = Callable[..., FastAPI]


@pytest.fixture
def service() -> SlowService:
    return SlowService()


@pytest.fixture
def application(service: SlowService) -> Make:
    def made(per_minute: int = 0, threads: int = 2, queue: int = 8, origins: tuple[str, ...] = ()) -> FastAPI:
        held = Held(service, Workers(threads, queue), Metrics(), Limits(body_bytes=2000, upload_bytes=5000))  # type: ignore[arg-type]
        return create_application(held, Gate(None, RateLimit(per_minute)), origins)

    return made


@pytest.fixture
def client(application: Make, service: SlowService) -> Iterator[TestClient]:
    with TestClient(application(), raise_server_exceptions=False) as opened:
        yield opened
        service.go.set()


def test_a_request_keeps_its_id_or_gets_one(client: TestClient) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "trace-7"}).headers["x-request-id"] == "trace-7"
    made = [client.get("/healthz", headers={"X-Request-ID": said}).headers["x-request-id"] for said in ("", "a b\t")]
    assert len(set(made)) == 2
    assert all(len(request_id) == 32 for request_id in made)


def test_answers_carry_the_headers_that_browsers_heed(client: TestClient) -> None:
    for path in ("/healthz", "/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers


def test_other_origins_are_let_in_only_by_name(application: Make) -> None:
    with TestClient(application(origins=("https://ward.example",))) as client:
        for origin, allowed in (("https://ward.example", True), ("https://evil.example", False)):
            headers = client.get("/healthz", headers={"Origin": origin}).headers
            assert (headers.get("access-control-allow-origin") == origin) == allowed


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_long_is_refused(client: TestClient, announced: bool) -> None:
    body = json.dumps({"query": "x" * 3000}).encode()
    content: Any = body if announced else iter([body[:1000], body[1000:]])
    response = client.post("/v1/search", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert response.json()["status"] == 413


def test_an_upload_that_is_too_long_is_refused(client: TestClient) -> None:
    response = client.post("/v1/documents", files={"files": ("a.txt", b"x" * 6000)})
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (LibraryLocked("busy"), 503),
        (ModelError("no such model"), 502),
        (NoReply("late", "timeout"), 504),
        (ZeroDivisionError("secret detail"), 500),
    ],
)
def test_errors_are_problems_that_tell_bugs_no_details(
    client: TestClient, service: SlowService, error: Exception, status: int
) -> None:
    service.error = error
    response = client.post("/v1/ask", json={"question": "问"})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["request_id"] == response.headers["x-request-id"]
    assert "secret detail" not in response.text


def test_a_body_that_is_no_json_says_where(client: TestClient) -> None:
    response = client.post("/v1/search", content=b'{"query": ', headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["errors"]


def test_what_was_sent_is_not_echoed_by_a_refusal(client: TestClient) -> None:
    assert "hunter2" not in client.post("/v1/search", json={"query": "x", "password": "hunter2"}).text


def test_requests_beyond_the_rate_are_told_when_to_come_back(application: Make) -> None:
    with TestClient(application(per_minute=12)) as client:
        codes = [client.post("/v1/search", json={"query": "x"}) for _ in range(4)]
    assert [response.status_code for response in codes] == [200, 200, 429, 429]
    assert int(codes[-1].headers["retry-after"]) >= 1


def test_more_requests_than_may_wait_are_refused_at_once(application: Make, service: SlowService) -> None:
    async def crowd(app: FastAPI) -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            asked = [asyncio.create_task(client.post("/v1/ask", json={"question": "问"})) for _ in range(6)]
            done, _ = await asyncio.wait(asked, timeout=2, return_when=asyncio.FIRST_COMPLETED)
            refused = {task.result().status_code for task in done}
            service.go.set()
            assert refused == {429}
            return list(await asyncio.gather(*asked))

    responses = asyncio.run(crowd(application(threads=1, queue=2)))
    assert sorted(response.status_code for response in responses) == [200] * 3 + [429] * 3
    assert all(response.headers["retry-after"] == "1" for response in responses if response.status_code == 429)


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/chat/completions"])
def test_a_stream_that_may_not_begin_is_refused_not_broken_off(
    application: Make, service: SlowService, path: str
) -> None:
    async def second(app: FastAPI) -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            first = asyncio.create_task(client.post("/v1/ask", json={"question": "问"}))
            await asyncio.to_thread(service.began.wait, 5)
            body = {"question": "问"} if path == "/v1/ask" else {"messages": [{"role": "user", "content": "问"}]}
            stream = {} if path == "/v1/ask" else {"stream": True}
            refused = await client.post(path, json=body | stream, headers={"Accept": "text/event-stream"})
            service.go.set()
            await first
            return refused

    refused = asyncio.run(second(application(threads=1, queue=0)))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")


HALF = "\\ud800"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/feedback", '{"question": "x", "answer": {"a": "HALF"}, "rating": "up"}'),
        ("/v1/feedback", '{"question": "x", "answer": {"a": NaN}, "rating": "up"}'),
        ("/v1/ask", '{"question": "HALF"}'),
        ("/v1/chat/completions", '{"messages": [{"role": "user", "content": [{"type": "text", "text": "HALF"}]}]}'),
        ("/v1/documents", '{"paths": ' + "[" * 1500),
        ("/v1/search", '{"query": "x", "k": 1.5}'),
        ("/v1/search", '{"query": "x", "k": "1"}'),
    ],
)
def test_what_no_library_can_keep_is_refused(client: TestClient, path: str, body: str) -> None:
    content = body.replace("HALF", HALF).encode()
    assert client.post(path, content=content, headers={"Content-Type": "application/json"}).status_code == 422


def test_a_whole_number_may_be_written_with_a_point(client: TestClient) -> None:
    assert client.post("/v1/search", json={"query": "x", "k": 5.0, "years": [2023.0]}).status_code == 200


async def leave_after(left: asyncio.Event, application: FastAPI, path: str, body: dict[str, Any], accept: str) -> None:
    """Post a question and go away as soon as `left` is set."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not sent:
            sent.append(1)
            return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        pass

    headers = [(b"content-type", b"application/json"), (b"accept", accept.encode())]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
    scope |= {"http_version": "1.1", "scheme": "http", "server": ("test", 80), "client": ("test", 1), "asgi": {}}
    await application(scope, receive, send)  # type: ignore[arg-type]


ASKED = {"question": "x"}
CHAT = {"messages": [{"role": "user", "content": "x"}]}
STREAMS = [("/v1/ask", ASKED, "text/event-stream"), ("/v1/chat/completions", CHAT | {"stream": True}, "*/*")]
WHOLE = [("/v1/ask", ASKED, "application/json"), ("/v1/chat/completions", CHAT, "*/*")]


@pytest.mark.parametrize(("path", "body", "accept"), STREAMS + WHOLE)
def test_a_client_that_goes_away_stops_the_work(
    application: Make, service: SlowService, path: str, body: dict[str, Any], accept: str
) -> None:
    async def leave() -> None:
        left = asyncio.Event()
        work = asyncio.create_task(leave_after(left, application(), path, body, accept))
        await asyncio.to_thread(service.began.wait, 5)
        left.set()
        await asyncio.wait_for(work, 5)

    asyncio.run(leave())
    assert service.was_cancelled.wait(5)


@pytest.mark.parametrize(("path", "body", "accept"), STREAMS)
def test_a_client_that_left_before_the_first_piece_stops_the_work(
    application: Make, service: SlowService, path: str, body: dict[str, Any], accept: str
) -> None:
    async def leave() -> None:
        left = asyncio.Event()
        left.set()
        await asyncio.wait_for(leave_after(left, application(), path, body, accept), 5)

    asyncio.run(leave())
    assert service.was_cancelled.wait(5)


def test_metrics_count_routes_not_paths(client: TestClient, service: SlowService) -> None:
    service.go.set()
    client.post("/v1/ask", json={"question": "问"})
    client.get("/v1/nothing-secret")
    text = client.get("/metrics").text
    assert 'vouch_requests_total{method="POST",route="/v1/ask",status="200"} 1.0' in text
    assert 'vouch_answers_total{kind="extractive"} 1.0' in text
    assert 'vouch_library{what="documents"} 3.0' in text
    assert "nothing-secret" not in text


def test_the_log_tells_no_question(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.post("/v1/search", json={"query": "病人张三的诊断"})
    [line] = [json.loads(record.message) for record in caplog.records if record.name == "vouch.requests"]
    assert (line["route"], line["status"]) == ("/v1/search", 200)
    assert "张三" not in caplog.text


def test_readiness_says_what_is_wrong_and_health_does_not_care(client: TestClient) -> None:
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.json()["problems"]) == (503, ["LibraryLocked"])
