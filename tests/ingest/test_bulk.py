"""Many files: what is skipped, what is replaced, and that one bad file or a killed process costs nothing else."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.ingest.bulk_fakes import LengthEmbedder, options
from vouch.ingest.bulk import FileResult, IngestSummary, ingest_paths
from vouch.retrieval.errors import LibraryError, LibraryFull, LibraryLocked, WorkersNotStarted
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.types import DocumentRecord


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "library", write=True, embedder=LengthEmbedder())
    yield opened
    opened.close()


def write(folder: Path, **files: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = []
    for name, text in files.items():
        paths.append(folder / f"{name}.txt")
        paths[-1].write_text(text, encoding="utf-8")
    return paths


def ingest(paths: list[Path], store: SqliteStore, jobs: int = 1, **how: object) -> IngestSummary:
    return ingest_paths(paths, options(jobs, **how), store, lambda _: None)  # type: ignore[arg-type]


def statuses(summary: IngestSummary) -> list[str]:
    return [result.status for result in summary.results]


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_bad_file_never_stops_the_rest(tmp_path: Path, store: SqliteStore, jobs: int) -> None:
    paths = write(tmp_path / "in", a="甲", b="bad", c="bug", d="丁")
    summary = ingest([*paths, tmp_path / "missing.txt"], store, jobs)
    assert statuses(summary) == ["ingested", "failed", "failed", "ingested", "failed"]
    bad, bug, missing = (summary.results[i].error for i in (1, 2, 4))
    assert bad is not None
    assert (bad.type, bad.page) == ("UnreadableDocument", 3)
    assert "make it good" in bad.message
    assert bug is not None
    assert "ZeroDivisionError" in bug.message
    assert missing is not None
    assert "no such file" in missing.message
    assert [document.source.name for document in store.documents()] == ["a.txt", "d.txt"]


def test_a_worker_that_dies_takes_only_its_file_along(tmp_path: Path, store: SqliteStore) -> None:
    paths = write(tmp_path / "in", a="甲", b="die", c="丙", d="丁", e="戊")
    summary = ingest(paths, store, jobs=2)
    assert statuses(summary) == ["ingested", "failed", "ingested", "ingested", "ingested"]
    error = summary.results[1].error
    assert error is not None
    assert "repair it" in error.message


def test_workers_that_cannot_be_started_are_no_closed_pipe(
    tmp_path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(ProcessPoolExecutor, "submit", refuse)
    with pytest.raises(WorkersNotStarted, match="--jobs 1"):
        ingest(write(tmp_path / "in", a="甲", b="乙"), store, jobs=2)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_folder_that_may_not_be_read_names_the_remedy(tmp_path: Path, store: SqliteStore) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    error = ingest([folder], store).results[0].error
    folder.chmod(0o700)
    assert error is not None
    assert error.message == f"the folder may not be read; give yourself permission: chmod u+rx '{folder}'"


def test_an_unchanged_file_is_skipped_and_says_so(tmp_path: Path, store: SqliteStore) -> None:
    paths = write(tmp_path / "in", a="甲")
    ingest(paths, store)
    position = store.position()
    again = ingest(paths, store)
    assert statuses(again) == ["unchanged"]
    assert (again.results[0].pages, again.results[0].chunks) == (1, 1)
    assert store.position() == position


def test_a_changed_file_replaces_what_it_was(tmp_path: Path, store: SqliteStore) -> None:
    paths = write(tmp_path / "in", a="旧内容")
    ingest(paths, store)
    write(tmp_path / "in", a="新内容\n第二页")
    summary = ingest(paths, store)
    assert statuses(summary) == ["replaced"]
    (document,) = store.documents()
    assert document.pages == 2
    assert store.page(document.source.doc_id, 1).text == "新内容"


@pytest.mark.parametrize("how", [{"force": True}, {"recipe": "recipe 2"}])
def test_force_and_a_new_recipe_read_an_unchanged_file_again(
    tmp_path: Path, store: SqliteStore, how: dict[str, object]
) -> None:
    paths = write(tmp_path / "in", a="甲")
    ingest(paths, store)
    assert statuses(ingest(paths, store, **how)) == ["replaced"]


def test_a_file_that_became_unreadable_keeps_what_was_stored(tmp_path: Path, store: SqliteStore) -> None:
    paths = write(tmp_path / "in", a="好内容")
    ingest(paths, store)
    write(tmp_path / "in", a="bad")
    assert statuses(ingest(paths, store)) == ["failed"]
    assert store.page(store.documents()[0].source.doc_id, 1).text == "好内容"


def test_the_same_content_under_another_name_is_named_not_stored_twice(tmp_path: Path, store: SqliteStore) -> None:
    paths = write(tmp_path / "in", a="甲", b="甲")
    summary = ingest(paths, store)
    assert statuses(summary) == ["ingested", "unchanged"]
    assert "the same content as" in summary.results[1].warnings[0]


def test_a_moved_file_is_stored_under_its_new_path(tmp_path: Path, store: SqliteStore) -> None:
    (path,) = write(tmp_path / "in", a="甲")
    ingest([path], store)
    moved = path.rename(tmp_path / "in" / "moved.txt")
    assert statuses(ingest([moved], store)) == ["replaced"]
    assert [document.source.path for document in store.documents()] == [str(moved)]


def test_collections_hold_the_same_file_apart(tmp_path: Path, store: SqliteStore) -> None:
    paths = write(tmp_path / "in", a="甲")
    assert statuses(ingest(paths, store)) == ["ingested"]
    assert statuses(ingest(paths, store, collection="medical")) == ["ingested"]
    assert len(store.documents()) == 2


def test_results_come_as_they_are_stored(tmp_path: Path, store: SqliteStore) -> None:
    paths = write(tmp_path / "in", a="甲", b="乙")
    seen: list[tuple[str, int]] = []

    def on_result(result: FileResult) -> None:
        seen.append((Path(result.path).stem, len(store.documents())))

    ingest_paths(paths, options(), store, on_result)
    assert seen == [("a", 1), ("b", 2)]


@pytest.mark.parametrize("problem", [LibraryFull("no space left: free some"), LibraryLocked("another process writes")])
def test_a_file_that_cannot_be_stored_is_listed_and_the_rest_is_tried(
    tmp_path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch, problem: LibraryError
) -> None:
    put = store.put

    def refuse_one(record: DocumentRecord) -> bool:
        if record.source.name == "a.txt":
            raise problem
        return put(record)

    monkeypatch.setattr(store, "put", refuse_one)
    summary = ingest(write(tmp_path / "in", a="甲", b="乙"), store)
    assert statuses(summary) == ["failed", "ingested"]
    error = summary.results[0].error
    assert error is not None
    assert (error.type, error.message) == (type(problem).__name__, str(problem))
    assert [document.source.name for document in store.documents()] == ["b.txt"]


def assert_whole(library: Path, folder: Path, reported: set[str]) -> None:
    """State that everything reported is stored, and that everything stored is complete."""
    try:
        store = SqliteStore(library)
    except LibraryError:  # killed before the library was made
        assert not reported
        return
    held = {document.source.name: document for document in store.documents()}
    assert reported <= held.keys()
    for name, document in held.items():
        lines = (folder / name).read_text(encoding="utf-8").split("\n")
        assert document.pages == document.chunks == len(lines)
        seqs = store.chunk_seqs(frozenset({document.source.doc_id}))
        assert len(seqs) == len(lines)
        assert [store.page(document.source.doc_id, n).text for n in (1, len(lines))] == [lines[0], lines[-1]]
    store.close()


def test_kill_nine_loses_nothing_that_was_reported_and_leaves_nothing_half(tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    files = {f"f{i:03d}": "\n".join(f"文件{i}第{n}页" for n in range(1, 60)) for i in range(40)}
    write(folder, **files)
    rng = random.Random(20)
    reported: set[str] = set()
    command = [sys.executable, "-m", "tests.ingest.bulk_fakes", str(library), str(folder), "1"]
    for _ in range(20):
        log = tmp_path / "log"
        with log.open("w") as out:
            process = subprocess.Popen(command, stdout=out, cwd=Path(__file__).parents[2])
            time.sleep(rng.uniform(0.2, 0.5))
            process.send_signal(signal.SIGKILL)
            process.wait()
        complete = [line for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
        reported |= {Path(line.split()[1]).name for line in complete if line.split()[0] in ("ingested", "unchanged")}
        assert_whole(library, folder, reported)
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    assert_whole(library, folder, {f"{name}.txt" for name in files})


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="lists processes as Linux does")
def test_workers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, **{f"f{i:04d}": "\n".join(f"文件{i}第{n}页" for n in range(60)) for i in range(400)})
    command = [sys.executable, "-m", "tests.ingest.bulk_fakes", str(tmp_path / "library"), str(folder), "2"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], start_new_session=True, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()  # something is stored: both workers have been started
    assert len(members(process.pid)) >= 3
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 10
    while members(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert members(process.pid) == []


def members(session: int) -> list[int]:
    """Return the processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # ended just now
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(folder.name))
    return found
