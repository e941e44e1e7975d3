"""What the application asks of a library's store beyond searching: whole documents, health, other vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vouch.retrieval.errors import IndexMismatch
from vouch.retrieval.fact_query import FactColumns, FactStore
from vouch.retrieval.types import Chunk, DocumentRecord, Store, StoredDocument, Vectors


@dataclass(frozen=True, slots=True)
class LibraryStats:
    """How much a library holds."""

    documents: int
    pages: int
    chunks: int
    facts: int
    bytes: int
    """On disk, derived indexes included where they stand with it."""


class VectorMaker(Protocol):
    """What a store remembers of an embedder."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...


@dataclass(frozen=True, slots=True)
class RememberedEmbedder:
    """The embedder that made a library's vectors."""

    name: str
    dimension: int


class Reembedding(Protocol):
    """A second set of vectors in the making; searches go on with the first. What was made stays for the next try."""

    def pending(self) -> tuple[list[int], list[Chunk]]:
        """Return a batch of passages that have no new vector yet; none when all have one."""
        ...

    def add(self, seqs: Sequence[int], vectors: Vectors) -> None: ...

    def switch(self) -> bool:
        """Make the new vectors the library's, in one transaction; False where passages were added meanwhile."""
        ...


class LibraryStore(Store, FactStore, FactColumns, Protocol):
    """A store with all that the commands do to one."""

    @property
    def embedder(self) -> RememberedEmbedder | None:
        """Return what made the vectors; None for a library without documents."""
        ...

    def position(self) -> str:
        """Return a mark of the present state: what was remembered at the same one still holds."""
        ...

    def vector_position(self) -> str:
        """Return the same, for what follows the vectors; IndexMismatch after vouch library reembed."""
        ...

    def document_at(self, path: str, collection: str) -> StoredDocument | None:
        """Return what is stored of a file, None where nothing is."""
        ...

    def documents_with_content(self, content_hash: str) -> list[StoredDocument]:
        """Return every document made from the same bytes, whatever its path or collection."""
        ...

    def documents_as_stored(self) -> list[StoredDocument]:
        """Return all documents in the order in which they were stored."""
        ...

    def record(self, doc_id: str) -> DocumentRecord:
        """Return a document as it was put; KeyError where there is none."""
        ...

    def stats(self) -> LibraryStats: ...

    def check(self) -> list[str]:
        """Return what is wrong inside the store, one sentence each; empty for a sound library."""
        ...

    def reembedding(self, embedder: VectorMaker) -> Reembedding:
        """Begin to replace the vectors, or go on where one with the same embedder was interrupted."""
        ...


def mismatch(library: str, built_with: str, wanted: str) -> IndexMismatch:
    """Return the error for a library whose vectors another embedder made."""
    return IndexMismatch(
        f"the library {library} was built with {built_with}, settings say {wanted}: run vouch library reembed to make "
        f"its vectors anew (it can be searched meanwhile), or set retrieval.embedder back to {built_with}"
    )
