"""What an ingest tells: progress while it runs, a table and the failures at its end, the contract's JSON object."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from vouch.app.document_table import document_table
from vouch.app.terminal import counted, note, printable
from vouch.ingest.bulk import FileResult, IngestSummary

SECONDS_BETWEEN_LINES = 5.0


@dataclass(slots=True)
class Tally:
    """What has been done so far."""

    files: int
    done: int = 0
    failed: int = 0
    pages: int = 0
    """Pages read in this run; unchanged files are not read."""
    started: float = field(default_factory=monotonic)

    def add(self, result: FileResult) -> None:
        """Count one more file."""
        self.done += 1
        self.failed += result.status == "failed"
        self.pages += result.pages if result.status in ("ingested", "replaced") else 0

    @property
    def line(self) -> str:
        """One line for people."""
        rate = pace(self.pages, monotonic() - self.started)
        failures = f" · {self.failed} failed" if self.failed else ""
        return f"{self.done}/{self.files} files · {self.pages:,} pages · {rate}{failures}"


@contextmanager
def progress(files: int, quiet: bool, terminal: bool) -> Iterator[Callable[[FileResult], None]]:
    """Give what to call after each file: a bar on a terminal, a line every few seconds elsewhere, nothing if quiet."""
    tally = Tally(files)
    if quiet or not files:
        yield tally.add
    elif terminal:
        with _bar(tally) as advance:
            yield advance
    else:
        yield _lines(tally)


def _lines(tally: Tally) -> Callable[[FileResult], None]:
    last = monotonic()

    def advance(result: FileResult) -> None:
        nonlocal last
        tally.add(result)
        if monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = monotonic()
            note(tally.line)

    return advance


@contextmanager
def _bar(tally: Tally) -> Iterator[Callable[[FileResult], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(bar_width=24), TextColumn("{task.description}"), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=Console(stderr=True, force_terminal=True), transient=True) as bar:
        task = bar.add_task(tally.line, total=tally.files)

        def advance(result: FileResult) -> None:
            tally.add(result)
            bar.update(task, advance=1, description=tally.line)

        yield advance


def pace(pages: int, seconds: float) -> str:
    """Return how fast pages were read; OCR takes seconds for one."""
    rate = pages / max(seconds, 1e-3)
    return f"{rate:,.0f} pages/s" if rate >= 10 else f"{rate:.1f} pages/s"


def ingest_json(summary: IngestSummary) -> dict[str, Any]:
    """Return the contract's ingest object."""
    results = summary.results
    return {
        "files": len(results),
        **{status: summary.count(status) for status in ("ingested", "unchanged", "replaced", "failed")},
        "pages": sum(result.pages for result in results),
        "chunks": sum(result.chunks for result in results),
        "facts": sum(result.facts for result in results),
        "seconds": round(summary.seconds, 3),
        "documents": [result_json(result) for result in results],
    }


def result_json(result: FileResult) -> dict[str, Any]:
    """Return what became of one file."""
    source, error = result.source, result.error
    return {
        "path": result.path,
        "document_id": source.doc_id if source else None,
        "status": result.status,
        "kind": source.kind if source else None,
        "company": source.company if source else None,
        "code": source.code if source else None,
        "year": source.year if source else None,
        "period": source.period if source else None,
        "pages": result.pages,
        "chunks": result.chunks,
        "facts": result.facts,
        "ocr_pages": result.ocr_pages,
        "error": {"type": error.type, "message": error.message, "page": error.page} if error else None,
        "warnings": list(result.warnings),
    }


def summary_text(summary: IngestSummary) -> str:
    """Return the counts of an ingest, each warning, each failure with its page and remedy."""
    counts = [f"{summary.count(status)} {status}" for status in ("ingested", "replaced", "unchanged", "failed")]
    read = [result for result in summary.results if result.status in ("ingested", "replaced")]
    pages, chunks = sum(result.pages for result in read), sum(result.chunks for result in read)
    stored = ", ".join(
        (counted(pages, "page"), counted(chunks, "passage"), counted(sum(r.facts for r in read), "fact"))
    )
    rate = f", {pace(pages, summary.seconds)}" if pages else ""
    lines = [
        f"{counted(len(summary.results), 'file')}: " + ", ".join(counts),
        f"{stored} in {summary.seconds:.1f} s{rate}",
    ]
    doubts = [f"  {_shown(result)}: {warning}" for result in summary.results for warning in result.warnings]
    failures = [f"  {_shown(result)}: {result.error.message}" for result in summary.results if result.error]
    for title, entries in (("to be checked:", doubts), ("failed:", failures)):
        lines += [title, *entries] if entries else []
    return "\n".join(lines)


def _shown(result: FileResult) -> str:
    """Return a path on one line: names may hold line breaks and control characters."""
    return printable(result.path.replace("\n", "\\n"))


def ingest_table(summary: IngestSummary) -> str:
    """Return what every document was taken for, a line each."""
    known = [result for result in summary.results if result.source]
    return document_table([(result.source, result.pages) for result in known if result.source])
