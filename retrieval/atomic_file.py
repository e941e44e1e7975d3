"""Files written wholly or not at all, and what a full disk looks like."""

import errno
import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file with `content`; a reader, or the next start after a crash, sees the old one or the new one."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(content)
    replace_durably(fresh, path)


def replace_durably(fresh: Path, path: Path) -> None:
    """Put `fresh` in the place of `path` once its bytes are on the disk."""
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(path)


def is_full_disk(error: Exception) -> bool:
    """Say whether an error means that there is no room left; libraries in other languages only quote the system."""
    full = {errno.ENOSPC, errno.EDQUOT}
    return (isinstance(error, OSError) and error.errno in full) or any(os.strerror(n) in str(error) for n in full)
