"""Answers, citations and items of a made-up company, as short as a test wants them."""

from typing import Any

from vouch.eval.types import Item
from vouch.generation.types import Answer, Citation, Refusal
from vouch.retrieval.types import Chunk, Hit, Source

REPORT = "琅岱仪器2022年年度报告.pdf"


def answer(text: str, *citations: Citation) -> Answer:
    return Answer("?", text, "extractive", citations=citations)


def refusal(detail: str = "库中没有这份报告。") -> Answer:
    return Answer("?", detail, "refused", Refusal("not_in_library", detail))


def cited(page: int, text: str = "", document: str = REPORT) -> Citation:
    return Citation(1, document, document, page, (), text, (), 1.0)


def hit(page: int, document: str = REPORT) -> Hit:
    return Hit(Chunk(f"{document}{page}", Source(document, document, document), page, 0, 1, "x"), 1.0)


def item(kind: Any, question: str, gold: tuple[str, ...] = (), **fields: Any) -> Item:
    return Item(id="1", question=question, kind=kind, gold=gold, **fields)


def value_item(
    value: float, printed: str, unit: str = "元", question: str = "琅岱仪器2022年营业收入是多少？", **fields: Any
) -> Item:
    return item("value", question, (printed,), gold_values=(value,), unit=unit, **fields)
