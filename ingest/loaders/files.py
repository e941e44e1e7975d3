"""Bytes of a file, or an error that says why there are none. Knows nothing of formats."""

import stat
from pathlib import Path

from vouch.retrieval.errors import UnreadableDocument

MAX_BYTES = 512 * 2**20

_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def regular_size(path: Path) -> int:
    """Return the size of a regular file; anything else is refused without being opened."""
    try:
        status = path.stat()
    except (OSError, ValueError) as problem:
        raise _unreadable(problem) from problem
    kind = stat.S_IFMT(status.st_mode)
    if kind in _SPECIAL:
        raise UnreadableDocument(f"it is {_SPECIAL[kind]}, not a file", "name a regular file")
    if kind == stat.S_IFDIR:
        raise UnreadableDocument("it is a folder that holds no file of a known type", "name the files themselves")
    if status.st_size == 0:
        raise UnreadableDocument("the file is empty", "copy or download it again")
    if status.st_size > MAX_BYTES:
        size, most = status.st_size // 2**20, MAX_BYTES // 2**20
        raise UnreadableDocument(f"the file has {size} MB, more than {most} MB", "split it into smaller files")
    return status.st_size


def read_bytes(path: Path, most: int = MAX_BYTES) -> bytes:
    """Return the first bytes of a regular file, all of them unless `most` says otherwise."""
    regular_size(path)
    try:
        with path.open("rb") as file:
            data = file.read(most)
    except OSError as problem:
        raise _unreadable(problem) from problem
    if not data:
        raise UnreadableDocument("the file is empty", "copy or download it again")
    return data


def _unreadable(problem: OSError | ValueError) -> UnreadableDocument:
    match problem:
        case FileNotFoundError() | NotADirectoryError():
            return UnreadableDocument(
                "there is no such file", "check the path; quote it if it holds blanks or brackets"
            )
        case PermissionError():
            return UnreadableDocument("no permission to read it", "run chmod u+r on it, or ask its owner")
        case OSError():
            reason = problem.strerror or str(problem)
            return UnreadableDocument(f"the system cannot read it ({reason})", "copy it to a local disk and try again")
        case _:
            return UnreadableDocument("its path is not one a file can have", "check the path")
