"""Copies a library's documents, with all they hold, into another one. Knows no engine."""

from collections.abc import Callable
from dataclasses import dataclass

from vouch.retrieval.library_store import LibraryStore
from vouch.retrieval.types import StoredDocument


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied."""

    copied: int
    unchanged: int
    """Documents that the other library held already."""


def copy_library(source: LibraryStore, target: LibraryStore, on_progress: Callable[[StoredDocument], None]) -> Copied:
    """Copy the documents that the target does not hold with the same content, in the order they were stored in.

    The order decides between equally good facts and equally good hits: with it, the copy answers as the source does.
    """
    held = {(document.source, document.content_hash, document.recipe) for document in target.documents()}
    copied = unchanged = 0
    for document in source.documents_as_stored():
        if (document.source, document.content_hash, document.recipe) in held:
            unchanged += 1
        else:
            target.put(source.record(document.source.doc_id))
            copied += 1
        on_progress(document)
    return Copied(copied, unchanged)
