"""Latency, throughput and memory of `vouch serve` under load, against a bare FastAPI + rank-bm25 script.

    python benchmarks/serve.py LIBRARY [--clients 32] [--seconds 20] [--ingest FOLDER] [--minutes 0] [--json]

A server of its own is started over a copy of the library; clients in one further process hold a connection each and
send the next request when the last is answered: half searches, half questions for values that the library states,
both made from its own facts. `--ingest` measures once more while that folder is read into the copy, `--minutes` adds
a long run at the end that looks at memory. The reference answers the same searches from the same passages: BM25Okapi
over the same words, ten passages as JSON. Packages: pip install -e '.[serve,rank-bm25,dev]'.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import psutil

REFERENCE = """
import sys
from pathlib import Path
import numpy, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from rank_bm25 import BM25Okapi
from vouch.app.settings import load_settings
from vouch.app.wiring_store import open_store
from vouch.retrieval.tokenize import tokens

with open_store(load_settings({"library": sys.argv[1]}, {})) as store:
    chunks = [chunk for _, some, _ in store.added_since("") for chunk in some]
index = BM25Okapi([tokens(chunk.text) for chunk in chunks])
app = FastAPI()

class Query(BaseModel):
    query: str
    k: int = 10

@app.get("/healthz")
def healthz():
    return {"ok": True}

@app.post("/v1/search")
def search(query: Query):
    scores = index.get_scores(tokens(query.query))
    best = numpy.argsort(scores)[::-1][: query.k]
    return {"hits": [{"score": scores[n], "page": chunks[n].page, "text": chunks[n].text} for n in best]}

uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""
SERVE = [sys.executable, "-c", "from vouch.app.cli import main; main()", "serve"]
Request = tuple[str, bytes]


class Load(NamedTuple):
    """What clients measured in one run."""

    requests: int
    errors: int
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_ms: float
    """Of the server, a request."""
    megabytes: float
    """Of the server, at the end."""


def main() -> None:
    """Run all the loads that were asked for and print what they show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--ingest", type=Path)
    parser.add_argument("--no-reference", action="store_true")
    parser.add_argument("--json", action="store_true")
    said = parser.parse_args()
    found: dict[str, Any] = {"load_before": os.getloadavg()[0], "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "library"
        shutil.copytree(said.library, copy)
        with server([*SERVE, "--library", str(copy)], ["--port"]) as (port, process):
            requests = made_requests(port)
            searches = [request for request in requests if request[0] == "/v1/search"]
            questions = [request for request in requests if request[0] == "/v1/ask"]
            under_load(port, process, requests, said.clients, 2)  # everything lazy is loaded
            for name, some in (("mixed", requests), ("searches", searches), ("questions", questions)):
                found[name] = under_load(port, process, some, said.clients, said.seconds)._asdict()
            if said.ingest:
                found["with ingest"] = while_reading(said, port, process, requests)
            if said.minutes:
                found["memory"] = memory(port, process, requests, said)
        if not said.no_reference:
            with server([sys.executable, "-c", REFERENCE, str(copy)], []) as (port, process):
                under_load(port, process, searches, said.clients, 2)
                found["rank-bm25 searches"] = under_load(port, process, searches, said.clients, said.seconds)._asdict()
    found["load_after"] = os.getloadavg()[0]
    show(found, said.json)


@contextmanager
def server(command: Sequence[str], port_option: Sequence[str]) -> Iterator[tuple[int, psutil.Process]]:
    """Give port and process of a server, which ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([*command, *port_option, str(port)], stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                    break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit("the server did not start") from None
                time.sleep(0.2)
        yield port, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def made_requests(port: int, count: int = 300) -> list[Request]:
    """Return searches and questions in turn, made from the facts that the library holds; the same in every run."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/facts?limit=10000", timeout=60) as response:
        facts = [fact for fact in json.load(response)["facts"] if fact["value"] is not None and fact["period"] == "FY"]
    if not facts:
        raise SystemExit("the library states no values of whole years: ingest annual reports first")
    requests = []
    for fact in random.Random(7).choices(facts, k=count):
        name = fact["short_name"] or fact["company"]
        requests.append(("/v1/search", {"query": f"{name} {fact['field']} 变动原因", "k": 10}))
        requests.append(("/v1/ask", {"question": f"{name}{fact['year']}年的{fact['field']}是多少？"}))
    return [(path, json.dumps(body).encode()) for path, body in requests]


def under_load(port: int, process: psutil.Process, requests: Sequence[Request], clients: int, seconds: float) -> Load:
    """Return what clients in another process measure of a server."""
    before = _cpu(process)
    with get_context("spawn").Pool(1) as pool:
        milliseconds, errors, wall = pool.apply(_clients, (port, list(requests), clients, seconds))
    milliseconds.sort()
    count = len(milliseconds)
    p50, p95, p99 = (milliseconds[min(count - 1, int(count * share))] for share in (0.5, 0.95, 0.99))
    cpu = (_cpu(process) - before) * 1000 / count
    return Load(count, errors, count / wall, p50, p95, p99, cpu, process.memory_info().rss / 1e6)


def _cpu(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def _clients(port: int, requests: list[Request], clients: int, seconds: float) -> tuple[list[float], int, float]:
    return asyncio.run(_crowd(port, requests, clients, seconds))


async def _crowd(port: int, requests: list[Request], clients: int, seconds: float) -> tuple[list[float], int, float]:
    started = time.perf_counter()
    taken: list[float] = []
    ends = started + seconds
    failed = await asyncio.gather(
        *(_client(port, requests[n::clients] or requests, ends, taken) for n in range(clients))
    )
    return taken, sum(failed), time.perf_counter() - started


async def _client(port: int, requests: list[Request], ends: float, taken: list[float]) -> int:
    """Send requests over one connection until the time is over; return how many failed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    errors = turn = 0
    while (began := time.perf_counter()) < ends:
        path, body = requests[turn % len(requests)]
        turn += 1
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        errors += not await _answered(reader)
        taken.append((time.perf_counter() - began) * 1000)
    writer.close()
    return errors


async def _answered(reader: asyncio.StreamReader) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return head.startswith(b"http/1.1 200")


def while_reading(
    said: argparse.Namespace, port: int, process: psutil.Process, requests: Sequence[Request]
) -> dict[str, Any]:
    """Return the load measured while a folder is uploaded to the server, and how far its job came meanwhile."""
    job = _uploaded(port, said.ingest)
    load = under_load(port, process, requests, said.clients, said.seconds)._asdict()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/jobs/{job}", timeout=60) as response:
        state = json.load(response)
    return {**load, "files_read": state["done"], "files": state["files"], "state": state["state"]}


def _uploaded(port: int, folder: Path) -> str:
    """Return the job that reads the PDF files of a folder."""
    mark = "----vouch-benchmark"
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="collection"\r\n\r\nbenchmark\r\n'.encode()]
    for file in sorted(folder.rglob("*.pdf")):
        head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{file.name}"\r\n\r\n'
        parts.append(head.encode() + file.read_bytes() + b"\r\n")
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/documents",
        b"".join([*parts, f"--{mark}--\r\n".encode()]),
        {"Content-Type": f"multipart/form-data; boundary={mark}"},
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        return str(json.load(response)["job_id"])


def memory(port: int, process: psutil.Process, requests: Sequence[Request], said: argparse.Namespace) -> dict[str, Any]:
    """Return the server's megabytes every half minute under load."""
    taken = [process.memory_info().rss / 1e6]
    errors = 0
    for _ in range(max(1, round(said.minutes * 2))):
        load = under_load(port, process, requests, said.clients, 30)
        errors += load.errors
        taken.append(load.megabytes)
    return {"megabytes": [round(size, 1) for size in taken], "errors": errors}


def show(found: dict[str, Any], as_json: bool) -> None:
    """Print what was found, for people or as JSON."""
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    print(f"load {found['load_before']:.1f} before, {found['load_after']:.1f} after, on {found['cores']} cores")
    print(f"{'':20}{'requests':>9}{'errors':>7}{'/s':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'CPU ms':>8}{'MB':>7}")
    for name, load in found.items():
        if isinstance(load, dict) and "p99_ms" in load:
            figures = "".join(f"{load[key]:8.1f}" for key in ("per_second", "p50_ms", "p95_ms", "p99_ms", "cpu_ms"))
            print(f"{name:20}{load['requests']:9}{load['errors']:7}{figures}{load['megabytes']:7.0f}")
    if "with ingest" in found:
        print("with ingest:", {key: value for key, value in found["with ingest"].items() if key not in Load._fields})
    if "memory" in found:
        print("under load for a while:", found["memory"])


if __name__ == "__main__":
    main()
