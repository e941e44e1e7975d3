"""What the report's browser shows of each item, as JSON for its script: facts, quotes, pictures of cited pages.

Pictures come from a function that is passed in; their number and size are limited, since a report is one file.
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vouch.eval.runs import Line, RunKind
from vouch.retrieval.types import Box

PagePicture = Callable[[str, int, Sequence[Box]], bytes | None]
"""(document id, page, boxes to mark) -> PNG; None where the page cannot be shown any more."""
Excerpt = Callable[[str], str]
"""Corpus id -> the beginning of that text."""

MAX_ITEMS = 1500
MAX_PICTURES = 60
MAX_PICTURE_BYTES = 12_000_000
MAX_TEXT = 2000
MAX_EXCERPT = 300
"""Of a corpus text: a query shows several, and there are many queries."""
TOP_HITS = 5

VERDICT_ORDER = ("wrong", "missing", "not found", "11-100", "refused", "2-10", "correct", "exact", "first")
"""Failures come first."""


@dataclass(slots=True)
class Pictures:
    """Pictures of cited pages as data addresses, each page once, until there is no room left."""

    draw: PagePicture | None
    addresses: dict[str, str] = field(default_factory=dict)
    size: int = 0
    refused: set[str] = field(default_factory=set)

    def name(self, document_id: str, page: int, boxes: Sequence[Box]) -> str:
        """Return the name under which a picture is in `addresses`; empty where there is none."""
        name = f"{document_id}:{page}:{hash(tuple(boxes)):x}"
        if name in self.addresses:
            return name
        full = len(self.addresses) >= MAX_PICTURES or self.size >= MAX_PICTURE_BYTES
        if self.draw is None or full or name in self.refused:
            return ""
        png = self.draw(document_id, page, boxes)
        if png is None:
            self.refused.add(name)
            return ""
        self.addresses[name] = "data:image/png;base64," + base64.b64encode(png).decode()
        self.size += len(png)
        return name


def browser_data(kind: RunKind, records: Sequence[Line], draw: PagePicture | None, excerpt: Excerpt) -> dict[str, Any]:
    """Return {items, pictures, left_out}: failures first, at most MAX_ITEMS."""
    pictures = Pictures(draw)
    ordered = sorted(records, key=lambda record: _order(verdict_of(kind, record)))
    items = []
    for record in ordered[:MAX_ITEMS]:
        match kind:
            case "answers":
                items.append(_answer_item(record, pictures))
            case "retrieval":
                items.append(_query_item(record, excerpt))
            case "facts":
                items.append(_fact_item(record))
    return {"items": items, "pictures": pictures.addresses, "left_out": max(0, len(records) - MAX_ITEMS)}


def verdict_of(kind: RunKind, record: Line) -> str:
    """Return the verdict of a record; for a query, how far down the first relevant text stands."""
    if kind != "retrieval":
        return str(record["verdict"])
    relevant = record.get("relevant", {})
    rank = next((n for n, (name, _) in enumerate(record["hits"], start=1) if relevant.get(name, 0) > 0), None)
    if rank is None:
        return "not found"
    return "first" if rank == 1 else "2-10" if rank <= 10 else "11-100"


def _order(verdict: str) -> int:
    return VERDICT_ORDER.index(verdict) if verdict in VERDICT_ORDER else len(VERDICT_ORDER)


def _answer_item(record: Line, pictures: Pictures) -> dict[str, Any]:
    answer = record["answer"]
    facts = [
        ("id", str(record["id"])),
        ("gold", _gold(record)),
        ("answer", answer["answer"]),
        ("pages", f"{record.get('report', '')} {_listed(record.get('pages', ()))}".strip()),
        ("scores", _scores(record.get("scores", {}))),
        ("notes", "; ".join(record.get("notes", ()))),
        ("warnings", "; ".join(answer.get("warnings", ()))),
    ]
    quotes = [
        {
            "place": f"[{citation['n']}] {citation['document']} p. {citation['page']}",
            "text": _short(citation["text"]),
            "picture": pictures.name(citation["document_id"], citation["page"], [tuple(b) for b in citation["boxes"]])
            if record["verdict"] != "correct"
            else "",
        }
        for citation in answer["citations"]
    ]
    return _item(record["id"], record["question"], record.get("type", ""), record["verdict"], facts, quotes)


def _gold(record: Line) -> str:
    said = list(record.get("gold", ())) or [
        f"{value}{record.get('unit', '')}" for value in record.get("gold_values", ())
    ]
    return "\n".join(said or list(record.get("references", ()))[:1])


def _query_item(record: Line, excerpt: Excerpt) -> dict[str, Any]:
    relevant: Mapping[str, int] = record.get("relevant", {})
    ranks = {name: rank for rank, (name, _) in enumerate(record["hits"], start=1)}
    facts = [
        ("id", str(record["query_id"])),
        ("relevant", ", ".join(f"{name} (rank {ranks.get(name, 'below 100')})" for name in relevant)),
        ("scores", _scores(record.get("scores", {}))),
    ]
    quotes = [
        {"place": f"relevant: {name}", "text": _short(excerpt(name), MAX_EXCERPT), "picture": ""}
        for name in list(relevant)[:2]
    ]
    quotes += [
        {"place": f"{rank}. {name} ({score:.3f})", "text": _short(excerpt(name), MAX_EXCERPT), "picture": ""}
        for rank, (name, score) in enumerate(record["hits"][:TOP_HITS], start=1)
    ]
    title = str(record.get("query", record["query_id"]))
    return _item(record["query_id"], title, record["mode"], verdict_of("retrieval", record), facts, quotes)


def _fact_item(record: Line) -> dict[str, Any]:
    facts = [(name, _plain(record.get(name))) for name in ("gold", "found", "page", "report")]
    title = f"{record['field']} · {record['report']}"
    return _item(f"{record['report']} {record['field']}", title, record["field"], record["verdict"], facts, [])


def _item(
    name: object,
    title: str,
    group: str,
    verdict: str,
    facts: Sequence[tuple[str, str]],
    quotes: Sequence[Mapping[str, str]],
) -> dict[str, Any]:
    shown = [(label, _short(text)) for label, text in facts if text]
    return {"id": str(name), "title": title, "type": group, "verdict": verdict, "facts": shown, "quotes": list(quotes)}


def _scores(scores: Mapping[str, float]) -> str:
    return " · ".join(f"{name} {value:.3g}" for name, value in scores.items())


def _listed(pages: Sequence[int]) -> str:
    return "p. " + ", ".join(map(str, pages)) if pages else ""


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def _short(text: str, at_most: int = MAX_TEXT) -> str:
    return text if len(text) <= at_most else text[:at_most] + " …"


def verdict_counts(kind: RunKind, records: Sequence[Line]) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield (group, verdict -> count): by type of question, search mode or field, in the order of the records."""
    counts: dict[str, dict[str, int]] = {}
    groups = {"answers": "type", "retrieval": "mode", "facts": "field"}
    for record in records:
        verdict = verdict_of(kind, record)
        inside = counts.setdefault(str(record.get(groups[kind]) or "other"), {})
        inside[verdict] = inside.get(verdict, 0) + 1
    yield from counts.items()
