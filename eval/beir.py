"""Retrieval collections in the BEIR layout: corpus.jsonl, queries.jsonl, qrels/*.tsv."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vouch.retrieval.errors import UsageError

Relevant = Mapping[str, Mapping[str, int]]
"""Query id -> corpus id -> how relevant; 0 is not."""

CORPUS, QUERIES, JUDGEMENTS = "corpus.jsonl", "queries.jsonl", "qrels"


@dataclass(frozen=True, slots=True)
class Query:
    """One query that has at least one relevant text."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Collection:
    """Queries and what answers them. The corpus stays in its file."""

    name: str
    corpus: Path
    documents: int
    queries: tuple[Query, ...]
    relevant: Relevant


def load_collection(folder: Path) -> Collection:
    """Return a collection; UsageError naming the file and line that is missing or not understood."""
    for name in (CORPUS, QUERIES, JUDGEMENTS):
        if not (folder / name).exists():
            raise UsageError(
                f"{folder} has no {name}: a retrieval set needs {CORPUS}, {QUERIES} and {JUDGEMENTS}/*.tsv"
            )
    relevant = _judgements(folder / JUDGEMENTS)
    asked = [Query(_id(row, place), _text(row, place)) for place, row in _rows(folder / QUERIES)]
    queries = tuple(query for query in asked if any(score > 0 for score in relevant.get(query.id, {}).values()))
    if not queries:
        raise UsageError(f"no query of {folder / QUERIES} has a relevant text in {folder / JUDGEMENTS}: check the ids")
    known = {_id(row, place) for place, row in _rows(folder / CORPUS)}
    if not any(text in known for query in queries for text in relevant[query.id]):
        raise UsageError(f"no text named in {folder / JUDGEMENTS} is in {folder / CORPUS}: check the ids")
    kept = {query.id: relevant[query.id] for query in queries}
    return Collection(folder.resolve().name, folder / CORPUS, len(known), queries, kept)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise UsageError(f"{path}, line {number}: no JSON ({error})") from error
            if not isinstance(row, dict):
                raise UsageError(f"{path}, line {number}: a row must be a JSON object")
            yield f"{path}, line {number}", row


def _id(row: Mapping[str, Any], place: str) -> str:
    if "_id" not in row:
        raise UsageError(f"{place}: this row has no _id")
    return str(row["_id"])


def _text(row: Mapping[str, Any], place: str) -> str:
    if not isinstance(row.get("text"), str):
        raise UsageError(f"{place}: this row has no text")
    return str(row["text"])


def _judgements(folder: Path) -> dict[str, dict[str, int]]:
    """Return the judgements of all tables of a folder: columns query-id, corpus-id, score, with or without a header."""
    relevant: dict[str, dict[str, int]] = {}
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8-sig", newline="") as table:
            for number, cells in enumerate(csv.reader(table, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
                if not cells or (number == 1 and cells[-1] == "score"):
                    continue
                if len(cells) != 3 or not cells[2].strip().lstrip("-").isdigit():
                    raise UsageError(
                        f"{path}, line {number}: needs query-id, corpus-id and a whole score, tab-separated"
                    )
                relevant.setdefault(cells[0], {})[cells[1]] = int(cells[2])
    return relevant
