"""The numbers that Word puts before headings and list items: they stand in no text, only in the list's definition."""

import re
from typing import Any

from vouch.ingest.loaders.docx_xml import W, value_of, whole

BULLET = "-"
LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_DIGITS = "〇一二三四五六七八九"
_CHINESE = frozenset(
    ["chineseCounting", "chineseCountingThousand", "ideographDigital", "japaneseCounting", "taiwaneseCountingThousand"]
)


class Numbering:
    """Counts the items of every list of a document, in reading order."""

    def __init__(self, root: Any | None) -> None:
        elements = [] if root is None else list(root)
        abstract = {e.get(W + "abstractNumId"): e for e in elements if e.tag == W + "abstractNum"}
        self._levels: dict[str, dict[int, Any]] = {}
        self._counted_in: dict[str, str] = {}
        self._counts: dict[str, list[int]] = {}
        for element in elements:
            base = value_of(element, "abstractNumId") if element.tag == W + "num" else None
            if base in abstract:
                name = element.get(W + "numId", "")
                self._levels[name] = {whole(lvl.get(W + "ilvl"), 0): lvl for lvl in abstract[base].iterfind(W + "lvl")}
                restarts = element.find(W + "lvlOverride") is not None
                self._counted_in[name] = f"{base}/{name}" if restarts else str(base)

    def label(self, list_id: str, level: int) -> str:
        """Return the next item's number or bullet; empty for what is no list, or one without visible numbers."""
        levels = self._levels.get(list_id, {})
        if level not in levels or not 0 <= level < LEVELS:
            return ""
        counts = self._counts.setdefault(self._counted_in[list_id], [0] * LEVELS)
        for upper in range(level):
            counts[upper] = counts[upper] or self._start(levels, upper)
        counts[level] = counts[level] + 1 if counts[level] else self._start(levels, level)
        counts[level + 1 :] = [0] * (LEVELS - level - 1)
        kind = value_of(levels[level], "numFmt") or "decimal"
        if kind == "bullet":
            return BULLET
        if kind == "none":
            return ""
        shown = value_of(levels[level], "lvlText") or ""
        return _PLACE.sub(lambda match: self._numeral(levels, counts, int(match[1]) - 1), shown)

    def _start(self, levels: dict[int, Any], level: int) -> int:
        return whole(value_of(levels[level], "start"), 1) if level in levels else 1

    def _numeral(self, levels: dict[int, Any], counts: list[int], level: int) -> str:
        kind = value_of(levels[level], "numFmt") if level in levels else "decimal"
        return numeral(counts[level], kind or "decimal")


def numeral(number: int, kind: str) -> str:
    """Return a number as Word writes it in the formats of reports and guidelines; digits for any other."""
    if kind in _CHINESE and 0 < number < 100:
        tens, ones = divmod(number, 10)
        return (("" if tens == 1 else _DIGITS[tens]) + "十" if tens else "") + (_DIGITS[ones] if ones else "")
    if kind in ("lowerLetter", "upperLetter") and number > 0:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter if kind == "lowerLetter" else letter.upper()
    if kind in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        roman = _roman(number)
        return roman.lower() if kind == "lowerRoman" else roman
    if kind == "decimalEnclosedCircle" and 1 <= number <= 20:
        return chr(ord("①") + number - 1)
    return str(number)


def _roman(number: int) -> str:
    values = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
    signs = ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I")
    written = ""
    for value, sign in zip(values, signs, strict=True):
        count, number = divmod(number, value)
        written += sign * count
    return written
