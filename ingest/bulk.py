"""Many files into a library: in parallel, skipping what is unchanged; one bad file never stops the rest."""

import gc
import logging
import multiprocessing
import multiprocessing.context
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Literal, Protocol

from vouch.ingest.content_hash import hash_file
from vouch.retrieval.errors import LibraryFull, LibraryLocked, UnreadableDocument, WorkersNotStarted
from vouch.retrieval.types import DocumentRecord, Source, Store, StoredDocument

logger = logging.getLogger(__name__)

Status = Literal["ingested", "unchanged", "replaced", "failed"]
PER_WORKER = 2
"""Files handed to each worker ahead of time: bounds what waits in memory."""


class IngestStore(Store, Protocol):
    """A store that can tell what it already holds."""

    def documents_with_content(self, content_hash: str) -> list[StoredDocument]: ...


@dataclass(frozen=True, slots=True)
class FileError:
    """Why a file was not ingested."""

    type: str
    message: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file."""

    path: str
    status: Status
    source: Source | None = None
    pages: int = 0
    chunks: int = 0
    ocr_pages: int = 0
    error: FileError | None = None
    warnings: tuple[str, ...] = ()
    facts: int = 0


class RecordMaker(Protocol):
    """What makes a record of a file."""

    def prepare(self, path: Path, content_hash: str) -> DocumentRecord:
        """Return a file's record; UnreadableDocument where it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How to ingest."""

    make_preparer: Callable[[], RecordMaker]
    """Called once in each worker process: a module's function, or a partial of one."""
    recipe: str
    """As in `DocumentRecord.recipe`; a file stored with another is read again."""
    collection: str = "default"
    jobs: int = 1
    force: bool = False
    preload: tuple[str, ...] = ()
    """Modules that all workers need: imported once and inherited where the platform can."""
    apart: bool = False
    """One file, or one job, gets a process of its own too: what else this process does is not held up by reading."""


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """The whole ingest."""

    results: tuple[FileResult, ...]
    seconds: float

    def count(self, status: Status) -> int:
        """Return how many files ended so."""
        return sum(result.status == status for result in self.results)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What a worker sends back: a record, or why there is none."""

    path: Path
    content_hash: str
    record: DocumentRecord | None = None
    error: FileError | None = None


def ingest_paths(
    paths: Sequence[Path], options: IngestOptions, store: IngestStore, on_result: Callable[[FileResult], None]
) -> IngestSummary:
    """Ingest files and report each as it is done; what `on_result` has seen is stored for good."""
    started = perf_counter()
    results: dict[Path, FileResult] = {}

    def done(path: Path, result: FileResult) -> None:
        results[path] = result
        on_result(result)

    to_read: dict[str, list[Path]] = {}
    for path in paths:
        known = _already_known(path, options, store)
        if isinstance(known, FileResult):
            done(path, known)
        else:
            to_read.setdefault(known, []).append(path)
    for prepared in _prepare_all([(same[0], content) for content, same in to_read.items()], options):
        first = _stored(prepared, store)
        done(prepared.path, first)
        for twin in to_read[prepared.content_hash][1:]:
            done(twin, _twin(twin, first))
    return IngestSummary(tuple(results[path] for path in paths), perf_counter() - started)


def _already_known(path: Path, options: IngestOptions, store: IngestStore) -> FileResult | str:
    """Return the content hash of a file that has to be read, else what became of it."""
    try:
        content_hash = hash_file(path)
    except UnreadableDocument as error:
        return FileResult(str(path), "failed", error=_file_error(error))
    same = [held for held in store.documents_with_content(content_hash) if held.source.collection == options.collection]
    if not same or same[0].recipe != options.recipe or options.force:
        return content_hash
    held = same[0]
    elsewhere = held.source.path != str(path)
    warnings = (f"the same content as {held.source.path}",) if elsewhere and Path(held.source.path).exists() else ()
    if elsewhere and not warnings:
        return content_hash  # moved: stored again under its new path
    return FileResult(
        str(path),
        "unchanged",
        held.source,
        held.pages,
        held.chunks,
        held.ocr_pages,
        warnings=warnings + held.warnings,
        facts=held.facts,
    )


def _twin(path: Path, first: FileResult) -> FileResult:
    """Return what became of a file with the same content as one of the same ingest."""
    if first.status == "failed":
        return replace(first, path=str(path))
    return replace(first, path=str(path), status="unchanged", warnings=(f"the same content as {first.path}",))


def _stored(prepared: _Prepared, store: IngestStore) -> FileResult:
    record = prepared.record
    if record is None:
        return FileResult(str(prepared.path), "failed", error=prepared.error)
    try:
        replaced = store.put(record)
    except (LibraryFull, LibraryLocked) as error:  # nothing of this file is stored; another may fit, or come later
        return FileResult(str(prepared.path), "failed", error=FileError(type(error).__name__, str(error)))
    ocr = sum(page.origin == "ocr" for page in record.pages)
    status: Status = "replaced" if replaced else "ingested"
    counts = len(record.pages), len(record.chunks), ocr
    return FileResult(
        str(prepared.path), status, record.source, *counts, warnings=record.warnings, facts=len(record.facts)
    )


def _prepare_all(todo: Sequence[tuple[Path, str]], options: IngestOptions) -> Iterator[_Prepared]:
    if not todo:
        return
    if not options.apart and (options.jobs <= 1 or len(todo) <= 1):
        preparer = options.make_preparer()
        for path, content_hash in todo:
            yield _prepare(preparer, path, content_hash)
        return
    lost: list[tuple[Path, str]] = []
    yield from _in_parallel(todo, options, lost)
    for item in lost:  # a worker died with these in its hands: each alone, so that only the culprit fails
        again: list[tuple[Path, str]] = []
        yield from _in_parallel([item], replace(options, jobs=1), again)
        for path, content_hash in again:
            problem = "reading the file ends the reading process"
            yield _Prepared(
                path, content_hash, error=FileError("UnreadableDocument", f"{problem}; repair it or export it again")
            )


def _in_parallel(
    todo: Sequence[tuple[Path, str]], options: IngestOptions, lost: list[tuple[Path, str]]
) -> Iterator[_Prepared]:
    """Yield what worker processes make of files; `lost` gets those in hand when a worker died."""
    waiting = list(reversed(todo))
    running: dict[Future[_Prepared], tuple[Path, str]] = {}
    pool = ProcessPoolExecutor(
        min(options.jobs, len(todo)), _process_context(options.preload), _start_worker, (options.make_preparer,)
    )
    try:
        while waiting or running:
            try:
                while waiting and len(running) < PER_WORKER * options.jobs:
                    running[pool.submit(_work, *waiting[-1])] = waiting[-1]
                    waiting.pop()
            except BrokenProcessPool:
                lost += [*running.values(), *reversed(waiting)]
                return
            except (OSError, EOFError) as error:  # what is ready is stored; a broken pipe is none of the reader's
                raise WorkersNotStarted(
                    f"no worker process can be started ({error}): run the command again with --jobs 1"
                ) from error
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                item = running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    lost.append(item)
                else:
                    yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _process_context(preload: Sequence[str]) -> multiprocessing.context.BaseContext:
    """Return how workers start: never by forking this process, whose threads and database they must not inherit."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


_preparer: RecordMaker | None = None


def _start_worker(make_preparer: Callable[[], RecordMaker]) -> None:
    global _preparer  # noqa: PLW0603 - one per worker process, set once when it starts
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _preparer = make_preparer()


def _end_with_parent() -> None:
    """End this worker when the process that started it is gone: killed, it tells nobody to stop."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)  # the main thread may be deep inside a PDF, or waiting for work that never comes


def _work(path: Path, content_hash: str) -> _Prepared:
    assert _preparer is not None
    return _prepare(_preparer, path, content_hash)


def _prepare(preparer: RecordMaker, path: Path, content_hash: str) -> _Prepared:
    try:
        with _collector_paused():
            return _Prepared(path, content_hash, preparer.prepare(path, content_hash))
    except UnreadableDocument as error:
        return _Prepared(path, content_hash, error=_file_error(error))
    except MemoryError:
        problem = "the file needs more memory than there is; split it"
        return _Prepared(path, content_hash, error=FileError("UnreadableDocument", problem))
    except Exception as error:
        logger.exception("%s: unexpected error", path)
        problem = f"unexpected {type(error).__name__}: {error}; this is a bug in vouch: please report it with the file"
        return _Prepared(path, content_hash, error=FileError(type(error).__name__, problem))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the search for reference cycles: a document makes a million objects and hardly one (8 % of the CPU)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _file_error(error: UnreadableDocument) -> FileError:
    return FileError(type(error).__name__, str(error), error.page)
