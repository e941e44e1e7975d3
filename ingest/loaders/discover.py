"""From paths, folders and patterns to the files to ingest. Opens none of them."""

import glob
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vouch.ingest.loaders.formats import OLD_OFFICE, SUFFIXES

_LOCK_FILE = "~$"

logger = logging.getLogger(__name__)


def log_skipped(path: Path, reason: str) -> None:
    """Warn that a file of a folder was passed over."""
    logger.warning("skipped %s: %s", path, reason)


def discover(paths: Sequence[str | Path], skipped: Callable[[Path, str], None] = log_skipped) -> list[Path]:
    """Return every file to ingest, each once, folders and patterns in the order of their names.

    A path that leads to nothing is returned as it is: the loader refuses it with the reason, like any other bad file.
    Files that are no documents are passed over inside folders and patterns, but not where they are named themselves.
    """
    found: dict[str, Path] = {}
    for given in paths:
        matches = list(_files(Path(given), skipped))
        for path in matches or [Path(given)]:
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def _files(path: Path, skipped: Callable[[Path, str], None]) -> Iterator[Path]:
    if path.is_dir():
        yield from _inside(path, skipped)
    elif os.path.lexists(path):
        yield path
    elif glob.has_magic(str(path)):
        for match in sorted(glob.glob(str(path), recursive=True)):
            if os.path.isdir(match):
                yield from _inside(Path(match), skipped)
            elif _is_wanted(Path(match), skipped):
                yield Path(match)


def _inside(folder: Path, skipped: Callable[[Path, str], None]) -> Iterator[Path]:
    """Yield the documents below a folder, each folder once however many links lead to it."""
    seen: set[str] = set()
    unreadable: list[Path] = []
    for root, folders, names in os.walk(
        folder, onerror=lambda e: unreadable.append(Path(e.filename)), followlinks=True
    ):
        here = os.path.realpath(root)
        if here in seen:
            folders.clear()
            continue
        seen.add(here)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith((".", _LOCK_FILE)) and _is_wanted(Path(root, name), skipped):
                yield Path(root, name)
    yield from unreadable


def _is_wanted(path: Path, skipped: Callable[[Path, str], None]) -> bool:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES and suffix not in OLD_OFFICE:
        skipped(path, f"{suffix or 'no suffix'} is no file type that is read")
        return False
    if path.exists() and not path.is_file():
        skipped(path, "it is no regular file")
        return False
    return True
