"""Questions with whole answers to compare with: `reference_answers`, `answer`, `answers`, `output`, `positive`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from vouch.eval.layouts import shared
from vouch.eval.layouts.fields import Row, file_name, pages, question, text, texts
from vouch.eval.numbers import lone
from vouch.eval.types import Item

_ANSWERS = ("reference_answers", "answers", "answer", "expected", "output", "positive")
_LONGEST_NAME = 40
"""Characters up to which an answer is a name, a date or an address, to be said word for word."""


def recognises(row: Row) -> bool:
    """Say whether a row has a question and an answer in words."""
    return bool(question(row)) and any(texts(row.get(key)) for key in _ANSWERS)


def items(row: Row, number: int) -> Iterator[Item]:
    """Yield the item of a row: a number, a short text or prose, as the answer is."""
    key = next(key for key in _ANSWERS if texts(row.get(key)))
    answers = texts(row[key])
    item = Item(kind="open", references=answers, gold=answers, **shared.base(row, number))
    asked = item.question if not text(row, "input") else f"{item.question}\n{text(row, 'input')}"
    report, needed = _place(row)
    yield replace(_by_length(item, row, key), question=asked, report=report, pages=needed)


def _by_length(item: Item, row: Row, key: str) -> Item:
    found = lone(item.gold[0])
    if len(item.gold) == 1 and found:
        unit = found.unit or text(row, "unit", "gold_unit") or shared.asked_unit(item.question)
        return replace(item, kind="value", gold_values=(found.value,), unit=unit, references=())
    if key in ("answer", "answers", "expected") and max(map(len, item.gold)) <= _LONGEST_NAME:
        return replace(item, kind="text", references=())
    return item


def _place(row: Row) -> tuple[str, tuple[int, ...]]:
    """Return the document and pages that a row names, directly or in its evidence."""
    evidence = row.get("evidence")
    named = [entry for entry in evidence if isinstance(entry, Mapping)] if isinstance(evidence, Sequence) else []
    report = file_name(row.get("report") or row.get("document"))
    if not report:
        report = next((file_name(text(entry, "report", "document", "doc")) for entry in named), "")
    listed = tuple(dict.fromkeys(page for entry in named for page in pages(entry.get("page"))))
    return report, pages(row.get("gold_page", row.get("page"))) or listed
