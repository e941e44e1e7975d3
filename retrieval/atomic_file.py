"""Writes a file wholly or not at all."""

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
