"""The command as its own process: streams, signals, encodings."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

VOUCH = [sys.executable, "-c", "from vouch.app.cli import main; main()"]
BROKEN = """
import vouch.app.commands.options as options

def broken(flags):
    raise ZeroDivisionError("a planted bug")

options.load_settings = broken
from vouch.app.cli import main
main()
"""


@pytest.mark.parametrize("encoding", [{"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LANG": "POSIX"}])
def test_json_is_utf8_whatever_the_locale(library: Path, encoding: dict[str, str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    arguments = ["search", "法定代表人", "--library", str(library), "--json"]
    done = subprocess.run([*VOUCH, *arguments], capture_output=True, env=environment | encoding, check=True)
    assert "法定代表人".encode() in done.stdout
    assert json.loads(done.stdout.decode("utf-8"))["query"] == "法定代表人"


def test_a_bug_is_one_line_and_exit_code_1_and_a_traceback_on_request() -> None:
    command = [sys.executable, "-c", BROKEN, "config"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("vouch: unexpected ZeroDivisionError: a planted bug")
    assert "Traceback" not in done.stderr
    for asked in (
        subprocess.run([*command, "--debug"], capture_output=True, text=True, check=False),
        subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"VOUCH_DEBUG": "1"}),
    ):
        assert asked.returncode == 1
        assert "Traceback" in asked.stderr


def test_a_reader_that_goes_away_is_no_error(library: Path) -> None:
    arguments = [*VOUCH, "search", "公司", "--library", str(library), "--json"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_ctrl_c_leaves_without_a_traceback(library: Path) -> None:
    arguments = [*VOUCH, "chat", "--library", str(library)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # Whoever starts the tests in the background may have had SIGINT ignored, which children inherit.
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(arguments, text=True, **pipes, **heard) as process:
        assert process.stderr
        assert "2 documents" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert "Traceback" not in process.stderr.read()


def test_file_names_that_are_not_utf8_come_through_as_valid_json(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/caf\xe9.md"
    try:
        with open(odd, "wb") as file:
            file.write(b"# Coffee\n\nCoffee is ready.\n")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    arguments = ["ingest", str(tmp_path), "--library", str(tmp_path / "library"), "--jobs", "1", "--json"]
    done = subprocess.run([*VOUCH, *arguments], capture_output=True, check=False)
    assert json.loads(done.stdout.decode("utf-8"))["files"] == 1
    assert done.returncode in (0, 3)


def test_parallel_ingest_gives_the_same_library_as_one_process(documents: Path, tmp_path: Path) -> None:
    seen = []
    for jobs in ("1", "2"):
        arguments = ["ingest", str(documents), "--library", str(tmp_path / jobs), "--jobs", jobs, "--json"]
        done = subprocess.run([*VOUCH, *arguments], capture_output=True, text=True, check=True)
        seen.append(
            {(entry["path"], entry["document_id"], entry["chunks"]) for entry in json.loads(done.stdout)["documents"]}
        )
    assert seen[0] == seen[1]
    assert len(seen[0]) == 2
