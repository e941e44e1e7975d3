"""Retrieval modes side by side on one collection: every query ranked by each, measured, timed and compared.

Knows no index: a mode is a callable that ranks corpus ids. Knows no measure either: `ranking_measures` has them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from time import perf_counter
from typing import Any

import numpy as np

from vouch.eval.beir import Collection, Query, Relevant
from vouch.eval.significance import bootstrap_interval, compare_paired
from vouch.eval.types import Metrics, Search
from vouch.retrieval.types import EVERYTHING, Hit, SearchMode

DEPTH = 100
MODES: tuple[SearchMode, ...] = ("lexical", "vector", "hybrid", "hybrid+rerank")
COMPARED = "ndcg@10"

Ranked = tuple[tuple[str, float], ...]
"""(corpus id, score), best first, each id once."""
Rank = Callable[[str, int], Ranked]
"""Ranks the corpus for a query, so many texts deep."""
Measure = Callable[[Relevant, Mapping[str, Sequence[str]]], Mapping[str, Mapping[str, float]]]
"""Query id -> measure -> value, from what is relevant and query id -> corpus ids, best first."""


@dataclass(frozen=True, slots=True)
class RankedQuery:
    """One line of records.jsonl for retrieval."""

    query_id: str
    mode: str
    hits: Ranked
    seconds: float


def ranker(search: Search, mode: SearchMode, corpus_id: Callable[[Hit], str]) -> Rank:
    """Return how a library ranks the texts of a corpus: a text stands where the best of its passages does."""

    def rank(query: str, depth: int) -> Ranked:
        wanted = depth
        while True:
            hits = search(query, wanted, mode, EVERYTHING)
            best: dict[str, float] = {}
            for hit in hits:
                best.setdefault(corpus_id(hit), hit.score)
            if len(best) >= depth or len(hits) < wanted:
                return tuple(best.items())[:depth]
            wanted *= 2  # several passages of one text took the places of others

    return rank


def ranked_queries(queries: Iterable[Query], modes: Mapping[str, Rank], depth: int = DEPTH) -> Iterator[RankedQuery]:
    """Yield each query ranked by each mode. Modes take turns, so that a busy minute does not meet one of them only."""
    warm = False
    for query in queries:
        if not warm:
            for rank in modes.values():
                rank(query.text, depth)  # the first search of a process opens files
            warm = True
        for mode, rank in modes.items():
            started = perf_counter()
            hits = rank(query.text, depth)
            yield RankedQuery(query.id, mode, hits, perf_counter() - started)


def summarise_retrieval(
    collection: Collection, records: Sequence[RankedQuery], measure: Measure, seed: int = 0
) -> Metrics:
    """Return the contract's summary: measures with intervals and latencies by mode, and each pair of modes compared."""
    by_mode: dict[str, dict[str, RankedQuery]] = {}
    for record in records:
        by_mode.setdefault(record.mode, {})[record.query_id] = record
    values = {mode: _measured(collection, found, measure) for mode, found in by_mode.items()}
    asked = {query_id for found in by_mode.values() for query_id in found}
    return Metrics(
        {
            "dataset": collection.name,
            "queries": len(asked),
            "documents": collection.documents,
            "modes": {mode: _mode(values[mode], by_mode[mode].values(), seed) for mode in by_mode},
            "comparisons": [_comparison(a, b, values[a], values[b], seed) for a, b in combinations(by_mode, 2)],
        }
    )


def ranked_query_json(record: RankedQuery) -> dict[str, Any]:
    """Return one line of records.jsonl."""
    return {
        "query_id": record.query_id,
        "mode": record.mode,
        "hits": [[text, score] for text, score in record.hits],
        "seconds": round(record.seconds, 6),
    }


def ranked_query_from_json(line: Mapping[str, Any]) -> RankedQuery:
    """Return the record that a line was written from."""
    hits = tuple((str(text), float(score)) for text, score in line["hits"])
    return RankedQuery(str(line["query_id"]), str(line["mode"]), hits, float(line["seconds"]))


def _measured(
    collection: Collection, found: Mapping[str, RankedQuery], measure: Measure
) -> Mapping[str, Mapping[str, float]]:
    relevant = {query_id: collection.relevant[query_id] for query_id in found}
    return measure(relevant, {query_id: [text for text, _ in record.hits] for query_id, record in found.items()})


def _mode(values: Mapping[str, Mapping[str, float]], found: Iterable[RankedQuery], seed: int) -> dict[str, Any]:
    names = next(iter(values.values()))
    intervals = {name: bootstrap_interval([scores[name] for scores in values.values()], seed) for name in names}
    p50, p95 = np.quantile([1000 * record.seconds for record in found], [0.5, 0.95])
    return {
        **{name: interval.mean for name, interval in intervals.items()},
        "p50_ms": float(p50),
        "p95_ms": float(p95),
        "intervals": {name: [interval.low, interval.high] for name, interval in intervals.items()},
    }


def _comparison(
    first: str,
    second: str,
    ours: Mapping[str, Mapping[str, float]],
    theirs: Mapping[str, Mapping[str, float]],
    seed: int,
) -> dict[str, Any]:
    """Return how the second mode differs from the first on the queries that both have ranked."""
    both = [query_id for query_id in ours if query_id in theirs]
    found = compare_paired([ours[q][COMPARED] for q in both], [theirs[q][COMPARED] for q in both], seed)
    return {
        "modes": [first, second],
        "measure": COMPARED,
        "difference": found.difference.mean,
        "interval": [found.difference.low, found.difference.high],
        "p": found.p,
        "queries": found.pairs,
    }
