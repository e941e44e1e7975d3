"""Where tantivy can read an index that may not be written: it makes a lock file even to read."""

import os
import shutil
import tempfile
import weakref
from pathlib import Path

_LOCK = ".lock"


def readable_folder(folder: Path, reader: object) -> Path:
    """Return the folder, or where it may not be written one of links to its files, gone when `reader` is."""
    if os.access(folder, os.W_OK):
        return folder
    links = Path(tempfile.mkdtemp(prefix="vouch-index-"))
    weakref.finalize(reader, shutil.rmtree, links, ignore_errors=True)
    for file in folder.iterdir():
        if not file.name.endswith(_LOCK):
            (links / file.name).symlink_to(file.absolute())
    return links
