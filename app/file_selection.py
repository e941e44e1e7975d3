"""From what a user names (files, folders, globs) to the files to ingest. Opens none of them."""

import glob
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_MAGIC = frozenset("*?[")
_OFFICE_LOCK = "~$"


@dataclass(frozen=True, slots=True)
class Selection:
    """The files to ingest, each once, and how many others stood in the folders."""

    files: tuple[Path, ...]
    skipped: int = 0
    """Files in folders whose ending no loader knows."""


def select_files(named: Sequence[str], known_suffixes: Collection[str]) -> Selection:
    """Return the files that names stand for; a name that is nothing on disk stays, to be reported by the ingest."""
    files: dict[Path, None] = {}
    skipped: set[Path] = set()
    for name in named:
        for path in _matching(name):
            if not path.is_dir():
                files[path] = None
                continue
            for file in _below(path):
                if file.suffix.lower() in known_suffixes:
                    files[file] = None
                else:
                    skipped.add(file)
    return Selection(tuple(files), len(skipped - files.keys()))


def _matching(name: str) -> list[Path]:
    """A file called `report[1].pdf` is itself before it is a pattern."""
    path = Path(os.path.abspath(Path(name).expanduser()))
    if path.exists() or not _MAGIC.intersection(name):
        return [path]
    found = map(Path, sorted(glob.glob(str(path), recursive=True)))
    return [match for match in found if not match.name.startswith(_OFFICE_LOCK)] or [path]


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and all below it in a fixed order, without hidden ones and Office's lock files."""
    for parent, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith((".", _OFFICE_LOCK)):
                yield Path(parent, name)
