"""FinanceBench: `answer`, `justification`, and `evidence` with document, page (1-based) and text."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vouch.eval.layouts import shared
from vouch.eval.layouts.fields import Row, file_name, pages, question, text
from vouch.eval.numbers import lone
from vouch.eval.types import Item

_ASSUMPTION = re.compile(r"\s*The answer here assumes.*", re.DOTALL)
"""How the annotators read a fiscal year: no part of what is to be said."""


def recognises(row: Row) -> bool:
    """Say whether a row is an answer about a filing with its evidence."""
    return bool(question(row)) and bool(text(row, "answer")) and "justification" in row and bool(_evidence(row))


def items(row: Row, number: int) -> Iterator[Item]:
    """Yield the item of a row."""
    places = [
        (_document(entry) or text(row, "doc", "doc_name"), page) for entry in _evidence(row) for page in _page(entry)
    ]
    gold = _ASSUMPTION.sub("", text(row, "answer"))
    report = text(row, "doc", "doc_name") or (places[0][0] if places else "")
    yield Item(
        kind="filing",
        gold=(gold,),
        references=(gold,),
        **_number(gold, question(row)),
        report=report,
        pages=tuple(dict.fromkeys(page for name, page in places if name == report)),
        other_places=tuple(dict.fromkeys((name, page) for name, page in places if name != report)),
        **shared.base(row, number),
    )


def _number(answer: str, asked: str) -> dict[str, Any]:
    """Return the value of an answer whose first sentence is nothing but a number."""
    found = lone(re.split(r"(?<=\.)\s", answer, maxsplit=1)[0].rstrip("."))
    return {"gold_values": (found.value,), "unit": found.unit or shared.asked_unit(asked)} if found else {}


def _evidence(row: Row) -> list[Row]:
    value = row.get("evidence")
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _document(entry: Row) -> str:
    return file_name(text(entry, "doc", "doc_name", "document", "report"))


def _page(entry: Row) -> tuple[int, ...]:
    """Return a page; the benchmark's own files count from 0 and call it evidence_page_num."""
    original = entry.get("evidence_page_num")
    return (original + 1,) if isinstance(original, int) else pages(entry.get("page"))
