"""Questions that must not be answered: `expected` says so, or `answerable` is false."""

import re
from collections.abc import Iterator

from vouch.eval.layouts import shared
from vouch.eval.layouts.fields import Row, question, text, texts
from vouch.eval.types import Item

_REFUSAL = re.compile(
    r"refus|reject|decline|not in (?:the|this) library|must say|unanswerable|cannot be answered|no answer"
    r"|拒答|拒绝|不在库|库中没有|未查询到|无法回答|不能回答",
    re.IGNORECASE,
)


def recognises(row: Row) -> bool:
    """Say whether the right answer to a row is none."""
    expected = text(row, "expected")
    return bool(question(row)) and (bool(_REFUSAL.search(expected)) or row.get("answerable") is False)


def items(row: Row, number: int) -> Iterator[Item]:
    """Yield the item of a row."""
    yield Item(kind="refusal", references=texts(row.get("reference_answers")), **shared.base(row, number))
