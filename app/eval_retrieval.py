"""`vouch eval retrieval` step by step: a collection, a library of its corpus, ranked queries, summary."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vouch.app.eval_libraries import corpus_ids, corpus_library
from vouch.app.eval_output import RunOptions, Subject, evaluation, finish
from vouch.app.eval_progress import item_progress
from vouch.app.settings import Settings
from vouch.app.wiring import ranking_measure
from vouch.eval.beir import Collection, Query, load_collection
from vouch.eval.datasets import sample
from vouch.eval.failure_browser import Excerpt
from vouch.eval.fingerprints import entries_fingerprint, library_fingerprint
from vouch.eval.report import Extras
from vouch.eval.retrieval import (
    DEPTH,
    MODES,
    Measure,
    Rank,
    RankedQuery,
    ranked_queries,
    ranked_query_from_json,
    ranked_query_json,
    ranker,
    summarise_retrieval,
)
from vouch.eval.runs import Run
from vouch.retrieval.types import Hit, SearchMode

if TYPE_CHECKING:
    from vouch.retrieval.library import Library


@dataclass(frozen=True, slots=True)
class Ranking:
    """Which modes rank, and how deep."""

    modes: tuple[SearchMode, ...] = MODES
    depth: int = DEPTH


def evaluate_retrieval(
    settings: Settings, folder: Path, ranking: Ranking, options: RunOptions, keep: str | None
) -> dict[str, Any]:
    """Rank every query with every mode where that is not done yet in the run, and return the summary.

    The corpus's library stays in the library `keep`; without it, it is a temporary one.
    """
    measure = ranking_measure()
    collection = load_collection(folder)
    if options.sample is not None:
        collection = replace(collection, queries=tuple(sample(collection.queries, options.sample, options.seed)))
    with corpus_library(settings, collection.corpus, keep) as library:
        subject = Subject(
            kind="retrieval",
            dataset=collection.name,
            library=library_fingerprint(library.embedder.name, library.documents()),
            questions=_fingerprint(collection),
            items=len(collection.queries),
            choices={"modes": list(ranking.modes), "depth": ranking.depth},
        )
        with evaluation(settings, subject, options) as run:
            ranks = _ranks(library, collection, ranking.modes)
            records = list(_records(collection, ranks, ranking.depth, run, measure))
            metrics = dict(summarise_retrieval(collection, records, measure, options.seed).values)
            finish(run, metrics, Extras(excerpt=_excerpts(library, collection)), options)
    return metrics


def _fingerprint(collection: Collection) -> str:
    asked = (asdict(query) for query in collection.queries)
    return entries_fingerprint([*asked, *([q.id, collection.relevant[q.id]] for q in collection.queries)])


def _ranks(library: "Library", collection: Collection, modes: Sequence[SearchMode]) -> dict[str, Rank]:
    ids = corpus_ids(collection.corpus)

    def corpus_id(hit: Hit) -> str:
        return ids[hit.chunk.page]

    return {mode: ranker(library.search, mode, corpus_id) for mode in modes}


def _records(
    collection: Collection, ranks: Mapping[str, Rank], depth: int, run: Run, measure: Measure
) -> Iterator[RankedQuery]:
    """Yield the records of an earlier attempt, then those of what it left over."""
    earlier = list(map(ranked_query_from_json, run.records))
    yield from earlier
    texts = {query.id: query.text for query in collection.queries}
    with item_progress(len(collection.queries) * len(ranks), len(earlier), quiet=False) as advance:
        for queries, modes in _left_over(collection, ranks, run):
            for record in ranked_queries(queries, modes, depth):
                run.add(_line(record, texts[record.query_id], collection.relevant[record.query_id], measure))
                advance("")
                yield record


def _left_over(
    collection: Collection, ranks: Mapping[str, Rank], run: Run
) -> Iterator[tuple[list[Query], dict[str, Rank]]]:
    """Yield queries with the modes that have not ranked them; those without any mode done come together."""
    untouched = []
    for query in collection.queries:
        missing = {mode: rank for mode, rank in ranks.items() if run.find(mode, query.id) is None}
        if len(missing) == len(ranks):
            untouched.append(query)
        elif missing:
            yield [query], missing
    if untouched:
        yield untouched, dict(ranks)


def _line(record: RankedQuery, text: str, relevant: Mapping[str, int], measure: Measure) -> dict[str, Any]:
    """Return a record with what comparisons and the report need besides."""
    values = measure({record.query_id: relevant}, {record.query_id: [text for text, _ in record.hits]})
    return {
        **ranked_query_json(record),
        "query": text,
        "relevant": dict(relevant),
        "scores": dict(values[record.query_id]),
    }


def _excerpts(library: "Library", collection: Collection) -> Excerpt:
    pages = {name: number for number, name in corpus_ids(collection.corpus).items()}
    (document,) = library.documents()

    def excerpt(name: str) -> str:
        try:
            return library.page(document.source.doc_id, pages[name]).text
        except KeyError:
            return "(an entry without text)"

    return excerpt


def retrieval_text(metrics: Mapping[str, Any]) -> str:
    """Return a summary for people: a line for each mode with its intervals, then which differences are sure."""
    names = [name for name in next(iter(metrics["modes"].values())) if name != "intervals"]
    lines = [
        f"{metrics['dataset']}: {metrics['queries']} queries, {metrics['documents']} documents",
        f"  {'mode':<14}" + "".join(f"{name:>12}" for name in names),
    ]
    for mode, values in metrics["modes"].items():
        lines.append(f"  {mode:<14}" + "".join(f"{values[name]:>12.4f}" for name in names))
        intervals = (values["intervals"].get(name) for name in names)
        shown = (f"±{(interval[1] - interval[0]) / 2:.4f}" if interval else "" for interval in intervals)
        lines.append(f"  {'':<14}" + "".join(f"{text:>12}" for text in shown))
    for entry in metrics["comparisons"]:
        low, high = entry["interval"]
        first, second = entry["modes"]
        difference = f"{entry['difference']:+.4f} ({low:+.4f} to {high:+.4f}), p {entry['p']:.4f}"
        lines.append(f"  {second} - {first}: {entry['measure']} {difference}")
    return "\n".join(lines)
