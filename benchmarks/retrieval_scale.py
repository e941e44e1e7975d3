"""Search at 10,000 to 1,000,000 passages made of real ones: both legs, the whole of it, PostgreSQL, one more document.

    python benchmarks/retrieval_scale.py 10000 100000 --passages LIBRARY... --questions FILE.jsonl... [--postgres]

LIBRARY is a library folder made by `vouch ingest`, FILE.jsonl has a `question` or `text` on each line. Prints Markdown
tables (benchmarks/RESULTS.md). --work keeps the libraries that are made: a run that was cut short goes on, a second run
only measures, and its memory is that of searching alone. rank-bm25 is measured up to --rank-bm25-up-to passages; it
takes seconds a question beyond.
"""

import argparse
import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from rank_bm25 import BM25Okapi
from scale_corpus import Corpus, record
from scale_measures import Cost, Times, cost, memory, recall, tenth_products, times

from vouch.retrieval.embedders.static import StaticEmbedder
from vouch.retrieval.half_vectors import vector_text
from vouch.retrieval.lexical.passage_tokens import body_tokens
from vouch.retrieval.lexical.tantivy_index import TantivyIndex
from vouch.retrieval.library import Indexes, Library
from vouch.retrieval.library_store import LibraryStore
from vouch.retrieval.stores.embedded_postgres import address_of
from vouch.retrieval.stores.postgres_store import PostgresStore
from vouch.retrieval.stores.record_rows import CHUNK_COLUMNS, chunk_row
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.tokenize import tokens
from vouch.retrieval.types import Chunk, VectorIndex, Vectors
from vouch.retrieval.vectors.faiss_index import FaissIndex
from vouch.retrieval.vectors.pgvector_index import PgvectorIndex

RANK_BM25_QUESTIONS = 20
SINGLE_INSERTS = 500
ADDED = 20
"""Documents that are added one by one."""
_KEPT_EVERY = 100_000
"""Passages between two commits of the lexical index while it is built."""
_COLUMNS = "what | build s | MB on disk | memory MiB | p50 ms | p95 ms | CPU ms | per second | recall@10 | beside"


def questions_of(files: Sequence[Path], most: int) -> list[str]:
    """Return questions spread evenly over the files."""
    lines = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line.strip()]
    asked = [line.get("question") or line["text"] for line in lines]
    return asked[:: max(1, len(asked) // most)][:most]


def row(what: str, built: Cost | str, size: float, found: Times, exact: str, beside: str = "") -> None:
    print(f"| {what} | {built} | {size:.0f} | {memory():.0f} | {found} | {exact} | {beside} |", flush=True)


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


class Bench:
    """One size of library."""

    def __init__(self, size: int, corpus: Corpus, questions: list[str], work: Path) -> None:
        self._size = size
        self._corpus = corpus
        self._questions = questions
        self._folder = work / f"{size}"
        self._database = work / f"postgres-{size}"
        self._embedder = corpus.embedder
        self._queries = self._embedder.embed_passages(questions)

    def run(self, rank_bm25: bool, postgres: bool) -> None:
        """Print a row for each thing measured."""
        with closing(SqliteStore(self._folder, write=True, embedder=self._embedder)) as store:
            filled = cost(lambda: self._fill(store)) if store.stats().chunks < self._size else "kept"
            print(f"\n{self._size:,} passages: stored in {filled} s, load {os.getloadavg()[0]:.0f}\n\n| {_COLUMNS} |")
            print(f"|{' --- |' * (_COLUMNS.count('|') + 1)}")
            self._tenth = self._exact(store)
            vectors = FaissIndex(self._folder / "index" / "vectors", self._embedder.dimension)
            self._vector_leg(store, vectors)
            lexical = TantivyIndex(self._folder / "index" / "tantivy")
            self._lexical_leg(store, lexical)
            library = Library(store, Indexes(lexical, vectors, self._folder / "index" / "lock"), self._embedder)
            row("hybrid, embedded", "-", megabytes(self._folder), times(library.search, self._questions), "-")
            self._adding(library, store)
            if rank_bm25:
                self._rank_bm25(store, lexical)
            if postgres:
                self._postgres(store)

    def _fill(self, store: LibraryStore) -> None:
        for document in self._corpus.documents(self._size, made=len(store.documents())):
            store.put(document)

    def _exact(self, store: LibraryStore) -> Vectors:
        """Return what the tenth nearest of each question scores; made once for a library and its questions."""
        key = hashlib.sha256(f"{store.position()} {self._questions}".encode()).hexdigest()[:16]
        kept = self._folder / f"tenth-{key}.npy"
        if not kept.is_file():
            np.save(kept, tenth_products(store, self._queries))
        tenth: Vectors = np.load(kept)
        return tenth

    def _vector_leg(self, store: SqliteStore, index: FaissIndex) -> None:
        built: Cost | str = "kept"
        if index.position != store.position():
            index.clear()
            built = cost(lambda: _indexed(store, index))
        self._vector_row("vectors, FAISS", built, megabytes(self._folder / "index" / "vectors"), index)

    def _vector_row(self, what: str, built: Cost | str, size: float, index: VectorIndex) -> None:
        each = [self._queries[n : n + 1] for n in range(len(self._queries))]
        taken = times(lambda query: index.search(query, 10), each)
        found = [index.search(query, 10) for query in each]
        row(what, built, size, taken, f"{recall(found, self._tenth):.4f}")

    def _lexical_leg(self, store: SqliteStore, index: TantivyIndex) -> None:
        built: Cost | str = "kept"
        if index.position != store.position():
            built = cost(lambda: _indexed_words(store, index))
        taken = times(lambda question: index.search(question, 10), self._questions)
        row("words, tantivy", built, megabytes(self._folder / "index" / "tantivy"), taken, "-")

    def _rank_bm25(self, store: SqliteStore, lexical: TantivyIndex) -> None:
        """Compare with the package itself, not with our adapter for it; both are asked the same questions."""
        step = max(1, len(self._questions) // RANK_BM25_QUESTIONS)
        asked = self._questions[::step][:RANK_BM25_QUESTIONS]
        words = [body_tokens(chunk) for _, chunks, _ in store.added_since("") for chunk in chunks]
        models: list[BM25Okapi] = []
        built = cost(lambda: models.append(BM25Okapi(words)))
        taken = times(lambda question: np.argpartition(-models[0].get_scores(tokens(question)), 10)[:10], asked)
        mine = times(lambda question: lexical.search(question, 10), asked)
        ratio = f"tantivy on the same {len(asked)}: p50 1/{taken.p50 / mine.p50:.0f}, CPU 1/{taken.cpu / mine.cpu:.0f}"
        row("words, rank-bm25", built, 0, taken, "-", ratio)

    def _adding(self, library: Library, store: SqliteStore) -> None:
        """Add documents of 50 passages, each searched for at once by words that only it has."""
        library.catch_up()
        steps = []
        for number in range(ADDED):
            mark = f"zq{os.getpid()}x{number}"
            texts = [f"{mark} {text}" for text in self._corpus.texts(50, number)]
            vectors = self._embedder.embed_passages(texts)
            added = record(mark, texts, vectors)
            stored = cost(lambda added=added: store.put(added))  # type: ignore[misc]
            seen = cost(lambda mark=mark: _must_find(library, mark))  # type: ignore[misc]
            steps.append((stored, seen))
        store.remove([document.source.doc_id for document in library.documents() if document.source.name[:2] == "zq"])
        library.catch_up()
        steps.sort(key=lambda step: step[0].wall + step[1].wall)
        total = [1000 * (stored.wall + seen.wall) for stored, seen in steps]
        cpu = sorted(1000 * (stored.cpu + seen.cpu) for stored, seen in steps)
        stored, seen = steps[-1]
        print(
            f"| one document more, found at once | - | - | {memory():.0f} | {total[len(total) // 2]:.0f} | "
            f"{total[-1]:.0f} (worst) | {cpu[len(cpu) // 2]:.0f} | - | - | "
            f"{ADDED} of 50 passages; worst: stored {stored.wall:.2f} s, found {seen}, load {os.getloadavg()[0]:.0f} |"
        )

    def _postgres(self, source: SqliteStore) -> None:
        address = address_of(self._database / "data")
        with closing(PostgresStore(address, "benchmark", write=True, embedder=self._embedder)) as store:
            if not store.documents():
                self._load(source, store)
            index = PgvectorIndex(store.database, store.position, self._embedder.name)
            built = cost(lambda: store.build_index(lambda _: None))
            ((size,),) = store.database.rows("SELECT pg_total_relation_size('vectors')")
            self._vector_row("vectors, pgvector", built, size / 1e6, index)
            lexical = TantivyIndex(self._database / "words")
            library = Library(store, Indexes(lexical, index, self._database / "lock"), self._embedder)
            library.catch_up()
            taken = times(library.search, self._questions)
            row("hybrid, PostgreSQL", "-", 0, taken, "-")

    def _load(self, source: SqliteStore, store: PostgresStore) -> None:
        """Copy the documents; say how fast."""
        documents = [document.source.doc_id for document in source.documents_as_stored()]
        count = source.stats().chunks
        copied = cost(lambda: [store.put(source.record(doc_id)) for doc_id in documents])
        seqs = source.chunk_seqs(frozenset(documents[:1]))[:SINGLE_INSERTS]
        inserted = cost(lambda: _insert_one_by_one(store, list(source.chunks(seqs).values()), self._queries[:1]))
        rates = count / copied.wall, len(seqs) / inserted.wall
        print(
            f"| COPY into PostgreSQL | {copied} | - | - | - | - | - | - | - | {rates[0]:.0f} passages/s, "
            f"{rates[0] / rates[1]:.0f} times single inserts ({rates[1]:.0f}/s) |"
        )


def _insert_one_by_one(store: PostgresStore, chunks: Sequence[Chunk], vector: Vectors) -> None:
    """Insert passages with a vector, each in a transaction of its own, into tables like the library's."""
    columns = f"seq, document, {CHUNK_COLUMNS}"
    marks = ", ".join(["%s"] * (columns.count(",") + 1))
    with store.database.transaction() as connection:
        connection.execute("CREATE TABLE tried (LIKE chunks INCLUDING ALL)")
        connection.execute("CREATE TABLE tried_vectors (LIKE vectors INCLUDING ALL)")
    for number, chunk in enumerate(chunks):
        with store.database.transaction() as connection:
            connection.execute(
                f"INSERT INTO tried ({columns}) VALUES ({marks})".encode(),
                (number, 1, *chunk_row(chunk)),
            )
            connection.execute(
                "INSERT INTO tried_vectors (seq, document, vector) VALUES (%s, 1, %s)", (number, vector_text(vector))
            )
    with store.database.transaction() as connection:
        connection.execute("DROP TABLE tried, tried_vectors")


def _indexed(store: SqliteStore, index: FaissIndex) -> None:
    position = store.position()
    for seqs, _, vectors in store.added_since(""):
        index.add(seqs, vectors)
    index.commit(position)


def _indexed_words(store: SqliteStore, index: TantivyIndex) -> None:
    """Build, or go on from the last commit of a run that was cut short."""
    library, _, removed = store.position().split(":")
    if not store.follows(index.position):
        index.clear()
    waiting = 0
    for seqs, chunks, _ in store.added_since(index.position):
        index.add(zip(seqs, chunks, strict=True))
        waiting += len(seqs)
        if waiting >= _KEPT_EVERY:
            index.commit(f"{library}:{seqs[-1]}:{removed}")
            waiting = 0
    index.commit(store.position())


def _must_find(library: Library, mark: str) -> None:
    if not any(mark in hit.chunk.text for hit in library.search(mark)):
        raise SystemExit(f"{mark} was added and is not found")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="+")
    parser.add_argument("--passages", type=Path, nargs="+", required=True)
    parser.add_argument("--questions", type=Path, nargs="+", required=True)
    parser.add_argument("--most-questions", type=int, default=300)
    parser.add_argument("--rank-bm25-up-to", type=int, default=100_000)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--work", type=Path)
    asked = parser.parse_args()
    corpus = Corpus(asked.passages, StaticEmbedder())
    questions = questions_of(asked.questions, asked.most_questions)
    print(f"{len(corpus):,} real passages, {len(questions)} questions, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        for size in asked.sizes:
            bench = Bench(size, corpus, questions, asked.work or Path(folder))
            bench.run(size <= asked.rank_bm25_up_to, asked.postgres)


if __name__ == "__main__":
    main()
