"""What makes a line a heading, and how deep: numbering first, type size and weight where there is none."""

import re
from dataclasses import dataclass
from statistics import median

from vouch.ingest.rejoin import HAN

MAX_HEADING = 60
"""Visible characters; longer numbered lines are sentences."""

MAX_STYLED = 45

_DIGITS = "一二三四五六七八九十百零〇"
_NUMBERED: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (level, re.compile(pattern))
    for level, pattern in (
        (1, rf"第[{_DIGITS}\d]+[章节编](?!\S*条)|(?:PART|Part)\s+[IVX]+\b"),
        (
            2,
            rf"[{_DIGITS}]{{1,3}}\s*[、．.]|(?:ITEM|Item)\s+\d+[AB]?\b|(?:CHAPTER|Chapter)\s+\d+|\d{{1,2}}\s*[.．]\s+(?=[A-Z])",
        ),
        (
            3,
            rf"[（(]\s*[{_DIGITS}]{{1,3}}\s*[）)]|(?:NOTE|Note)\s+\d+|\d{{1,2}}[.．]\d{{1,2}}(?![\d.．%])(?=\s*[A-Z{HAN}])(?!\s*[元万亿股年月日倍个人名家项次])",
        ),
        (4, r"\d{1,2}\s*[、．.](?!\d)(?=\s*\S)|\d{1,2}(?:[.．]\d{1,2}){2}(?![\d.．%])"),
        (5, rf"[（(]\s*\d{{1,2}}\s*[）)]\s*[.．、]?|第[{_DIGITS}\d]+条"),
        (6, r"[①②③④⑤⑥⑦⑧⑨⑩]"),
    )
)
_FIRST = frozenset(f"第{_DIGITS}0123456789（(①②③④⑤⑥⑦⑧⑨⑩【PICN")
"""How all these begin; most lines do not."""
_BRACKETED = re.compile(r"【[^】]{2,20}】$")
_SENTENCE = re.compile(r"[。；;！!？?]\s*$|[，,：:]\s*$")
_SENTENCE_INSIDE = re.compile(r"。.")
_CLAUSE = re.compile(r"[，；。、：]\S*[，；。、：]|[，。；]$")
_TICKS = re.compile(r"[□√☑\uf052\uf0fe]")
_MOSTLY_NUMBERS = re.compile(r"[\d,.%()（）\-—–/\s元万千百]+$")
STYLED_LEVEL = 7


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How a line is set: its height in points and whether it is bold."""

    size: float
    bold: bool


def body_size(styles: list[LineStyle]) -> float:
    """Return the usual line height of a document; 0 where none is known."""
    return median(style.size for style in styles) if styles else 0.0


def numbered_level(line: str) -> int:
    """Return the depth that a line's numbering gives it as a heading; 0 for a line that is none."""
    text = line.strip()
    if not 2 <= len(text) <= MAX_HEADING or text[0] not in _FIRST:
        return 0
    if _SENTENCE.search(text) or _SENTENCE_INSIDE.search(text) or _TICKS.search(text):
        return 0
    if _BRACKETED.match(text):
        return 5
    for level, pattern in _NUMBERED:
        match = pattern.match(text)
        if match:
            rest = text[match.end() :].strip()
            return level if (rest and not _MOSTLY_NUMBERS.match(rest)) or level == 1 else 0
    return 0


def styled_level(line: str, style: LineStyle | None, body: float) -> int:
    """Return the depth that size or weight gives an unnumbered line; 0 for a line set like the text around it."""
    text = line.strip()
    if style is None or not body or not 2 <= len(text) <= MAX_HEADING or _MOSTLY_NUMBERS.match(text):
        return 0
    if _SENTENCE.search(text) or _SENTENCE_INSIDE.search(text) or _TICKS.search(text):
        return 0
    if len(text) > MAX_STYLED or _CLAUSE.search(text):
        return 0
    if style.size >= 1.6 * body:
        return 1
    if style.size >= 1.15 * body:
        return STYLED_LEVEL - 1
    return STYLED_LEVEL if style.bold else 0
