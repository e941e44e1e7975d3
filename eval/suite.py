"""Which data sets are measured regularly and how good they must at least come out: floors.toml as values."""

import datetime
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from vouch.eval.floors import Floor
from vouch.retrieval.errors import UsageError

Verb = Literal["answers", "retrieval", "facts"]


@dataclass(frozen=True, slots=True)
class DatedFloor:
    """A floor, and since when and which state of the program it holds."""

    floor: Floor
    date: datetime.date
    commit: str
    lowered: str = ""
    """Why it is lower than it was: a metric that is defined anew, a data set that has changed."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """One evaluation of the suite. Paths are relative to the folder of all data."""

    name: str
    verb: Verb
    files: tuple[str, ...]
    library: str = ""
    """Which of the suite's libraries is asked; empty where the data bring their own texts."""
    core: bool = False
    sample: int | None = None
    floors: tuple[DatedFloor, ...] = ()


Kind = Literal["auto", "report", "guideline", "qa", "text", "facts"]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The documents of a library, and what they are taken for."""

    documents: tuple[str, ...]
    kind: Kind = "auto"


@dataclass(frozen=True, slots=True)
class Suite:
    """Data sets, and the documents of each library that they ask."""

    libraries: Mapping[str, Shelf]
    sets: tuple[DataSet, ...]


def load_suite(path: Path) -> Suite:
    """Return what a suite file says; UsageError naming the entry that is wrong."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    libraries = {name: _shelf(entry) for name, entry in content.get("libraries", {}).items()}
    sets = tuple(_data_set(path, entry, libraries) for entry in content.get("sets", ()))
    names = [data_set.name for data_set in sets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None or not sets:
        raise UsageError(f"{path}: " + (f"two sets are called {twice!r}" if twice else "there is no [[sets]] entry"))
    return Suite(libraries, sets)


def _shelf(entry: Mapping[str, Any] | Sequence[str]) -> Shelf:
    """Return a library: a list of documents, or a table that also says what they are taken for."""
    if isinstance(entry, Mapping):
        kind = entry.get("kind", "auto")
        if kind not in get_args(Kind):
            raise UsageError(f"a library's kind is one of {', '.join(get_args(Kind))}, not {kind!r}")
        return Shelf(tuple(entry["documents"]), kind)
    return Shelf(tuple(entry))


def _data_set(path: Path, entry: Mapping[str, Any], libraries: Mapping[str, object]) -> DataSet:
    name = str(entry.get("name", "(no name)"))
    try:
        found = DataSet(
            name=entry["name"],
            verb=cast(Verb, entry["verb"]),
            files=tuple(entry["files"]),
            library=entry.get("library", ""),
            core=entry.get("core", False),
            sample=entry.get("sample"),
            floors=tuple(_floor(floor) for floor in entry.get("floors", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}, set {name}: {error!r} (a set has name, verb, files, and dated floors)") from error
    if found.verb not in get_args(Verb):
        raise UsageError(f"{path}, set {name}: verb {found.verb!r} is none of {', '.join(get_args(Verb))}")
    if found.library and found.library not in libraries:
        raise UsageError(f"{path}, set {name}: there is no library {found.library!r} under [libraries]")
    return found


def _floor(entry: Mapping[str, Any]) -> DatedFloor:
    date = entry["date"]
    if not isinstance(date, datetime.date):
        raise TypeError("date is no date")
    return DatedFloor(
        Floor(str(entry["metric"]), float(entry["least"])), date, str(entry["commit"]), str(entry.get("lowered", ""))
    )


def chosen_sets(suite: Suite, names: Sequence[str]) -> tuple[DataSet, ...]:
    """Return the sets called so, all without names; UsageError for a name that no set has."""
    known = {data_set.name: data_set for data_set in suite.sets}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise UsageError(f"the suite has no set {unknown!r}; it has {', '.join(known)}")
    return tuple(known[name] for name in names) if names else suite.sets
