"""Retrieval measures against the textbook, collections, modes side by side."""

import json
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.eval.makers import hit
from vouch.eval.beir import load_collection
from vouch.eval.ranking_measures import NAMES, measured
from vouch.eval.retrieval import (
    RankedQuery,
    ranked_queries,
    ranked_query_from_json,
    ranked_query_json,
    ranker,
    summarise_retrieval,
)
from vouch.retrieval.errors import UsageError
from vouch.retrieval.types import Hit, Scope, SearchMode


def textbook(relevant: Mapping[str, int], ranked: Sequence[str]) -> dict[str, float]:
    """The five measures as their definitions say, written apart from any library."""
    gains = [relevant.get(text, 0) for text in ranked]
    ideal = sorted((score for score in relevant.values() if score > 0), reverse=True)
    all_relevant = len(ideal)

    def dcg(scores: Sequence[int]) -> float:
        return sum(max(score, 0) / math.log2(place + 1) for place, score in enumerate(scores, start=1))

    def found(depth: int) -> int:
        return sum(gain > 0 for gain in gains[:depth])

    first = next((place for place, gain in enumerate(gains[:10], start=1) if gain > 0), None)
    precisions = [found(place) / place for place, gain in enumerate(gains[:100], start=1) if gain > 0]
    return {
        "ndcg@10": dcg(gains[:10]) / dcg(ideal[:10]),
        "recall@10": found(10) / all_relevant,
        "recall@100": found(100) / all_relevant,
        "mrr@10": 1 / first if first else 0.0,
        "map@100": sum(precisions) / all_relevant,
    }


def test_the_measures_equal_the_textbook_on_random_rankings() -> None:
    generator = random.Random(11)
    corpus = [f"d{n}" for n in range(160)]
    relevant, rankings = {}, {}
    for n in range(300):
        judged = generator.sample(corpus, generator.randint(1, 30))
        relevant[f"q{n}"] = {text: generator.choice([0, 1, 1, 2, 3]) for text in judged} | {judged[0]: 1}
        rankings[f"q{n}"] = generator.sample(corpus, generator.choice([0, 1, 5, 10, 50, 100]))
    values = measured(relevant, rankings)
    for query, scores in values.items():
        for name, expected in textbook(relevant[query], rankings[query]).items():
            assert scores[name] == pytest.approx(expected, abs=1e-9), (query, name)


def test_the_order_given_counts_among_equal_scores() -> None:
    # An index scores both 1.0 and lists b first; trec_eval alone would reorder them by id.
    tied = {"q": [("b", 1.0), ("c", 1.0), ("a", 1.0)]}
    for target, reciprocal in (("b", 1), ("c", 1 / 2), ("a", 1 / 3)):
        values = measured({"q": {target: 1}}, {"q": [text for text, _ in tied["q"]]})
        assert values["q"]["mrr@10"] == pytest.approx(reciprocal)


def test_a_query_that_finds_nothing_counts_as_nothing() -> None:
    values = measured({"q1": {"a": 1}, "q2": {"b": 1}}, {"q1": ["a"], "q2": []})
    assert values["q1"] == dict.fromkeys(NAMES, 1.0)
    assert values["q2"] == dict.fromkeys(NAMES, 0.0)


def collection(
    folder: Path, qrels: str = "query-id\tcorpus-id\tscore\nq1\ta\t1\nq2\tb\t2\nq2\tc\t0\nq3\tc\t0\n"
) -> Path:
    folder.mkdir(exist_ok=True)
    corpus = [{"_id": name, "title": "", "text": f"text {name}"} for name in "abc"]
    queries = [{"_id": f"q{n}", "text": f"query {n}"} for n in (1, 2, 3, 4)]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "qrels").mkdir(exist_ok=True)
    (folder / "qrels" / "test.tsv").write_text(qrels, encoding="utf-8")
    return folder


def test_a_collection_holds_the_queries_that_have_an_answer(tmp_path: Path) -> None:
    found = load_collection(collection(tmp_path / "set"))
    assert (found.name, found.documents) == ("set", 3)
    assert [query.id for query in found.queries] == ["q1", "q2"]
    assert found.relevant == {"q1": {"a": 1}, "q2": {"b": 2, "c": 0}}


@pytest.mark.parametrize(
    ("qrels", "problem"),
    [
        ("q1\ta\tx\n", "test.tsv, line 1: needs query-id, corpus-id and a whole score"),
        ("q9\ta\t1\n", "no query of"),
        ("q1\tz\t1\n", "no text named in"),
    ],
)
def test_judgements_that_fit_nothing_are_named(tmp_path: Path, qrels: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        load_collection(collection(tmp_path, qrels))


def test_a_folder_that_is_no_collection_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no corpus\.jsonl"):
        load_collection(tmp_path)


def test_a_text_stands_where_its_best_passage_does() -> None:
    pages = [5, 5, 5, 7, 5, 8, 9]

    def search(query: str, k: int, mode: SearchMode, scope: Scope) -> list[Hit]:
        return [hit(page) for page in pages][:k]

    rank = ranker(search, "lexical", lambda found: f"t{found.chunk.page}")
    assert [text for text, _ in rank("?", 3)] == ["t5", "t7", "t8"]
    assert [text for text, _ in rank("?", 100)] == ["t5", "t7", "t8", "t9"]


def test_modes_are_measured_side_by_side_and_compared(tmp_path: Path) -> None:
    held = load_collection(collection(tmp_path))
    answers = {"query 1": ["a"], "query 2": ["b"]}
    modes = {
        "good": lambda query, depth: tuple((text, 1.0) for text in answers[query]),
        "half": lambda query, depth: (("c", 2.0), *((text, 1.0) for text in answers[query])),
        "none": lambda query, depth: (),
    }
    records = list(ranked_queries(held.queries, modes))
    assert [(record.query_id, record.mode) for record in records[:3]] == [
        ("q1", "good"),
        ("q1", "half"),
        ("q1", "none"),
    ]
    found = summarise_retrieval(held, records, measured).values
    assert (found["queries"], found["documents"]) == (2, 3)
    assert found["modes"]["good"]["ndcg@10"] == 1
    assert found["modes"]["half"]["ndcg@10"] == pytest.approx(1 / math.log2(3))
    assert found["modes"]["half"]["mrr@10"] == 0.5
    assert found["modes"]["none"]["recall@100"] == 0
    assert found["modes"]["half"]["intervals"]["mrr@10"] == [0.5, 0.5]
    first = found["comparisons"][0]
    assert first["modes"] == ["good", "half"]
    assert first["difference"] == pytest.approx(1 / math.log2(3) - 1)
    assert first["p"] == 0.5  # two equal differences: 2 of 4 signings are as extreme


def test_latencies_are_quantiles_of_the_mode(tmp_path: Path) -> None:
    held = load_collection(collection(tmp_path))
    records = [RankedQuery("q1", "m", (("a", 1.0),), 0.010), RankedQuery("q2", "m", (), 0.030)]
    found = summarise_retrieval(held, records, measured).values["modes"]["m"]
    assert found["p50_ms"] == pytest.approx(20)
    assert found["p95_ms"] == pytest.approx(29)


def test_a_record_survives_its_line() -> None:
    record = RankedQuery("q1", "hybrid", (("a", 2.5), ("b", 1.0)), 0.0125)
    line = ranked_query_json(record)
    assert line["hits"] == [["a", 2.5], ["b", 1.0]]
    assert ranked_query_from_json(json.loads(json.dumps(line))) == record
