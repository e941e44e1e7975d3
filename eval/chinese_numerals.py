"""Plain Chinese numerals: 十二, 二十, 一百零五. Not 大写 amounts."""

_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_TENS = {"十": 10, "百": 100, "千": 1000}


def plain_numeral(text: str) -> int | None:
    """Return the value of a numeral below ten thousand, None for characters in no such order."""
    total, digit, last = 0, None, 10_000
    for character in text:
        if character in _DIGITS:
            if digit not in (None, 0):
                return None
            digit = _DIGITS[character]
        elif character in _TENS and _TENS[character] < last:
            last = _TENS[character]
            total += last * (1 if digit is None else digit)
            digit = None
        else:
            return None
    return total + (digit or 0)
