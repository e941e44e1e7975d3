"""A file's content as a short name: equal bytes, equal hash."""

import hashlib
import os
from pathlib import Path

from vouch.retrieval.errors import UnreadableDocument


def hash_file(path: Path) -> str:
    """Return the hash of a file's bytes; UnreadableDocument where they cannot be read or there are none."""
    if any("\ud800" <= letter <= "\udfff" for letter in str(path)):
        raise UnreadableDocument("its path is not valid UTF-8, so that it cannot be cited", "rename it")
    try:
        if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
            raise UnreadableDocument("the folder may not be read", f"give yourself permission: chmod u+rx '{path}'")
        if path.exists() and not path.is_file():
            raise UnreadableDocument("not an ordinary file", "name a document or a folder of documents")
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise UnreadableDocument("the file is empty", "download or export it again")
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except FileNotFoundError as error:
        raise UnreadableDocument("there is no such file", "check the path") from error
    except PermissionError as error:
        raise UnreadableDocument("the file may not be read", f"give yourself permission: chmod u+r '{path}'") from error
    except OSError as error:
        raise UnreadableDocument(f"the file cannot be read: {error.strerror}", "check the disk") from error
