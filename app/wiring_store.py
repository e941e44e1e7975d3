"""Settings in, stores and libraries out: what imports databases and indexes, each where the settings name it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.extras import need
from vouch.app.settings import Settings
from vouch.app.wiring_embedder import make_embedder
from vouch.retrieval.errors import UsageError
from vouch.retrieval.types import LexicalIndex

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
def open_store_to_fill(settings: Settings) -> "Iterator[SqliteStore]":
    """Give the library's store ready to take documents, made if there is none."""
    from vouch.retrieval.stores.sqlite_store import SqliteStore

    with closing(SqliteStore(library_folder(settings), write=True, embedder=make_embedder(settings))) as store:
        yield store


@contextmanager
def open_library(settings: Settings, follow: bool = True) -> "Iterator[Library]":
    """Give the library, ready to be searched; `follow` False: its searches see the state of the last `catch_up`."""
    from vouch.retrieval.library import Library, SearchSettings
    from vouch.retrieval.stores.sqlite_store import SqliteStore
    from vouch.retrieval.vectors.faiss_index import FaissIndex

    folder = library_folder(settings)
    indexes = folder / INDEX_FOLDER
    embedder = make_embedder(settings)
    mixture = SearchSettings(
        candidates=settings.retrieval.candidates,
        fusion=settings.retrieval.fusion,
        vector_weight=settings.retrieval.vector_weight,
        vector_weight_latin=settings.retrieval.vector_weight_latin,
        follow=follow,
    )
    with closing(SqliteStore(folder, embedder=embedder)) as store:
        lexical = _lexical_index(settings, indexes / settings.retrieval.lexical)
        vectors = FaissIndex(indexes / "vectors", embedder.dimension)
        yield Library(store, lexical, vectors, embedder, indexes / "lock", mixture)


def _lexical_index(settings: Settings, folder: Path) -> LexicalIndex:
    match settings.retrieval.lexical:
        case "tantivy":
            from vouch.retrieval.lexical.tantivy_index import TantivyIndex

            return TantivyIndex(folder)
        case "rank-bm25":
            need("rank_bm25", "the rank-bm25 engine", "rank-bm25")
            from vouch.retrieval.lexical.rank_bm25_index import RankBm25Index

            return RankBm25Index()
