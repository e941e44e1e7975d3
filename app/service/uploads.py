"""Where uploaded files stand: with the library, by collection and name, as long as a document stands on them."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from vouch.app.service.types import Upload
from vouch.retrieval.atomic_file import replace_durably

_LONGEST = 180
"""Bytes of a name; file systems end at 255."""
_ODD = re.compile(r"[\x00-\x1f\x7f/\\]")


class Uploads:
    """A folder of uploaded files. A second file of the same name and collection replaces the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, files: Sequence[Upload], collection: str) -> tuple[Path, ...]:
        """Write files and return where; of two with one name the second gets a number."""
        names: list[str] = []
        for upload in files:
            names.append(_numbered(file_name(upload.name), names))
        shelf = self._folder / hashlib.sha256(collection.encode()).hexdigest()[:16]
        shelf.mkdir(parents=True, exist_ok=True)
        paths = tuple(shelf / name for name in names)
        fresh = [path.with_name(path.name + ".new") for path in paths]
        try:
            for path, upload in zip(fresh, files, strict=True):
                path.write_bytes(upload.content)
        except OSError:  # a full disk: neither a part of these stays, nor has anything been replaced
            for path in fresh:
                path.unlink(missing_ok=True)
            raise
        for new, path in zip(fresh, paths, strict=True):
            replace_durably(new, path)
        return paths

    def drop(self, path: Path) -> None:
        """Delete a file if it is one of ours."""
        if path.is_relative_to(self._folder):
            path.unlink(missing_ok=True)


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
