"""A served library is given other vectors by another process: no question is refused, and the new ones are taken up."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.app.conftest import GUIDELINE, REPORT, run_quietly
from vouch.app.settings import load_settings
from vouch.app.wiring_serve import create_server

ROOT = Path(__file__).parents[2]
VOUCH = [sys.executable, "-c", "from vouch.app.cli import main; main()"]
QUESTION = "江河重工2022年的法定代表人是谁？"
NOTE = "# Filters\n\nThe yew filter is replaced every week.\n"


@pytest.fixture(params=["folder", pytest.param("database", marks=pytest.mark.pg)])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A library with hashed vectors, as an older vouch made it."""
    where = str(tmp_path / "library") if request.param == "folder" else str(request.getfixturevalue("new_database"))
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "江河重工2022.txt").write_text(REPORT, encoding="utf-8")
    (documents / "hay_fever.md").write_text(GUIDELINE, encoding="utf-8")
    with monkeypatch.context() as said:
        said.setenv("VOUCH_RETRIEVAL__EMBEDDER", "hashing")
        done = run_quietly("ingest", documents, "--library", where, "--jobs", "1", "--quiet")
    assert done.code == 0, done.err
    return where


@pytest.fixture
def client(place: str) -> Iterator[TestClient]:
    with TestClient(create_server(load_settings({"library": place}, {}))) as opened:
        yield opened


def elsewhere(*arguments: str) -> None:
    """Run a command in a process of its own."""
    done = subprocess.run([*VOUCH, *arguments], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def embedder(client: TestClient) -> str:
    """Return what makes the vectors of questions just now."""
    service: Any = client.app.state.held.service  # type: ignore[attr-defined]
    with service._parts.live.reading() as library:
        name: str = library.embedder.name
    return name


def asked(client: TestClient) -> list[tuple[int, Any]]:
    """Ask in every way that reads vectors; return status and what was found."""
    answer = client.post("/v1/ask", json={"question": QUESTION})
    found = client.post("/v1/search", json={"query": QUESTION, "mode": "vector"})
    ready = client.get("/readyz")
    return [
        (answer.status_code, answer.json().get("answer")),
        (found.status_code, found.json().get("hits", [{}])[0].get("document")),
        (ready.status_code, ready.json().get("ready")),
    ]


def test_questions_are_answered_before_during_and_after(client: TestClient, place: str) -> None:
    before = asked(client)
    assert [status for status, _ in before] == [200, 200, 200]
    assert embedder(client).startswith("hashing-")
    told: list[list[tuple[int, Any]]] = []
    ended = threading.Event()

    def keep_asking() -> None:
        while not ended.is_set():
            told.append(asked(client))

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        elsewhere("library", "reembed", "--library", place)
        until = time.monotonic() + 30
        while not embedder(client).startswith("static-") and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        ended.set()
        asking.join()
    assert embedder(client).startswith("static-")
    assert len(told) > 3
    assert [answers for answers in told if answers != before] == []
    assert asked(client) == before


def test_documents_are_added_afterwards_by_the_server_and_by_others(
    client: TestClient, place: str, tmp_path: Path
) -> None:
    elsewhere("library", "reembed", "--library", place)
    sent = client.post("/v1/documents", files={"files": ("filters.md", NOTE.encode())})
    until = time.monotonic() + 30
    while (job := client.get(f"/v1/jobs/{sent.json()['job_id']}").json())["state"] in ("queued", "running"):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert (job["state"], job["failed"]) == ("done", 0), job
    found = client.post("/v1/search", json={"query": "yew filter replaced", "mode": "vector"}).json()["hits"]
    assert found[0]["document"] == "filters.md"
    (tmp_path / "sleep.md").write_text("# Sleep\n\nAdults need seven hours of sleep.\n", encoding="utf-8")
    elsewhere("ingest", str(tmp_path / "sleep.md"), "--library", place, "--jobs", "1", "--quiet")
    while time.monotonic() < until:
        found = client.post("/v1/search", json={"query": "hours of sleep", "mode": "vector"}).json()["hits"]
        if found[0]["document"] == "sleep.md":
            break
        time.sleep(0.1)
    assert found[0]["document"] == "sleep.md"
