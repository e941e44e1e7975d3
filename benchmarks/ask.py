"""How long a question takes: `vouch ask` in a new process, its imports, and searches in a warm one.

    python benchmarks/ask.py --library LIBRARY --questions FILE.jsonl [--cold 10] [--warm 300]

FILE.jsonl has a `question` on each line. A cold run starts the interpreter, imports, opens the library and prints the
answer; `bare` is the same interpreter importing numpy alone, for scale. Imports are summed from -X importtime.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

_SELF_TIME = re.compile(r"import time:\s+(\d+) \|")
_ASK = "from vouch.app.cli import main; main()"


def run(*arguments: str) -> tuple[float, str]:
    """Return wall seconds and standard error of a Python process."""
    started = perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 4):
        raise SystemExit(done.stderr)
    return perf_counter() - started, done.stderr


def cold(library: str, questions: list[str]) -> dict[str, float]:
    """Return median seconds of a whole cold question, of its imports, and of a bare numpy process."""
    asked, imports, bare = [], [], []
    for question in questions:
        arguments = ("ask", "--json", "--library", library, question)
        asked.append(run("-c", _ASK, *arguments)[0])
        log = run("-X", "importtime", "-c", _ASK, *arguments)[1]
        imports.append(sum(map(int, _SELF_TIME.findall(log))) / 1e6)
        bare.append(run("-c", "import numpy")[0])
    return {name: statistics.median(found) for name, found in (("ask", asked), ("imports", imports), ("bare", bare))}


def warm(library: str, questions: list[str]) -> list[float]:
    """Return milliseconds of searches in one process, after the first."""
    from vouch.app.settings import load_settings
    from vouch.app.wiring_store import open_library

    taken = []
    with open_library(load_settings({"library": library})) as shelf:
        shelf.search(questions[0])
        for question in questions:
            started = perf_counter()
            shelf.search(question)
            taken.append(1000 * (perf_counter() - started))
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--questions", required=True, type=Path)
    parser.add_argument("--cold", type=int, default=10)
    parser.add_argument("--warm", type=int, default=300)
    asked = parser.parse_args()
    with asked.questions.open(encoding="utf-8") as file:
        questions = [json.loads(line)["question"] for line in file]
    step = max(1, len(questions) // asked.cold)
    found = cold(asked.library, questions[::step][: asked.cold])
    print(f"cold ask: {found['ask']:.2f} s median, imports {found['imports']:.2f} s; bare numpy {found['bare']:.2f} s")
    times = sorted(warm(asked.library, questions[: asked.warm]))
    p95 = times[int(0.95 * (len(times) - 1))]
    print(f"warm search: p50 {statistics.median(times):.1f} ms, p95 {p95:.1f} ms over {len(times)} queries")


if __name__ == "__main__":
    main()
