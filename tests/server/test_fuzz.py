"""What schemathesis makes of the API's own description, sent to a really listening server: nothing breaks it.

`FUZZ_EXAMPLES=500 pytest tests/server/test_fuzz.py -m ''` (make fuzz) sends so many to each operation; the default is
a few of each. Its command line does not: where an operation's parameter has an example it often sends that one alone,
so the many are drawn here. Most of the time goes into drawing them: 10 to 30 ms of CPU a case, 200 for wrong bodies of
the chat, against 1 to 5 in the server.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.server.conftest import made_keys
from vouch.app.settings import load_settings
from vouch.app.wiring_serve import create_server, key_file

CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "")
FORMS_KNOW_ONLY_TEXT = "negative_data_rejection"
"""It counts as wrong that a form field takes '{}', which is a text like any other."""


@pytest.fixture
def listening(two_shelves: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address and key of a server over a copy of the library: fuzzing removes documents. The key may do everything."""
    shutil.copytree(two_shelves, tmp_path / "library")
    said = {"library": str(tmp_path / "library"), "serve.require_keys": True, "ingest.jobs": 1}
    chosen = load_settings(said, {})
    keys = made_keys(key_file(chosen))
    server = uvicorn.Server(uvicorn.Config(create_server(chosen), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", keys["admin"]
    server.should_exit = True
    thread.join(timeout=10)


def fuzzed(address: str, key: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"]
    command += [f"{address}/openapi.json", "--header", f"Authorization: Bearer {key}", "--no-color", "--no-shrink"]
    command += ["--exclude-checks", FORMS_KNOW_ONLY_TEXT, "--generation-database", "none", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_no_example_of_the_description_breaks_the_server(listening: tuple[str, str], tmp_path: Path) -> None:
    few = ("--max-examples", "3", "--max-time", "8", "--seed", "1")  # always the same; make fuzz draws others
    done = fuzzed(*listening, tmp_path, "--phases", "examples,fuzzing", *few)
    assert done.returncode == 0, done.stdout[-8000:]


@pytest.mark.slow
def test_no_edge_of_the_description_breaks_the_server(listening: tuple[str, str], tmp_path: Path) -> None:
    done = fuzzed(*listening, tmp_path, "--phases", "examples,coverage")
    assert done.returncode == 0, done.stdout[-8000:]


class Requests:
    """Sends cases to one operation and counts them."""

    def __init__(self, key: str, known: dict[str, list[str]]) -> None:
        """`known`: values that exist, by the name of the path's parameter."""
        self._headers, self._known = {"Authorization": f"Bearer {key}"}, known
        self.sent, self.answers = 0, Counter[int]()

    def send(self, case: Case) -> None:
        """Send one case and look at what comes back; every other reading one asks for something that exists."""
        if case.method == "GET" and self.sent % 2 and isinstance(case.path_parameters, dict):
            for name, values in self._known.items():
                if name in case.path_parameters:
                    case.path_parameters[name] = values[self.sent // 2 % len(values)]
        answer = case.call_and_validate(headers=self._headers, checks=CHECKED)
        self.sent += 1
        self.answers[answer.status_code] += 1


def flood(operation: APIOperation, requests: Requests, count: int) -> None:
    """Send so many cases to an operation, half of them as described and half not; what has no more is sent again."""
    last: list[Case] = []

    def send(case: Case) -> None:
        last[:] = [case]
        requests.send(case)

    quietly = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}
    for mode, until in ((GenerationMode.NEGATIVE, count // 2), (GenerationMode.POSITIVE, count)):
        drawn = given(case=operation.as_strategy(generation_mode=mode))(send)
        with suppress(Unsatisfiable):  # an operation without parameters cannot be asked wrongly
            settings(max_examples=until - requests.sent, phases=[Phase.generate], **quietly)(drawn)()
    while requests.sent < count:
        requests.send(last[0])


@pytest.mark.slow
def test_no_example_of_many_breaks_the_server(listening: tuple[str, str], repository: Path) -> None:
    address, key = listening
    headers = {"Authorization": f"Bearer {key}"}
    report = next((repository / "app" / "samples").glob("*年年度报告.pdf"))
    upload = {"files": {"files": (report.name, report.read_bytes())}, "data": {"collection": "open"}}
    job = httpx.post(f"{address}/v1/documents", headers=headers, timeout=60, **upload).json()
    while httpx.get(f"{address}/v1/jobs/{job['job_id']}", headers=headers).json()["state"] in ("queued", "running"):
        time.sleep(0.1)
    asked = {"question": "江河重工2022年的营业收入是多少？", "session": "s1"}
    httpx.post(f"{address}/v1/ask", json=asked, headers=headers, timeout=60)
    documents = httpx.get(f"{address}/v1/documents", headers=headers).json()["documents"]
    known = {"document_id": [entry["document_id"] for entry in documents], "job_id": [job["job_id"]]}
    known |= {"session": ["s1"], "number": ["1", "2"]}
    count = int(EXAMPLES or "20")
    for found in schemathesis.openapi.from_url(f"{address}/openapi.json").get_all_operations():
        operation, requests = found.ok(), Requests(key, known)
        started = time.monotonic()
        flood(operation, requests, count)
        assert requests.sent >= count
        codes = " ".join(f"{code}:{times}" for code, times in sorted(requests.answers.items()))
        sys.stdout.write(f"{operation.label}: {requests.sent} in {time.monotonic() - started:.0f} s, {codes}\n")
