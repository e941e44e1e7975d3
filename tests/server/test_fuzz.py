"""What schemathesis makes of the API's own description, sent to a really listening server: nothing breaks it.

`FUZZ_EXAMPLES=500 pytest tests/server/test_fuzz.py -m ''` (make fuzz) sends more; the default is a few of each.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from tests.server.conftest import made_keys
from vouch.app.settings import load_settings
from vouch.app.wiring_serve import create_server, key_file

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "")
FORMS_KNOW_ONLY_TEXT = "negative_data_rejection"
"""It counts as wrong that a form field takes '{}', which is a text like any other."""


@pytest.fixture
def listening(two_shelves: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address and key of a server over a copy of the library: fuzzing removes documents."""
    shutil.copytree(two_shelves, tmp_path / "library")
    said = {"library": str(tmp_path / "library"), "serve.require_keys": True, "ingest.jobs": 1}
    settings = load_settings(said, {})
    keys = made_keys(key_file(settings))
    server = uvicorn.Server(uvicorn.Config(create_server(settings), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", keys["mine"]
    server.should_exit = True
    thread.join(timeout=10)


def fuzzed(address: str, key: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"]
    command += [f"{address}/openapi.json", "--header", f"Authorization: Bearer {key}", "--no-color", "--no-shrink"]
    command += ["--exclude-checks", FORMS_KNOW_ONLY_TEXT, "--generation-database", "none", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_no_example_of_the_description_breaks_the_server(listening: tuple[str, str], tmp_path: Path) -> None:
    done = fuzzed(*listening, tmp_path, "--phases", "examples,fuzzing", "--max-examples", "3", "--max-time", "8")
    assert done.returncode == 0, done.stdout[-8000:]


@pytest.mark.slow
def test_no_example_of_many_breaks_the_server(listening: tuple[str, str], tmp_path: Path) -> None:
    phases = ("--phases", "examples,coverage,fuzzing")
    done = fuzzed(*listening, tmp_path, *phases, "--max-examples", EXAMPLES or "50")
    assert done.returncode == 0, done.stdout[-8000:]
