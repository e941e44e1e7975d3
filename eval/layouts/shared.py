"""What all layouts say of an item in the same words, and the wishes that a question states."""

import re
from typing import Any

from vouch.eval.layouts.fields import Row, language, question, text
from vouch.eval.numbers import folded

_COUNT = re.compile(r"多少[家个名位]|几[家个名位]|有多少|数量|how many|number of", re.IGNORECASE)
_AMOUNT = re.compile(r"金额|数额|多少[元万亿]|分别是多少|是多少|how much|what amount", re.IGNORECASE)
_ORDER = re.compile(
    r"排名|前\s*[\d一二三四五六七八九十]+|第[\d一二三四五六七八九十]+|最[高低多少大小]|\btop\b|\brank", re.IGNORECASE
)
_UNIT = re.compile(r"[(]\s*(?:单位[:：]?)?\s*(百?千?[万亿]?元|%)\s*[)]|(?:单位[为是:：]?|多少)([千万亿百]*元|%)")
_USD = re.compile(r"\bin (?:usd|us\$|\$) ?(millions?|billions?|thousands?)?", re.IGNORECASE)


def base(row: Row, number: int) -> dict[str, Any]:
    """Return the fields of an item that every layout fills alike; `number` names a row without an id."""
    return {
        "id": text(row, "id", "_id", "uid") or str(number),
        "question": question(row),
        "type": text(row, "type", "question_type", "source"),
        "language": language(row),
        "core": row.get("core") is True,
    }


def asks_count(asked: str) -> bool:
    """Say whether the answer is how many there are."""
    return bool(_COUNT.search(asked))


def asks_amount(asked: str) -> bool:
    """Say whether the value is asked for besides the name."""
    return bool(_AMOUNT.search(asked))


def asks_order(asked: str) -> bool:
    """Say whether the order of several names is part of the answer."""
    return bool(_ORDER.search(asked))


def asked_unit(asked: str) -> str:
    """Return the unit that a question wants its number in; empty where it names none."""
    plain = folded(asked)
    if match := _UNIT.search(plain):
        return match[1] or match[2] or ""
    if match := _USD.search(plain):
        return f"USD {match[1] or ''}".strip()
    return ""
