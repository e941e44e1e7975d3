"""Passages in any number out of real ones: a tenth of the words dropped, a fifth taken from another passage."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import rjieba

from vouch.retrieval.embedders.static import SHIPPED, StaticEmbedder
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.token_bag import TOKENS_FILE, VECTORS_FILE, Bag, unit
from vouch.retrieval.types import Chunk, DocumentRecord, Source, Vectors

DROPPED, REPLACED = 0.1, 0.2
DOCUMENT = 1000
"""Passages in each document that is made."""
_EMBEDDED_UP_TO = 100_000
"""Vectors of larger corpora are made of the tokens of the real passages, varied alike: a fifth of the work."""


class Corpus:
    """Varied passages of real libraries; the same seed gives the same ones."""

    def __init__(self, libraries: Sequence[Path], embedder: StaticEmbedder) -> None:
        self.embedder = embedder
        self._real = [text for library in libraries for text in _texts(library)]
        self._rows: list[np.ndarray] = []

    def __len__(self) -> int:
        return len(self._real)

    def documents(self, count: int, made: int = 0) -> Iterator[DocumentRecord]:
        """Yield documents with `count` passages in all, but for the first `made` of them."""
        embed = self._embedded if count <= _EMBEDDED_UP_TO else self._varied_vectors
        for start in range(made * DOCUMENT, count, DOCUMENT):
            number = start // DOCUMENT
            places = [place % len(self._real) for place in range(start, min(start + DOCUMENT, count))]
            texts = self._varied_texts(places, number)
            yield record(f"made-{number}", texts, embed(texts, places, number))

    def texts(self, count: int, seed: int) -> list[str]:
        """Return some passages that are in no document of a library of this size."""
        return self._varied_texts([(seed * count + n) % len(self._real) for n in range(count)], -1 - seed)

    @cached_property
    def _words(self) -> list[list[str]]:
        return [rjieba.cut(text, False) for text in self._real]

    def _varied_texts(self, places: Sequence[int], seed: int) -> list[str]:
        random_numbers = random.Random(seed)
        return [self._varied(place, random_numbers) for place in places]

    def _varied(self, place: int, random_numbers: random.Random) -> str:
        other = self._words[random_numbers.randrange(len(self._words))]
        kept = []
        for word in self._words[place]:
            chance = random_numbers.random()
            if chance >= DROPPED + REPLACED:
                kept.append(word)
            elif chance >= DROPPED and other:
                kept.append(other[int(random_numbers.random() * len(other))])
        return "".join(kept)

    def _embedded(self, texts: list[str], _places: list[int], _number: int) -> Vectors:
        return self.embedder.embed_passages(texts)

    def _varied_vectors(self, _texts: list[str], places: list[int], number: int) -> Vectors:
        if not self._rows:
            listed = (SHIPPED / TOKENS_FILE).read_text("utf-8").splitlines()
            self._table = np.load(SHIPPED / VECTORS_FILE)
            bag = Bag(listed, len(self._table) - len(listed))
            self._rows = [bag.rows(text).astype(np.int32) for text in self._real]
        chances = np.random.default_rng(number)
        sums = np.zeros((len(places), self._table.shape[1]), np.float32)
        for at, place in enumerate(places):
            rows, other = self._rows[place], self._rows[chances.integers(len(self._rows))]
            chance = chances.random(len(rows))
            kept = rows[chance >= DROPPED + REPLACED]
            taken = other[chances.integers(0, len(other), int(REPLACED * len(rows)))] if len(other) else kept[:0]
            sums[at] = self._table[np.concatenate([kept, taken])].sum(axis=0, dtype=np.int32)
        return unit(sums[:, : self.embedder.dimension])


def record(name: str, texts: Sequence[str], vectors: Vectors) -> DocumentRecord:
    """Return a document of these passages; it has no pages, which searching does not read."""
    source = Source(hashlib.sha256(name.encode()).hexdigest()[:16], name, name)
    chunks = tuple(
        Chunk(f"{source.doc_id}-{n}", source, 1 + n // 10, 0, len(text), text) for n, text in enumerate(texts)
    )
    return DocumentRecord(source, source.doc_id, "benchmark", (), chunks, vectors)


def _texts(library: Path) -> Iterator[str]:
    store = SqliteStore(library)
    for _, chunks, _ in store.added_since(""):
        yield from (chunk.text for chunk in chunks)
    store.close()
