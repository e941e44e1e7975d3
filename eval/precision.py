"""How exact a question wants its number."""

import re

from vouch.eval.chinese_numerals import plain_numeral
from vouch.eval.numbers import folded

_CHINESE = re.compile(
    r"(?:保留|精确到|小数点后|取)[^。?？\d一二两三四五六]{0,8}([\d一二两三四五六])\s*位|(?<!\d)(\d)\s*位小数"
)
_ENGLISH = re.compile(r"\b(one|two|three|four|[1-4])\s+decimal(?: place| digit)?s?\b", re.IGNORECASE)
_NEAREST = re.compile(r"nearest (whole|integer|tenth|hundredth|thousandth)", re.IGNORECASE)
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4}
_PLACES = {"whole": 0, "integer": 0, "tenth": 1, "hundredth": 2, "thousandth": 3}


def asked_decimals(question: str) -> int | None:
    """Return how many digits after the point a question wants; None where it does not say."""
    plain = folded(question)
    if match := _CHINESE.search(plain):
        digit = match[1] or match[2]
        return int(digit) if digit.isdigit() else plain_numeral(digit)
    if match := _ENGLISH.search(plain):
        return _WORDS.get(match[1].lower()) or int(match[1])
    match = _NEAREST.search(plain)
    return _PLACES[match[1].lower()] if match else None
