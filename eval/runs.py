"""Run directories: what was run, what came of each item, the summary. An interrupted run goes on where it stopped.

settings.json is written first, records.jsonl line by line as items are done, metrics.json and report.html at the end.
Knows no metric and no system under test.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import filelock

from vouch.retrieval.atomic_file import write_atomically
from vouch.retrieval.errors import UsageError

RunKind = Literal["answers", "retrieval", "facts"]
Line = Mapping[str, Any]

KEYS: Mapping[RunKind, tuple[str, ...]] = {
    "answers": ("id",),
    "retrieval": ("mode", "query_id"),
    "facts": ("report", "field"),
}
"""What names an item in a record of each kind."""
SETTINGS, RECORDS, METRICS, REPORT = "settings.json", "records.jsonl", "metrics.json", "report.html"
ASIDE = "run it again with --restart, or give --out another folder"


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything that decides what a run gives."""

    kind: RunKind
    dataset: str
    settings: Mapping[str, Any]
    """The settings in force, secrets masked."""
    library: str
    questions: str
    program: str
    items: int
    sample: int | None = None
    seed: int | None = None
    command: str = ""
    commit: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    started: str = ""
    """ISO 8601, UTC."""


MUST_AGREE: Mapping[str, str] = {
    "kind": "evaluates something else",
    "questions": "asked other questions",
    "settings": "had other settings",
    "library": "used another library, or this one before it was changed",
    "program": "was made by another version of the program",
}
"""What a continued run must have in common with its beginning, and what to say where it has not."""


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run directory as it lies on the disk."""

    folder: Path
    settings: RunSettings
    metrics: Mapping[str, Any]
    records: tuple[Line, ...]


class OtherRun(UsageError):
    """The folder holds a run that was made under other conditions."""


class Run:
    """A run that is going on: records are added, those of an earlier attempt are there already."""

    def __init__(self, folder: Path, settings: RunSettings, records: list[Line]) -> None:
        self.folder, self.settings = folder, settings
        self.records = records
        self._done = {key_of(settings.kind, record): record for record in records}

    def find(self, *key: str) -> Line | None:
        """Return the record of an item, None where it is still to be done."""
        return self._done.get(key)

    def add(self, record: Line) -> None:
        """Write a record; once this returns, an interruption does not lose it."""
        line = json.dumps(record, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        with (self.folder / RECORDS).open("ab") as file:
            file.write(line)
        self.records.append(record)
        self._done[key_of(self.settings.kind, record)] = record

    def finish(self, metrics: Mapping[str, Any], report: str) -> None:
        """Write the summary and the report."""
        write_atomically(self.folder / METRICS, _json_file(metrics))
        write_atomically(self.folder / REPORT, report.encode())


@contextmanager
def open_run(folder: Path, settings: RunSettings, restart: bool = False) -> Iterator[Run]:
    """Give a run in `folder`, continued if one like it was begun there; UsageError if another one was."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {folder} is no folder to write to: {error.strerror}") from error
    try:
        with filelock.FileLock(folder / ".lock", timeout=0):
            yield _begun(folder, settings, restart)
    except filelock.Timeout as error:
        raise UsageError(
            f"another evaluation is writing to {folder}: wait for it, or give --out another one"
        ) from error


def _begun(folder: Path, settings: RunSettings, restart: bool) -> Run:
    if not (folder / SETTINGS).is_file():
        foreign = [name for name in (RECORDS, METRICS) if (folder / name).exists()]
        if foreign and not restart:
            raise UsageError(f"{folder} holds {foreign[0]} but no {SETTINGS}, so it is no run to continue: {ASIDE}")
        restart = True
    if restart:
        for name in (METRICS, REPORT):
            (folder / name).unlink(missing_ok=True)
        (folder / RECORDS).write_bytes(b"")
        write_atomically(folder / SETTINGS, _json_file(asdict(settings)))
        return Run(folder, settings, [])
    before = read_settings(folder)
    for name, difference in MUST_AGREE.items():
        if _plain(getattr(before, name)) != _plain(getattr(settings, name)):
            detail = _which(before.settings, settings.settings) if name == "settings" else ""
            raise OtherRun(f"the run in {folder} {difference}{detail}: {ASIDE}")
    return Run(folder, before, _records(folder / RECORDS, settings.kind, mend=True))


def read_run(folder: Path) -> FinishedRun:
    """Return a finished run; UsageError where the folder holds none."""
    settings = read_settings(folder)
    if not (folder / METRICS).is_file():
        raise UsageError(
            f"the run in {folder} was not finished: repeat its command to continue it ({settings.command})"
        )
    metrics = _read_json(folder / METRICS)
    return FinishedRun(folder, settings, metrics, tuple(_records(folder / RECORDS, settings.kind, mend=False)))


def read_settings(folder: Path) -> RunSettings:
    """Return what a run directory says of itself; UsageError where it is none."""
    if not (folder / SETTINGS).is_file():
        raise UsageError(f"{folder} is no evaluation run: there is no {SETTINGS} (`vouch eval … --out DIR` makes one)")
    content = _read_json(folder / SETTINGS)
    known = {entry.name for entry in fields(RunSettings)}
    try:
        return RunSettings(**{name: value for name, value in content.items() if name in known})
    except TypeError as error:
        raise UsageError(f"{folder / SETTINGS} lacks entries of a run ({error}): {ASIDE}") from error


def key_of(kind: RunKind, record: Line) -> tuple[str, ...]:
    """Return what names the item of a record."""
    return tuple(str(record[name]) for name in KEYS[kind])


def _records(path: Path, kind: RunKind, mend: bool) -> list[Line]:
    """Return the records of a file; a last line that was cut off is dropped, and removed from the file to `mend` it."""
    content = path.read_bytes() if path.exists() else b""
    whole, _, torn = content.rpartition(b"\n")
    if torn and mend:
        with path.open("r+b") as file:
            file.truncate(len(content) - len(torn))
    records: list[Line] = []
    for number, line in enumerate(whole.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            key_of(kind, record)
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"line {number} of {path} is no record of this run: {ASIDE}") from error
        records.append(record)
    return records


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise UsageError(f"{path} is no JSON ({error}): {ASIDE}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path} holds no JSON object: {ASIDE}")
    return content


def _json_file(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


def _plain(value: object) -> object:
    """What a value is after a visit to the disk: tuples have become lists."""
    return json.loads(json.dumps(value))


def _which(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name the first setting that differs, and how."""
    name = next(name for name in {**before, **now} if _plain(before.get(name)) != _plain(now.get(name)))
    return f" ({name} was {before.get(name)!r}, is {now.get(name)!r})"
