"""Retrieval quality and speed on data sets in the BEIR layout, through the library's own index code.

    python benchmarks/beir.py DIR [DIR …]

Each DIR holds corpus.jsonl {_id, title, text}, queries.jsonl {_id, text} and qrels/*.tsv (query-id, corpus-id, score).
"""

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import ir_measures
from ir_measures import RR, R, nDCG

from vouch.retrieval.embedders.hashing import HashingEmbedder
from vouch.retrieval.lexical.tantivy_index import TantivyIndex
from vouch.retrieval.library import Library
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.types import Chunk, DocumentRecord, Embedder, Page, SearchMode, Source
from vouch.retrieval.vectors.faiss_index import FaissIndex

MODES: tuple[SearchMode, ...] = ("lexical", "vector", "hybrid")
MEASURES = (nDCG @ 10, R @ 10, R @ 100, RR @ 10)
DEPTH = 100
BATCH = 500  # passages that share a document and its transaction


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    for folder in parser.parse_args(arguments).folders:
        with tempfile.TemporaryDirectory() as library_folder:
            library = build(folder, Path(library_folder))
            report(folder, library)
            library.close()


def build(folder: Path, library_folder: Path) -> Library:
    """Return a library that holds the corpus, one chunk for each of its texts, and print how long that took."""
    corpus = records(folder / "corpus.jsonl")
    embedder = HashingEmbedder()
    store = SqliteStore(library_folder, write=True, embedder=embedder)
    started = perf_counter()
    for first in range(0, len(corpus), BATCH):
        store.put(document(corpus[first : first + BATCH], str(first), embedder))
    stored = perf_counter()
    index = library_folder / "index"
    vectors = FaissIndex(index / "vectors", embedder.dimension)
    library = Library(store, TantivyIndex(index / "tantivy"), vectors, embedder, index / "lock")
    library.catch_up()
    print(f"\n{folder}: {len(corpus)} texts, embedded and stored in {stored - started:.1f} s, ", end="")
    print(f"indexed in {perf_counter() - stored:.1f} s")
    return library


def document(texts: Sequence[dict[str, Any]], name: str, embedder: Embedder) -> DocumentRecord:
    """Return a document with a page and a chunk for each text."""
    source = Source(name, name, name)
    whole = [f"{record.get('title', '')}\n{record['text']}".strip() for record in texts]
    pages = tuple(Page(number, text) for number, text in enumerate(whole, start=1))
    chunks = tuple(
        Chunk(record["_id"], source, page.number, 0, len(page.text), page.text)
        for record, page in zip(texts, pages, strict=True)
    )
    return DocumentRecord(source, name, "beir", pages, chunks, embedder.embed_passages(whole))


def report(folder: Path, library: Library) -> None:
    """Print one line of measures for each mode."""
    queries = records(folder / "queries.jsonl")
    relevant = judgements(folder)
    print(f"{'mode':8}", *(f"{measure!s:>8}" for measure in MEASURES), f"{'p50 ms':>8} {'p95 ms':>8}")
    for mode in MODES:
        found, seconds = run(library, [query for query in queries if query["_id"] in relevant], mode)
        measured = ir_measures.calc_aggregate(MEASURES, relevant, found)
        seconds.sort()
        p50, p95 = (1000 * seconds[int(len(seconds) * share)] for share in (0.5, 0.95))
        print(f"{mode:8}", *(f"{measured[measure]:8.4f}" for measure in MEASURES), f"{p50:8.2f} {p95:8.2f}")


def run(
    library: Library, queries: Sequence[dict[str, Any]], mode: SearchMode
) -> tuple[dict[str, dict[str, float]], list[float]]:
    """Return the scores of each query's texts, and the seconds each query took."""
    found, seconds = {}, []
    for query in queries:
        started = perf_counter()
        hits = library.search(query["text"], DEPTH, mode)
        seconds.append(perf_counter() - started)
        # Our order counts, also among equal scores, which the measures would order by name.
        found[query["_id"]] = {hit.chunk.id: float(DEPTH - rank) for rank, hit in enumerate(hits)}
    return found, seconds


def records(path: Path) -> list[dict[str, Any]]:
    """Return the records of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def judgements(folder: Path) -> dict[str, dict[str, int]]:
    """Return which texts answer which queries, from all tables of the folder."""
    relevant: dict[str, dict[str, int]] = {}
    for path in sorted((folder / "qrels").glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table, delimiter="\t"):
                relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    return relevant


if __name__ == "__main__":
    main(sys.argv[1:])
