"""Examples that evaluation sets hold as well: whoever trains on them measures memory.

Three ways are looked for: a line of the question is nearly the same (n-grams; with the same numbers, and without a gap
where a name could stand: templates ask for other years and companies in the same words); the answer shares long
n-grams with one of the set (as in Brown et al. 2020, C); the answer gives a figure so long that it can only be the one
that the set asks for.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from vouch.finetune.examples.archives import LeftOut
from vouch.finetune.examples.overlap import (
    AlikeTexts,
    Grams,
    folded,
    grams,
    longest_gap,
    numbers,
    question_grams,
)
from vouch.finetune.examples.text_lines import BadExample, json_line, numbered_lines, text_of
from vouch.finetune.examples.types import Example
from vouch.retrieval.errors import UsageError

ALIKE, GAP = 0.6, 3
"""Jaccard from which two questions are the same, and how many characters in a row may be other ones.

Measured on questions planted in other words: found are 910 of 939 about reports, 977 of 1,000 patients' and 975 of 988
in English; of 914 about another company 1 is taken for the same, of 3,000 patients' questions 22, most of them rightly.
"""
SHORTEST = 4
"""Characters of a line that is compared."""
LONG_N, SHARED = 25, 0.5
"""Characters of a long n-gram, and the share of an answer's that give it away."""
FIGURE = 6
"""Digits from which a figure is one of a kind."""
_QUESTIONS = ("question", "query", "text", "title", "instruction", "prompt", "input", "description")
_ANSWERS = (
    *("answer", "answers", "output", "response", "long_answer", "gold_text", "gold_value", "reference_answers"),
    *("reference_answer", "value"),
)

Way = Literal["question", "answer", "figure"]


@dataclass(frozen=True, slots=True)
class Leak:
    """An example that an evaluation set holds as well."""

    example: str
    """Its id."""
    way: Way
    place: str
    """File and line of the set."""
    share: float
    """Jaccard of the questions, or share of the answer's n-grams; 1 for figures."""


@dataclass(frozen=True, slots=True)
class EvaluationItem:
    """What one line of an evaluation set asks and answers."""

    place: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]


def evaluation_items(paths: Sequence[Path]) -> list[EvaluationItem]:
    """Return the items of evaluation sets, JSON lines or CSV; UsageError for a file without questions or answers."""
    items: list[EvaluationItem] = []
    for path in paths:
        found = [item for line, row in _rows(path) if (item := _item(f"{path}, line {line}", row))]
        if not found:
            keys = ", ".join((*_QUESTIONS, *_ANSWERS))
            raise UsageError(f"{path} holds nothing to compare with: none of the keys {keys}")
        items += found
    return items


def without_leaks(examples: Sequence[Example], items: Sequence[EvaluationItem]) -> tuple[list[Example], list[Leak]]:
    """Return the examples that no evaluation set holds, and the others with where they stand."""
    if not items:
        return list(examples), []
    known = _Known(items, examples)
    kept: list[Example] = []
    leaks: list[Leak] = []
    for example in examples:
        leak = known.leak(example)
        if leak is None:
            kept.append(example)
        else:
            leaks.append(leak)
    return kept, leaks


def left_out(leak: Leak) -> LeftOut:
    """Return a leak as a line of what is left out."""
    return LeftOut(leak.example, f"its {leak.way} stands in {leak.place} ({leak.share:.2f})")


class _Known:
    """What evaluation sets hold, ready to be compared with."""

    def __init__(self, items: Sequence[EvaluationItem], examples: Sequence[Example]) -> None:
        self._asked = [(item.place, text) for item in items for text in item.questions if text.strip()]
        ours = [question_grams(example.asked) for example in examples]
        self._questions = AlikeTexts([question_grams(text) for _, text in self._asked], ALIKE, ours)
        self._figures = {n: item.place for item in items for text in item.answers for n in _figures(text)}
        long_ones = [
            (item.place, held)
            for item in items
            for text in (*item.questions, *item.answers)
            if (held := _long(text)) is not None
        ]
        self._long = np.concatenate([held for _, held in long_ones]) if long_ones else np.zeros(0, dtype=np.uint64)
        owners = np.repeat(np.arange(len(long_ones)), [len(held) for _, held in long_ones])
        order = np.argsort(self._long, kind="stable")
        self._long, self._owners = self._long[order], owners[order]
        self._long_places = [place for place, _ in long_ones]

    def leak(self, example: Example) -> Leak | None:
        """Return where an example stands in a set; None where it does not."""
        for line in dict.fromkeys((example.asked, *example.asked.split("\n"))):
            found = self._same_question(line) if len(line) >= SHORTEST else None
            if found:
                return Leak(example.id, "question", *found)
        share, where = self._shared(example.answer)
        if share >= SHARED:
            return Leak(example.id, "answer", where, round(share, 4))
        held = next((n for n in _figures(example.answer) if n in self._figures), None)
        return Leak(example.id, "figure", self._figures[held], 1.0) if held else None

    def _same_question(self, line: str) -> tuple[str, float] | None:
        """Return where a set asks the same, and how much of it is the same."""
        said = numbers(line)
        for place, share in self._questions.like(question_grams(line)):
            where, asked = self._asked[place]
            if numbers(asked) == said and longest_gap(asked, line) <= GAP:
                return where, round(share, 4)
        return None

    def _shared(self, text: str) -> tuple[float, str]:
        """Return which share of a text's long n-grams the sets hold, and where most of them stand."""
        own = _long(text)
        if own is None or not len(self._long):
            return 0.0, ""
        at = np.searchsorted(self._long, own)
        at[at == len(self._long)] = 0
        held = self._long[at] == own
        if not held.any():
            return 0.0, ""
        owner = int(np.bincount(self._owners[at[held]]).argmax())
        return float(held.mean()), self._long_places[owner]


def _long(text: str) -> Grams | None:
    plain = folded(text)
    return grams(plain, LONG_N) if len(plain) >= LONG_N else None


def _figures(text: str) -> list[str]:
    return [number for number in numbers(text) if len(number.replace(".", "").strip("0")) >= FIGURE]


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    content = text_of(path)
    if path.suffix.lower() == ".csv":
        reader = csv.DictReader(io.StringIO(content))
        for row in reader:
            yield reader.line_num, row
        return
    if content.lstrip().startswith("["):
        entries = json.loads(content)
        yield from ((n, entry) for n, entry in enumerate(entries, start=1) if isinstance(entry, dict))
        return
    for number, line in numbered_lines(content):
        try:
            yield number, json_line(line)
        except BadExample as error:
            raise UsageError(f"{path}, line {number}: {error}") from error


def _item(place: str, row: Mapping[str, Any]) -> EvaluationItem | None:
    questions = tuple(text for key in _QUESTIONS for text in _texts(row.get(key)))
    metadata = row.get("metadata")
    if isinstance(metadata, Mapping):
        questions += tuple(text for key in _QUESTIONS for text in _texts(metadata.get(key)))
    turns = row.get("messages")
    for turn in turns if isinstance(turns, list) else []:
        questions += tuple(_texts(turn.get("content"))) if isinstance(turn, Mapping) else ()
    answers = tuple(text for key in _ANSWERS for text in _texts(row.get(key)))
    return EvaluationItem(place, questions, answers) if questions or answers else None


def _texts(value: object) -> Iterator[str]:
    """Yield the texts of a value: itself, the entries of a list, the text of an answer object."""
    match value:
        case str():
            yield value
        case bool() | None:
            return
        case int() | float():
            yield f"{value:f}" if isinstance(value, float) else str(value)
        case list():
            for entry in value:
                yield from _texts(entry)
        case Mapping():
            yield from _texts(value.get("text"))
