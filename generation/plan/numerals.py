"""Numbers as questions write them: 5亿, 五亿元, 3,000万, 20%, 十二, 500 million."""

import re
from decimal import Decimal

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_SCALES = {
    "万亿": 10**12, "千亿": 10**11, "百亿": 10**10, "十亿": 10**9, "亿": 10**8, "千万": 10**7, "百万": 10**6,
    "十万": 10**5, "万": 10**4, "千": 10**3, "billion": 10**9, "bn": 10**9, "million": 10**6, "mn": 10**6,
    "thousand": 10**3,
}  # fmt: skip
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
_ENGLISH = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "second": 2, "third": 3, "fourth": 4, "fifth": 5,
}  # fmt: skip

COUNT = r"(?:\d{1,3}|[一二两三四五六七八九十百]{1,4})"
"""A small number: of companies, of a rank."""
AMOUNT = rf"(?:-?\d[\d,]*(?:\.\d+)?|[零一二两三四五六七八九十百千]+)\s*(?:{_SCALE})?"
"""A number with its scale; units follow it."""
_AMOUNT = re.compile(rf"(-?\d[\d,]*(?:\.\d+)?|[零一二两三四五六七八九十百千]+?)\s*({_SCALE})?", re.IGNORECASE)


def amount(text: str) -> Decimal | None:
    """Return the number that a text is, its scale applied; None where it is none."""
    match = _AMOUNT.fullmatch(text.strip())
    if not match:
        return None
    number = match[1].replace(",", "")
    value = Decimal(number) if number[-1].isascii() else _chinese(number)
    if value is None:
        return None
    return value * _SCALES.get((match[2] or "").lower(), 1)


def count(text: str) -> int:
    """Return a small whole number in digits, Chinese or English; 0 where the text is none."""
    if text.isdigit():
        return int(text)
    value = _chinese(text)
    return int(value) if value is not None else _ENGLISH.get(text.lower(), 0)


def _chinese(text: str) -> Decimal | None:
    total, digit = 0, 0
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _TENS:
            total += (digit or 1) * _TENS[character]
            digit = 0
        else:
            return None
    return Decimal(total + digit)
