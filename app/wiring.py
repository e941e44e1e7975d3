"""Settings in, working parts out: the only module that imports adapters, each inside the function that picks it."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.settings import Settings
from vouch.retrieval.errors import MissingExtra, UsageError
from vouch.retrieval.types import Embedder, LexicalIndex

if TYPE_CHECKING:
    from vouch.retrieval.library import Library
    from vouch.retrieval.stores.sqlite_store import SqliteStore

INDEX_FOLDER = "index"
"""Inside the library's folder: everything in it can be made again."""


def library_folder(settings: Settings) -> Path:
    """Return the folder of the library; UsageError for a database, which this version cannot use."""
    if settings.library.partition("://")[0].lower() in ("postgresql", "postgres"):
        raise UsageError("PostgreSQL libraries are not in this version yet: name a folder (--library, VOUCH_LIBRARY)")
    if "://" in settings.library:
        raise UsageError("a library is a folder; this looks like the address of something else")
    return Path(settings.library).expanduser().absolute()


def library_exists(settings: Settings) -> bool:
    """Say whether there is a library where the settings say."""
    from vouch.retrieval.stores.sqlite_database import FILE_NAME

    return (library_folder(settings) / FILE_NAME).is_file()


@contextmanager
def open_store(settings: Settings, writable: bool = False) -> "Iterator[SqliteStore]":
    """Give the documents of a library that exists, without its search indexes: for listing and removing."""
    from vouch.retrieval.stores.sqlite_store import SqliteStore

    folder = library_folder(settings)
    # Opened to write, a store makes the library that a mistyped path names; opened to read, it says that there is none.
    with closing(SqliteStore(folder, write=writable and library_exists(settings))) as store:
        yield store


@contextmanager
def open_library(settings: Settings, writable: bool = False) -> "Iterator[Library]":
    """Give the library, ready to be searched or (writable) filled."""
    from vouch.retrieval.library import Library, SearchSettings
    from vouch.retrieval.stores.sqlite_store import SqliteStore
    from vouch.retrieval.vectors.faiss_index import FaissIndex

    folder = library_folder(settings)
    indexes = folder / INDEX_FOLDER
    embedder = make_embedder(settings)
    mixture = SearchSettings(
        candidates=settings.retrieval.candidates,
        lexical_weight=1 - settings.retrieval.vector_weight,
        vector_weight=settings.retrieval.vector_weight,
    )
    with closing(SqliteStore(folder, write=writable, embedder=embedder)) as store:
        lexical = _lexical_index(settings, indexes / settings.retrieval.lexical)
        vectors = FaissIndex(indexes / "vectors", embedder.dimension)
        yield Library(store, lexical, vectors, embedder, indexes / "lock", mixture)


def make_embedder(settings: Settings) -> Embedder:
    """Return the embedder that the settings name."""
    match settings.retrieval.embedder:
        case "hashing":
            from vouch.retrieval.embedders.hashing import HashingEmbedder

            return HashingEmbedder()


def _lexical_index(settings: Settings, folder: Path) -> LexicalIndex:
    match settings.retrieval.lexical:
        case "tantivy":
            from vouch.retrieval.lexical.tantivy_index import TantivyIndex

            return TantivyIndex(folder)
        case "rank-bm25":
            try:
                from vouch.retrieval.lexical.rank_bm25_index import RankBm25Index
            except ModuleNotFoundError as error:
                raise _missing(error, "rank_bm25", "the rank-bm25 engine", "rank-bm25") from error
            return RankBm25Index()


def _missing(error: ModuleNotFoundError, module: str, feature: str, extra: str) -> Exception:
    """Return MissingExtra if that very module is not installed; any other missing module is a bug."""
    return MissingExtra(feature, extra) if (error.name or "").partition(".")[0] == module else error


def worker_count(settings: Settings) -> int:
    """Return how many files to read at the same time."""
    if settings.ingest.jobs:
        return settings.ingest.jobs
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))  # a container may own fewer cores than the machine has
    return os.cpu_count() or 1
