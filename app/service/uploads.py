"""Where uploaded files stand: with the library, by collection and name, as long as a document stands on them."""

import hashlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vouch.app.service.types import Upload
from vouch.retrieval.atomic_file import replace_durably

_LONGEST = 180
"""Bytes of a name; file systems end at 255."""
_ODD = re.compile(r"[\x00-\x1f\x7f/\\]")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file written aside, and where it will stand when its job begins."""

    path: Path
    aside: Path


class Uploads:
    """A folder of uploaded files. A second file of the same name and collection replaces the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, files: Sequence[Upload], collection: str) -> tuple[Incoming, ...]:
        """Write files aside and return where they will stand; of two with one name the second gets a number."""
        names: list[str] = []
        for upload in files:
            names.append(_numbered(file_name(upload.name), names))
        shelf = self._folder / hashlib.sha256(collection.encode()).hexdigest()[:16]
        shelf.mkdir(parents=True, exist_ok=True)
        kept = tuple(Incoming(shelf / name, shelf / f".{uuid.uuid4().hex}.new") for name in names)
        try:
            for incoming, upload in zip(kept, files, strict=True):
                incoming.aside.write_bytes(upload.content)
        except OSError:  # a full disk: no part of these stays
            self.discard(kept)
            raise
        return kept

    def place(self, kept: Sequence[Incoming]) -> None:
        """Put files where they are read from; what stood there waits beside them until `settle`."""
        for incoming in kept:
            if incoming.path.exists():
                incoming.path.replace(_before(incoming.path))
            replace_durably(incoming.aside, incoming.path)

    def settle(self, path: Path, read: bool) -> None:
        """Keep a placed file that was read; else put back what it replaced, on which a document still stands."""
        before = _before(path)
        if read:
            before.unlink(missing_ok=True)
        elif before.exists():
            before.replace(path)
        else:
            path.unlink(missing_ok=True)

    def discard(self, kept: Sequence[Incoming]) -> None:
        """Delete what was written aside and never placed."""
        for incoming in kept:
            incoming.aside.unlink(missing_ok=True)

    def drop(self, path: Path) -> None:
        """Delete a file if it is one of ours."""
        if path.is_relative_to(self._folder):
            path.unlink(missing_ok=True)


def _before(path: Path) -> Path:
    return path.with_name(f".{hashlib.sha256(path.name.encode()).hexdigest()[:32]}.before")  # names may be long


def _numbered(name: str, taken: Sequence[str]) -> str:
    stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
    number, fresh = 1, name
    while fresh in taken:
        number += 1
        fresh = f"{stem} ({number}){dot}{ending}"
    return fresh


def file_name(said: str) -> str:
    """Return the name under which a file that its sender calls so is kept: never a path, never too long."""
    name = _ODD.sub("_", said.replace("\\", "/").rpartition("/")[2]).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    room = _LONGEST - len(ending.encode()) - 1
    stem = stem.encode("utf-8", "replace")[: max(room, 1)].decode("utf-8", "ignore")
    return f"{stem or 'upload'}{dot}{ending}"[:200]
