"""CPU, wall time and memory of `vouch ingest` against bare text extraction and the usual LangChain pipeline.

    python benchmarks/ingest.py FOLDER... [--rounds 3] [--langchain-pages 200] [--json]

Every contender reads the same PDF files in a process of its own; rounds alternate between them, and the medians are
compared. `bare` is pypdfium2 asked for the text of every page and nothing else. `langchain` is PyPDFLoader,
RecursiveCharacterTextSplitter and FAISS with an embedder that costs nothing; it runs on the first documents that have
`--langchain-pages` pages together (0 leaves it out). Packages: pip install -e '.[bench]'.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import pypdfium2

BARE = """
import sys, pypdfium2
for name in sys.argv[1:]:
    pdf = pypdfium2.PdfDocument(name)
    for page in pdf:
        textpage = page.get_textpage()
        textpage.get_text_range()
        textpage.close()
        page.close()
    pdf.close()
"""

LANGCHAIN = """
import sys
from langchain_community.document_loaders import PyPDFLoader
from langchain_community.vectorstores import FAISS
from langchain_core.embeddings import Embeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

class Fake(Embeddings):
    def embed_documents(self, texts): return [[1.0] * 384 for _ in texts]
    def embed_query(self, text): return [1.0] * 384

pages = [page for name in sys.argv[1:] for page in PyPDFLoader(name).load()]
FAISS.from_documents(RecursiveCharacterTextSplitter(chunk_size=500, chunk_overlap=50).split_documents(pages), Fake())
"""


@dataclass(frozen=True)
class Run:
    """What one process took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def measure(command: Sequence[str]) -> Run:
    """Run a command to its end; its CPU time is that of the process and of the children it waited for."""
    started = perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise SystemExit(errors.read().decode(errors="replace")[-2000:])
    return Run(perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def bare(files: Sequence[str]) -> Run:
    return measure([sys.executable, "-c", BARE, *files])


def langchain(files: Sequence[str]) -> Run:
    return measure([sys.executable, "-W", "ignore", "-c", LANGCHAIN, *files])


def vouch(files: Sequence[str], jobs: int = 1) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        library = str(Path(folder) / "library")
        program = "from vouch.app.cli import main; main()"
        return measure(
            [sys.executable, "-c", program, "ingest", "--quiet", "--jobs", str(jobs), "--library", library, *files]
        )


def median(runs: Sequence[Run]) -> Run:
    return Run(*(statistics.median(getattr(run, name) for run in runs) for name in ("wall_s", "cpu_s", "peak_mb")))


def alternate(contenders: dict[str, Callable[[], Run]], rounds: int) -> dict[str, Run]:
    """Return the medians of runs that take turns, so that a busy minute does not meet one contender only."""
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            runs[name].append(run())
    return {name: median(found) for name, found in runs.items()}


def page_count(file: str) -> int:
    pdf = pypdfium2.PdfDocument(file)
    try:
        return len(pdf)
    finally:
        pdf.close()


def first_pages(files: Sequence[str], pages: int) -> list[str]:
    """Return the first files that have so many pages together."""
    taken: list[str] = []
    while files and sum(map(page_count, taken)) < pages:
        taken, files = [*taken, files[0]], files[1:]
    return taken


def report(title: str, pages: int, found: dict[str, Run], reference: str) -> None:
    print(f"\n{title}: {pages} pages")
    print(f"{'':12}{'pages/CPU-s':>12}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}   CPU : {reference}")
    for name, run in found.items():
        ratio = run.cpu_s / found[reference].cpu_s
        numbers = f"{pages / run.cpu_s:12.1f}{run.cpu_s:9.2f}{run.wall_s:9.2f}{run.peak_mb:9.0f}"
        print(f"{name:12}{numbers}   {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--langchain-pages", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    files = sorted(str(path) for folder in asked.folders for path in folder.rglob("*.pdf"))
    few = first_pages(files, asked.langchain_pages)
    all_pages, few_pages = sum(map(page_count, files)), sum(map(page_count, few))
    whole = alternate({"bare": lambda: bare(files), "vouch": lambda: vouch(files)}, asked.rounds)
    parallel = median([vouch(files, os.cpu_count() or 1) for _ in range(asked.rounds)])
    some = {"vouch": median([vouch(files[: max(1, len(files) // 4)]) for _ in range(asked.rounds)])}
    against = {}
    if few:
        against = alternate({"langchain": lambda: langchain(few), "vouch": lambda: vouch(few)}, asked.rounds)
    if asked.json:
        figures = {"all": whole, "quarter": some, "langchain": against, "parallel": {"vouch": parallel}}
        print(json.dumps({k: {n: asdict(r) for n, r in v.items()} for k, v in figures.items()}))
        return
    report("all documents, one process", all_pages, whole, "bare")
    print(f"with --jobs {os.cpu_count()}: {parallel.wall_s:.2f} s wall")
    quarter, everything = some["vouch"].peak_mb, whole["vouch"].peak_mb
    print(f"peak memory with a quarter of the files: {quarter:.0f} MB, with all: {everything:.0f} MB")
    if against:
        report(f"{len(few)} document(s)", few_pages, against, "langchain")


if __name__ == "__main__":
    main()
