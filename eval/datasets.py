"""Question files as items: JSON lines or one JSON array, in any layout of `eval/layouts`, recognised from its keys."""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from vouch.eval.layouts import (
    challenge,
    conversations,
    exams,
    filings,
    open_sections,
    passages,
    prose,
    refusals,
    report_values,
    tables_with_text,
)
from vouch.eval.layouts.fields import NotUnderstood, Row, question
from vouch.eval.types import Item
from vouch.retrieval.errors import UsageError

_Drawn = TypeVar("_Drawn")


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows of one kind are recognised and read."""

    name: str
    recognises: Callable[[Row], bool]
    items: Callable[[Row, int], Iterator[Item]]


def layouts() -> tuple[Layout, ...]:
    """Return the layouts in the order they are tried: those with the more telling keys first."""
    named = (
        conversations,
        tables_with_text,
        passages,
        exams,
        refusals,
        challenge,
        open_sections,
        filings,
        report_values,
        prose,
    )
    return tuple(Layout(module.__name__.rpartition(".")[2], module.recognises, module.items) for module in named)


def load_items(path: Path) -> list[Item]:
    """Return the items of a file in its order; UsageError naming the line that is not understood."""
    known = layouts()
    found: list[Item] = []
    for number, row in _rows(path):
        found += _items(path, number, row, known)
    if not found:
        raise UsageError(f"{path} holds no questions")
    return _unique(found)


def core(items: Sequence[Item]) -> list[Item]:
    """Return the items that the data set marks as its core; UsageError where it marks none."""
    chosen = [item for item in items if item.core]
    if not chosen:
        raise UsageError('no question of this file is marked as core ("core": true): leave --core away')
    return chosen


def sample(items: Sequence[_Drawn], size: int, seed: int) -> list[_Drawn]:
    """Return so many items drawn by a seed, in the file's order; all of them where there are no more."""
    if size < 1:
        raise UsageError(f"a sample of {size} items is none: give --sample at least 1")
    if size >= len(items):
        return list(items)
    drawn = sorted(random.Random(seed).sample(range(len(items)), size))  # noqa: S311 - a sample, no secret
    return [items[index] for index in drawn]


def _items(path: Path, number: int, row: Row, known: Sequence[Layout]) -> list[Item]:
    layout = next((layout for layout in known if layout.recognises(row)), None)
    if layout is None:
        what = "a question but no answer to compare with" if question(row) else "no question"
        keys = ", ".join(map(str, row)) or "no keys"
        raise UsageError(
            f"{path}, line {number}: this row has {what} (it has {keys}); give it `question` and one of gold_value, "
            "gold_text, answer, answers, reference_answers or expected; or `messages`"
        )
    try:
        return list(layout.items(row, number))
    except NotUnderstood as problem:
        raise UsageError(f"{path}, line {number}: {problem} (read as {layout.name})") from problem


def _rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield (line, row); the rows of a JSON array are numbered from 1."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8") from error
    whole = _whole_document(content)
    numbered = enumerate(whole, start=1) if whole is not None else _lines(path, content)
    for number, row in numbered:
        if not isinstance(row, Mapping):
            raise UsageError(f"{path}, line {number}: a row must be a JSON object, not {type(row).__name__}")
        yield number, row


def _whole_document(content: str) -> list[Any] | None:
    """Return the rows of a file that is one JSON document; None for JSON lines and for what is no JSON."""
    start = content.lstrip()[:1]
    if start not in ("[", "{"):
        return None
    try:
        document = json.loads(content)
    except ValueError:
        return None
    return document if isinstance(document, list) else [document]


def _lines(path: Path, content: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: no JSON ({error})") from error


def _unique(items: Sequence[Item]) -> list[Item]:
    """Return the items with ids of their own: a run keeps its records by id."""
    seen: dict[str, int] = {}
    renamed = []
    for item in items:
        seen[item.id] = seen.get(item.id, 0) + 1
        renamed.append(item if seen[item.id] == 1 else replace(item, id=f"{item.id}#{seen[item.id]}"))
    return renamed
