"""What tells two runs apart: questions, library, program. Each is a short text; equal texts stand for equal things."""

import hashlib
import json
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from vouch.eval.types import Item
from vouch.retrieval.types import StoredDocument

PACKAGES = Path(__file__).resolve().parent.parent
"""The folder that holds the packages; in a checkout, its root."""
WATCHED = ("ingest", "retrieval", "generation", "eval")
"""What decides a score besides the settings."""
SOURCES = frozenset({".py", ".toml", ".md", ".sql"})
LIBRARIES = ("vouch-qa", "numpy", "tantivy", "faiss-cpu", "rjieba", "PyStemmer", "ir-measures", "pytrec-eval-terrier")


def items_fingerprint(items: Iterable[Item]) -> str:
    """Return the fingerprint of questions with everything that is known of their answers."""
    return _digest(asdict(item) for item in items)


def entries_fingerprint(entries: Iterable[object]) -> str:
    """Return the fingerprint of anything that JSON can hold, order included."""
    return _digest(entries)


def library_fingerprint(position: str, documents: Iterable[StoredDocument]) -> str:
    """Return the store's position, then a fingerprint of which documents it holds, read how."""
    held = sorted((document.source.doc_id, document.content_hash, document.recipe) for document in documents)
    return f"{position} {_digest(held)}"


def program_fingerprint() -> str:
    """Return the fingerprint of the sources that decide scores, so that a changed program never continues a run."""
    files = (path for package in WATCHED for path in (PACKAGES / package).rglob("*") if path.suffix in SOURCES)
    return _digest([str(path.relative_to(PACKAGES)), path.read_bytes().hex()] for path in sorted(files))


def commit() -> str:
    """Return the commit of the checkout that this runs from, marked `-dirty` if it was changed; empty elsewhere."""
    git = shutil.which("git")
    if git is None or not (PACKAGES / ".git").exists():
        return ""
    command = [git, "-C", str(PACKAGES), "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 our own arguments
    return done.stdout.strip()


def versions() -> Mapping[str, str]:
    """Return the versions of Python and of the libraries that decide scores, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _digest(entries: Iterable[Any]) -> str:
    seen = hashlib.blake2b(digest_size=12)
    for entry in entries:
        seen.update(json.dumps(entry, ensure_ascii=False, sort_keys=True).encode() + b"\n")
    return seen.hexdigest()
