"""A library that can be asked: its store and the indexes derived from it, kept in step. Knows no back end."""

import errno
import re
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import filelock

from vouch.retrieval.atomic_file import is_full_disk
from vouch.retrieval.diversity import diverse
from vouch.retrieval.errors import LibraryError, LibraryFull, LibraryLocked, UsageError
from vouch.retrieval.fusion import Ranking, reciprocal_ranks, weighted_scores
from vouch.retrieval.library_store import LibraryStore
from vouch.retrieval.looked_up import LookedUp
from vouch.retrieval.types import (
    EVERYTHING,
    Chunk,
    DocumentVectorIndex,
    Embedder,
    Hit,
    LexicalIndex,
    Page,
    Reranker,
    Scope,
    SearchMode,
    StoredDocument,
    VectorIndex,
    Vectors,
)

Fusion = Literal["weighted", "rrf"]

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")

Add = Callable[[list[int], list[Chunk], Vectors], None]


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How the two rankings are drawn and mixed."""

    candidates: int = 100
    """How far down each ranking goes before they are mixed."""
    fusion: Fusion = "weighted"
    """`weighted`: scores over the best one of each ranking; `rrf`: reciprocal ranks, for embedders as sure as BM25."""
    vector_weight: float = 0.25
    """Share of the vectors in the sum; what suits an embedder: fusion.best_shares."""
    vector_weight_latin: float = 0.25
    """The same for questions without Chinese."""
    reread: int = 40
    """Passages that a reranker is given at least."""
    diversity: float = 0.0
    """How far passages like a better one are put down, 0 to 1; measured on the reports, any of it loses pages."""
    follow: bool = True
    """A search first takes up what has changed; if not, it is in the state of the last `catch_up`, documents too."""
    lock_timeout: float = 5.0
    """Seconds to wait for another process that is bringing the indexes up to date."""


@dataclass(frozen=True, slots=True)
class Indexes:
    """What is derived from a store, so that it can be searched."""

    lexical: LexicalIndex
    vectors: VectorIndex
    lock_file: Path
    """Lets one process at a time write them; its folder is made when needed."""


class Library:
    """Documents, pages and search. Searching first brings the derived indexes to the store's present state."""

    def __init__(
        self,
        store: LibraryStore,
        indexes: Indexes,
        embedder: Embedder,
        settings: SearchSettings = SearchSettings(),
        make_reranker: Callable[[], Reranker | None] = lambda: None,
    ) -> None:
        """The reranker is made with the first search that wants one."""
        self.store = store
        self.lexical = indexes.lexical
        self.vectors = indexes.vectors
        self.embedder = embedder
        self._lock_file = indexes.lock_file
        self._settings = settings
        self._make_reranker = make_reranker
        self._shelf = LookedUp(store.documents)
        self._seqs: LookedUp[frozenset[str], array[int]] = LookedUp(lambda ids: array("q", store.chunk_seqs(ids)))

    def search(self, query: str, k: int = 10, mode: SearchMode = "hybrid", scope: Scope = EVERYTHING) -> list[Hit]:
        """Return the best `k` chunks in scope, with their rank in each leg."""
        if self._settings.follow:
            self.catch_up()
        doc_ids = None
        if not scope.is_everything:
            doc_ids = frozenset(document.source.doc_id for document in self.documents(scope))
        both = mode in ("hybrid", "hybrid+rerank")
        depth = max(k, self._settings.candidates) if both else k
        rankings: dict[str, Ranking] = {}
        if mode != "vector":
            rankings["lexical"] = self.lexical.search(query, depth, doc_ids)
        if mode != "lexical":
            rankings["vector"] = self._nearest(query, depth, doc_ids)
        best = self._merged(rankings, query)[: max(k, self._settings.reread) if mode == "hybrid+rerank" else k]
        ranks = {leg: {seq: n for n, (seq, _) in enumerate(found, start=1)} for leg, found in rankings.items()}
        chunks = self.store.chunks([seq for seq, _ in best])
        hits = [
            Hit(chunks[seq], score, {leg: of[seq] for leg, of in ranks.items() if seq in of})
            for seq, score in best
            if seq in chunks  # removed by another process just now
        ]
        if mode == "hybrid+rerank":
            hits = self._reranker.rerank(query, hits)[:k]
        return diverse(hits, self._settings.diversity)

    def documents(self, scope: Scope = EVERYTHING) -> list[StoredDocument]:
        """Return the documents in scope."""
        return self.store.documents(scope) if self._settings.follow else list(self._shelf.get(scope))

    def page(self, doc_id: str, number: int) -> Page:
        """Return a page; KeyError where there is none."""
        return self.store.page(doc_id, number)

    def passages(self, doc_id: str) -> list[Chunk]:
        """Return all passages of a document in reading order."""
        found = self.store.chunks(self.store.chunk_seqs(frozenset({doc_id})))
        return [found[seq] for seq in sorted(found)]

    def catch_up(self) -> bool:
        """Bring the derived indexes to the store's state; False if another process does and an older one serves."""
        if self.is_current():
            return True
        try:
            self._lock_file.parent.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self._lock_file, timeout=self._settings.lock_timeout):
                self._write_indexes()
        except filelock.Timeout as error:
            return self._serve_older_state(error)
        except (OSError, ValueError, RuntimeError) as error:  # tantivy and FAISS report disks by the latter two
            explained = self._explained(error)
            if explained is None:
                raise
            raise explained from error
        return True

    def close(self) -> None:
        """Close the store; the derived indexes are committed whenever they change."""
        self.store.close()

    def is_current(self) -> bool:
        """Say whether the indexes hold all that the store does; IndexMismatch after vouch library reembed."""
        return self.lexical.position == self.vectors.position == self.store.vector_position()

    @cached_property
    def _reranker(self) -> Reranker:
        made = self._make_reranker()
        if made is None:
            raise UsageError("there is no reranker: set retrieval.reranker to light or cross-encoder")
        return made

    def _write_indexes(self) -> None:
        self.lexical.reload()
        self.vectors.reload()
        self._advance(self.lexical, lambda seqs, chunks, _: self.lexical.add(zip(seqs, chunks, strict=True)))
        self._advance(self.vectors, lambda seqs, _, vectors: self.vectors.add(seqs, vectors))

    def _explained(self, error: Exception) -> LibraryError | None:
        """Return what the user can do about an error while writing; None where that is nothing."""
        folder = self._lock_file.parent
        if is_full_disk(error):
            return LibraryFull(f"the disk of {folder} is full: free some space; the documents are safe in the library")
        if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return LibraryError(
                f"the indexes in {folder} are behind the library and cannot be written: "
                "run vouch search once as a user who may write there"
            )
        return None

    def _advance(self, index: LexicalIndex | VectorIndex, add: Add) -> None:
        # Read before the changes: what is written meanwhile is done twice, which changes nothing.
        target = self.store.vector_position()
        if index.position == target:
            return
        if not self.store.follows(index.position):
            index.clear()
        start = index.position
        if start:
            index.remove(self.store.removed_since(start))
        for seqs, chunks, vectors in self.store.added_since(start):
            add(seqs, chunks, vectors)
        index.commit(target)

    def _serve_older_state(self, reason: filelock.Timeout) -> bool:
        self.lexical.reload()
        self.vectors.reload()
        if self.is_current():
            return True
        if self.store.follows(self.lexical.position) and self.store.follows(self.vectors.position):
            return False
        raise LibraryLocked(
            f"another process is building the indexes beside {self._lock_file} "
            f"(waited {self._settings.lock_timeout:g} s): try again when it is done"
        ) from reason

    def _nearest(self, query: str, depth: int, doc_ids: frozenset[str] | None) -> Ranking:
        vector = self.embedder.embed_query(query)
        if not vector.any():
            return []
        if doc_ids is None:
            return self.vectors.search(vector, depth)
        if isinstance(self.vectors, DocumentVectorIndex):
            return self.vectors.search_documents(vector, depth, doc_ids)
        seqs = self.store.chunk_seqs(doc_ids) if self._settings.follow else self._seqs.get(doc_ids)
        return self.vectors.search(vector, depth, seqs)

    def _merged(self, rankings: dict[str, Ranking], query: str) -> Ranking:
        if len(rankings) == 1:
            (only,) = rankings.values()
            return only
        settings = self._settings
        share = settings.vector_weight if _HAN.search(query) else settings.vector_weight_latin
        weights = {"lexical": 1 - share, "vector": share}
        return (weighted_scores if settings.fusion == "weighted" else reciprocal_ranks)(rankings, weights)
