"""TAT-QA: a table with paragraphs and several questions about them, each with its answer and scale."""

from collections.abc import Iterator, Mapping
from typing import Any

from vouch.eval.layouts import shared
from vouch.eval.layouts.fields import NotUnderstood, Row, is_number, text, texts
from vouch.eval.layouts.fields import written as printed
from vouch.eval.numbers import lone
from vouch.eval.types import Item

_COUNT = "count"


def recognises(row: Row) -> bool:
    """Say whether a row is a table with its questions."""
    return isinstance(row.get("questions"), list) and isinstance(row.get("table"), Mapping)


def items(row: Row, number: int) -> Iterator[Item]:
    """Yield an item for each question; all share the passage."""
    passage = _passage(row)
    for asked in row["questions"]:
        if not isinstance(asked, Mapping) or not text(asked, "question"):
            raise NotUnderstood("a question of this table has no text")
        fields = {**shared.base(asked, number), "type": text(asked, "answer_type"), "passage": passage}
        yield _item(asked, fields)


def _item(asked: Row, fields: dict[str, Any]) -> Item:
    answer, scale = asked.get("answer"), text(asked, "scale")
    unit = "%" if scale == "percent" else scale
    gold = (printed(float(answer)),) if is_number(answer) else texts(answer)  # type: ignore[arg-type]
    if not gold:
        raise NotUnderstood("a question of this table has no answer")
    if fields["type"] == _COUNT and gold[0].isdigit():
        return Item(kind="count", gold=gold, gold_values=(float(gold[0]),), **fields)
    found = [number for entry in gold if (number := lone(entry))]
    if len(found) == len(gold):
        values, unit = tuple(number.value for number in found), unit or found[0].unit
        return Item(kind="value" if len(values) == 1 else "values", gold=gold, gold_values=values, unit=unit, **fields)
    return Item(kind="reading", gold=gold, references=("; ".join(gold),) if len(gold) > 1 else gold, **fields)


def _passage(row: Row) -> str:
    """Return the table, a row on each line, and the paragraphs in their order."""
    lines = ["  ".join(map(str, cells)) for cells in row["table"].get("table", ())]
    paragraphs = sorted(row.get("paragraphs") or (), key=lambda paragraph: paragraph.get("order", 0))
    return "\n".join((*lines, "", *(text(paragraph, "text") for paragraph in paragraphs)))
