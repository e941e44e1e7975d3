"""What a server does when its surroundings fail: the request is refused with a reason, the rest goes on."""

import errno
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.app.conftest import REPORT, run_quietly
from tests.server.test_no_leaks import OPEN_TABLE
from vouch.app.service.jobs import WAITING
from vouch.app.service.local import LocalService
from vouch.app.settings import load_settings
from vouch.app.wiring_serve import create_server
from vouch.retrieval.stores.sqlite_store import SqliteStore

QUESTION = {"question": "江河重工2022年的营业收入是多少？"}
NOTE = "# 维护\n\n每周更换一次紫杉滤芯。\n".encode()
Serve = Callable[..., TestClient]


@pytest.fixture
def folder(two_shelves: Path, tmp_path: Path) -> Path:
    """A copy of the library that a test may break."""
    return Path(shutil.copytree(two_shelves, tmp_path / "library"))


@pytest.fixture
def serve(folder: Path) -> Iterator[Serve]:
    """Serve the copy, with settings."""
    with ExitStack() as stack:

        def served(**said: Any) -> TestClient:
            settings = {name.replace("__", "."): value for name, value in said.items()}
            application = create_server(load_settings({"library": str(folder), "ingest.jobs": 1, **settings}, {}))
            return stack.enter_context(TestClient(application, raise_server_exceptions=False))

        yield served


def finished(client: TestClient | httpx.Client, sent: httpx.Response) -> dict[str, Any]:
    job: dict[str, Any] = sent.json()
    while job["state"] in ("queued", "running"):
        time.sleep(0.05)
        job = client.get(f"/v1/jobs/{job['job_id']}").json()
    return job


def events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.split("\n\n"):
        if block.startswith("event: "):
            name, _, data = block.removeprefix("event: ").partition("\ndata: ")
            found.append((name, json.loads(data)))
    return found


def test_a_library_of_another_embedder_is_refused_at_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOUCH_RETRIEVAL__EMBEDDER", "hashing")
    done = run_quietly("serve", "--library", folder, "--port", "0")
    assert done.code == 3
    assert "hashing" in done.err
    assert "Traceback" not in done.err


def test_a_library_that_is_gone_is_told_and_not_a_bug(serve: Serve, folder: Path) -> None:
    client = serve()
    assert client.post("/v1/ask", json=QUESTION).status_code == 200
    shutil.rmtree(folder)
    for sent in (
        client.post("/v1/ask", json=QUESTION),
        client.post("/v1/search", json={"query": "营业收入"}),
        client.post("/v1/ask", json={**QUESTION, "session": "s"}),
        client.get("/v1/documents"),
        client.get("/v1/conversations"),
        client.get("/readyz"),
    ):
        assert sent.status_code in (200, 503), sent.text
    assert client.get("/healthz").status_code == 200


def test_what_does_not_fit_on_the_disk_is_refused_and_leaves_nothing(
    serve: Serve, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve()

    def full(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:3])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    sent = client.post("/v1/documents", files={"files": ("a.md", NOTE)})
    assert (sent.status_code, sent.json()["status"]) == (507, 507)
    assert [path for path in (folder / "uploads").rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert finished(client, client.post("/v1/documents", files={"files": ("a.md", NOTE)}))["state"] == "done"


def test_more_uploads_than_may_wait_are_told_to_come_back(
    serve: Serve, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, go = serve(), threading.Event()
    monkeypatch.setattr("vouch.app.service.adding.Adding._read_uploads", lambda *_: go.wait(30))
    sent = [client.post("/v1/documents", files={"files": (f"{n}.md", NOTE)}) for n in range(WAITING + 2)]
    go.set()
    assert [answer.status_code for answer in sent] == [202] * (WAITING + 1) + [429]
    assert int(sent[-1].headers["retry-after"]) >= 1


def test_values_of_an_uploaded_table_answer_as_soon_as_it_is_read(serve: Serve) -> None:
    client = serve()
    asked = {"question": "林海木业2022年的营业收入是多少？"}
    assert client.post("/v1/ask", json=asked).json()["kind"] == "refused"
    sent = client.post("/v1/documents", files={"files": ("t.csv", OPEN_TABLE.encode())}, data={"kind": "facts"})
    assert finished(client, sent)["failed"] == 0
    assert "778000000" in client.post("/v1/ask", json=asked).json()["answer"]


def test_questions_are_answered_while_another_program_writes(serve: Serve, folder: Path) -> None:
    client = serve()
    with closing(sqlite3.connect(folder / "library.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert client.post("/v1/ask", json=QUESTION).status_code == 200
        other.execute("ROLLBACK")


def test_what_one_server_takes_in_another_on_the_same_library_finds(serve: Serve) -> None:
    first, second = serve(), serve()
    finished(first, first.post("/v1/documents", files={"files": ("a.md", NOTE)}))
    for _ in range(100):
        hits = second.post("/v1/search", json={"query": "紫杉滤芯"}).json()["hits"]
        if hits and hits[0]["document"] == "a.md":
            return
        time.sleep(0.1)
    raise AssertionError("the second server never found it")


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/chat/completions"])
def test_a_stream_that_meets_a_bug_ends_with_an_error(serve: Serve, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(LocalService, "warm_up", lambda _: None)
    client = serve()

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(SqliteStore, "facts", broken)
    monkeypatch.setattr(SqliteStore, "chunks", broken)
    body = {"messages": [{"role": "user", "content": QUESTION["question"]}], "stream": True} | QUESTION
    body = QUESTION if path == "/v1/ask" else {key: body[key] for key in ("messages", "stream")}
    sent = client.post(path, json=body, headers={"Accept": "text/event-stream"})
    assert "a bug" in sent.text
    assert "secret detail" not in sent.text


def test_the_words_of_a_model_stream_as_it_writes_them(serve: Serve, tmp_path: Path) -> None:
    replies = tmp_path / "replies.json"
    replies.write_text(json.dumps(["Antihistamine tablets are the first choice for mild hay fever. [1]"] * 4))
    client = serve(generation__generator="scripted", model__path=str(replies), generation__tools=False)
    asked = {"question": "What is recommended for mild hay fever?"}
    heard = events(client.post("/v1/ask", json=asked, headers={"Accept": "text/event-stream"}).text)
    names = [name for name, _ in heard]
    assert names[0] == "understanding"
    assert names.count("token") > 1
    assert (names[-1], heard[-1][1]["generator"]) == ("answer", "scripted")
    assert "Antihistamine" in "".join(data for name, data in heard if name == "token")


@pytest.mark.slow
def test_a_server_killed_while_it_reads_starts_again_on_a_whole_library(folder: Path, tmp_path: Path) -> None:
    files = [("files", (f"{n}.txt", REPORT.replace("江河重工", f"公司{n}号").encode())) for n in range(60)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from vouch.app.cli import main; main()", "serve"]
    command += ["--port", str(port), "--library", str(folder)]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        for killed in (True, False):
            server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            while True:
                try:
                    client.get("/healthz")
                    break
                except httpx.ConnectError:
                    time.sleep(0.1)
            if killed:
                job = client.post("/v1/documents", files=files).json()
                while client.get(f"/v1/jobs/{job['job_id']}").json()["done"] < 5:
                    time.sleep(0.02)
                server.send_signal(signal.SIGKILL)
                server.wait()
                continue
            assert client.post("/v1/ask", json=QUESTION).json()["citations"]
            assert len(client.get("/v1/documents").json()["documents"]) >= 8
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) in (0, -signal.SIGTERM)
    assert run_quietly("library", "check", "--library", folder).code == 0


@pytest.mark.pg
def test_a_library_in_postgresql_is_served_from_upload_to_conversation(tmp_path: Path) -> None:
    settings = load_settings({"library": f"embedded-postgres:{tmp_path / 'pg'}", "ingest.jobs": 1}, {})
    with TestClient(create_server(settings), raise_server_exceptions=False) as client:
        sent = client.post("/v1/documents", files={"files": ("江河重工2022.txt", REPORT.encode())})
        assert finished(client, sent)["failed"] == 0
        answer = client.post("/v1/ask", json={**QUESTION, "session": "s"}).json()
        assert "12.34" in answer["answer"]
        for odd in ("x\u0000y", "😀"):
            assert client.post("/v1/ask", json={"question": odd, "session": "s"}).status_code == 200
        assert len(client.get("/v1/conversations/s").json()["turns"]) == 3
        said = {"question": "问\u0000", "answer": answer, "rating": "down", "comment": "\u0000"}
        assert client.post("/v1/feedback", json=said).status_code == 201
        assert client.delete("/v1/conversations/s").status_code == 204
