"""Pairs of texts that belong together, read as a recipe says; none that is measured with."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vouch.finetune.embedding.recipe import HeldBack, PairRule, Recipe
from vouch.retrieval.errors import UsageError


@dataclass(frozen=True, slots=True)
class Pair:
    """A text and what should be found by it."""

    query: str
    positive: str
    group: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """The pairs to learn from."""

    pairs: tuple[Pair, ...]
    left_out: int
    """Pairs with a text that is held back."""


def gather(recipe: Recipe, data: Path) -> Gathered:
    """Return the pairs of all rules, each once and none with a text that is held back."""
    forbidden = held_back_texts(recipe.held_back, data)
    pairs: dict[tuple[str, str], Pair] = {}
    left_out = 0
    for rule in recipe.pairs:
        for pair in _pairs(rule, data / rule.path):
            if folded(pair.query) in forbidden or folded(pair.positive) in forbidden:
                left_out += 1
            else:
                pairs.setdefault((pair.query, pair.positive), pair)
    return Gathered(tuple(pairs.values()), left_out)


def held_back_texts(rule: HeldBack, data: Path) -> frozenset[str]:
    """Return, without spaces and in lower case, the texts that nothing may be learned from."""
    texts: set[str] = set()
    for name in rule.collections:
        texts.update(_collection_texts(data / name))
    for name in rule.passages:
        for row in _rows(data / name):
            texts.update((row["question"], row["context"]))
    return frozenset(map(folded, texts))


def folded(text: str) -> str:
    """Return what makes two texts the same: everything but spaces and capitals."""
    return "".join(text.split()).casefold()


def _pairs(rule: PairRule, path: Path) -> Iterator[Pair]:
    for row in _rows(path):
        source = str(row.get("source", ""))
        if source.startswith(rule.without) or not source.startswith(rule.only or ""):
            continue
        query, positive = row.get(rule.query), row.get(rule.positive)
        # A question that its passage does not answer is no pair.
        if query and positive and not row.get("is_impossible") and query != positive:
            yield Pair(query, positive, _group(rule, source))


def _group(rule: PairRule, source: str) -> str:
    return next((group for start, group in rule.groups.items() if source.startswith(start)), rule.group)


def _collection_texts(folder: Path) -> Iterator[str]:
    """Yield the judged queries of a BEIR folder and the texts relevant to them."""
    judged: set[str] = set()
    relevant: set[str] = set()
    for table in sorted((folder / "qrels").glob("*.tsv")):
        for line in table.read_text("utf-8").splitlines()[1:]:
            query, text, score = line.split("\t")
            if int(score) > 0:
                judged.add(query)
                relevant.add(text)
    yield from (row["text"] for row in _rows(folder / "queries.jsonl") if row["_id"] in judged)
    yield from (row["text"] for row in _rows(folder / "corpus.jsonl") if row["_id"] in relevant)


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise UsageError(f"{path}, line {number}: a record must be a JSON object")
                yield row
    except FileNotFoundError as error:
        raise UsageError(f"{path} is not there: name the folder that the recipe's paths start from (--data)") from error
    except ValueError as error:
        raise UsageError(f"{path}: no JSON lines ({error})") from error
