"""A client that closes its connection stops the model, even one who read no piece: a model that counts."""

import json
import shutil
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from vouch.app.settings import load_settings
from vouch.app.wiring_serve import create_server
from vouch.generation.chat import Cancelled, ChatRequest, Delta
from vouch.generation.models import scripted

PIECES = 3000
"""At least 9 seconds of writing."""


class CountingModel(scripted.ScriptedModel):
    """Writes slowly and counts what it wrote; says nothing at all for a while first where it is told to think."""

    def __init__(self, silence: float) -> None:
        super().__init__([])
        self.silence, self.written, self.began, self.ended = silence, 0, threading.Event(), threading.Event()

    def stream(self, request: ChatRequest, cancelled: Cancelled = lambda: False) -> Iterator[Delta]:
        self.began.set()
        until = time.monotonic() + self.silence
        while time.monotonic() < until and not cancelled():
            time.sleep(0.01)
        while self.written < PIECES and not cancelled():
            self.written += 1
            yield Delta("hay ")
            time.sleep(0.003)
        self.ended.set()
        yield Delta(finish="cancelled" if cancelled() else "stop")


@pytest.fixture(params=[0.0, 3.0], ids=["writing", "thinking"])
def model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> CountingModel:
    made = CountingModel(request.param)
    monkeypatch.setattr(scripted, "scripted_model", lambda *_: made)
    return made


@pytest.fixture
def port(two_shelves: Path, tmp_path: Path, model: CountingModel) -> Iterator[int]:
    folder = shutil.copytree(two_shelves, tmp_path / "library")
    said = {"library": str(folder), "generation.generator": "scripted", "generation.tools": False, "serve.threads": 1}
    (tmp_path / "replies.json").write_text("[]", encoding="utf-8")
    settings = load_settings(said | {"model.path": str(tmp_path / "replies.json")}, {})
    server = uvicorn.Server(uvicorn.Config(create_server(settings), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(timeout=10)


def connected(port: int, path: str) -> socket.socket:
    """Return a connection on which a stream was asked for and nothing has been read."""
    question = "What is recommended for mild hay fever?"
    asked = {"stream": True, "messages": [{"role": "user", "content": question}]}
    body = json.dumps({"question": question} if path == "/v1/ask" else asked).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += f"Accept: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(head.encode() + body)
    return connection


PATHS = pytest.mark.parametrize("path", ["/v1/ask", "/v1/chat/completions"])


@PATHS
def test_the_model_stops_when_the_connection_is_closed_unread(model: CountingModel, port: int, path: str) -> None:
    with connected(port, path):
        assert model.began.wait(10)
    assert model.ended.wait(2), "the model goes on for nobody"
    assert model.written < PIECES / 5


@PATHS
def test_the_model_is_not_kept_busy_for_who_left_at_once(model: CountingModel, port: int, path: str) -> None:
    connected(port, path).close()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as ready:  # behind it in the queue of one worker
        assert ready.status == 200
    assert not model.began.is_set() or model.ended.wait(2)
    assert model.written < PIECES / 5
