"""Sentences of Chinese and English text with their offsets, and printed lines back to running text.

Works on the text of a page as read: a line break inside a sentence is no end of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_WIDE = _HAN + "\u3000-\u303f\uff00-\uffef\u2018-\u201d"
_SOFT_HYPHEN = "\u00ad"
_TICKED = str.maketrans({"\uf052": "√", "\uf0fe": "√", "\uf078": "√", "\uf0a3": "□", "\uf0a8": "□", "\uf06f": "□"})
_TICK_LINE = re.compile(r"\s*(?:[□√☑\uf052\uf0fe]\s*)?(?:适用|是|不适用)\s*[□√☑\uf052\uf0fe]?\s*(?:不适用|否)?\s*$")
_BULLET = re.compile(
    r"\s*(?:[●•·▪◆■○◦*☐☑□√➢Ø\uf06c\uf0b7\uf0d8]|[-–—]\s+\S|[a-zA-Z][.)]\s|\d{1,2}(?:[、)）]|[.．]\s?(?!\d))|[(（]\d{1,2}[)）]"
    r"|[①-⑳]|[(（][一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}[、．]|第[一二三四五六七八九十]+[章节条]|【)"
)
_END = re.compile(r"[。！？；]+[”’」』）)\]]*|[.!?;]+[\"'”’)\]]*(?=\s|$)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|Inc|Co|Corp|Ltd|No|vs|Fig|Figs|al|approx|etc|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct"
    r"|Nov|Dec|Vol|pp|cf|Ref|Eq|Gov|Sen|Rep|Gen|Univ|Dept|est)|\b(?:[A-Za-z]\.)*[A-Za-z]|^\s*\d{1,2})$"
)
_ITEM = re.compile(r"[●•·▪◆■○◦*➢Ø\uf06c\uf0b7]|[-–]\s|[(（]?\d{1,2}[)）.、]")
_FINISHED = re.compile(r"[。！？；：，、.!?;:,”’」』）)\]][\"']?\s*$")
_OPENING, _CLOSING = "（(【[“「『《", "）)】]”」』》"
_LONGEST_BRACKET = 120


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text[start:end]` of the text that was cut, without white space at its ends."""

    start: int
    end: int


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Sentence]:
    """Return the sentences of `text[start:end]` with their offsets in `text`."""
    end = len(text) if end is None else end
    found: list[Sentence] = []
    for a, b in _paragraphs(text, start, end):
        found += _cut(text, a, b)
    return found


def rejoined(text: str) -> str:
    """Return printed lines as running text, every character kept: Chinese closed up, English parted by spaces."""
    joined = re.sub(rf"(?<=[{_WIDE}])\s*\n\s*|\s*\n\s*(?=[{_WIDE}])", "", text)
    joined = re.sub(r"(?<=[A-Za-z]-)\n(?=[a-z])", "", joined)
    return re.sub(r"\s+", " ", joined).strip()


def readable(text: str) -> str:
    """Return running text for people: ticked and open boxes as ordinary characters, no soft hyphens."""
    return rejoined(text.replace(_SOFT_HYPHEN + "\n", "")).translate(_TICKED).replace(_SOFT_HYPHEN, "")


def running_text(text: str, taken: Sequence[Sentence]) -> str:
    """Return sentences as a reader wants them: reading on, list items and unfinished lines on lines of their own."""
    shown = ""
    for sentence in taken:
        part = readable(text[sentence.start : sentence.end])
        if shown and (_ITEM.match(part) or not _FINISHED.search(shown)):
            shown = f"{shown.rstrip()}\n{part}"
        else:
            shown += f"{' ' if shown and shown[-1].isascii() else ''}{part}"
    return shown.strip()


def is_tick_line(text: str) -> bool:
    """Say whether a line is only the boxes 适用 / 不适用 or 是 / 否."""
    return bool(_TICK_LINE.match(text)) and len(text.strip()) >= 3


def is_ticked_not(text: str) -> bool:
    """Say whether such a line ticks 不适用 or 否; a font without the glyph loses the tick, never the open box."""
    plain = re.sub(r"\s+", "", text.translate(_TICKED))
    return bool(re.search(r"[√☑]不适用|[√☑]否|□适用(?!□)|□是(?!□)|^不适用[。.]?$", plain)) and not re.search(
        r"[√☑](?:适用|是)", plain
    )


def _paragraphs(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return runs of lines that read on, cut where a bullet, a tick line or a short line starts something new."""
    lines = [(start + m.start(), start + m.end()) for m in re.finditer(r"[^\n]+", text[start:end])]
    longest = max((b - a for a, b in lines), default=0)
    runs: list[tuple[int, int]] = []
    for a, b in lines:
        line = text[a:b]
        if not line.strip():
            continue
        if runs and not _starts_new(text[runs[-1][0] : runs[-1][1]], line, longest):
            runs[-1] = (runs[-1][0], b)
        else:
            runs.append((a, b))
    return runs


def _starts_new(before: str, line: str, longest: int) -> bool:
    last = before.rsplit("\n", 1)[-1]
    if _BULLET.match(line) or is_tick_line(line) or is_tick_line(last) or re.search(r"[:：]\s*$", last):
        return True
    if re.match(r"\s*[a-z,;)），。；、]", line):
        return False
    return len(last.strip()) < 0.6 * longest


def _cut(text: str, start: int, end: int) -> list[Sentence]:
    found: list[Sentence] = []
    at = start
    for match in _END.finditer(text, start, end):
        if match.end() <= at or not _is_end(text, at, match):
            continue
        found.append(_trimmed(text, at, match.end()))
        at = match.end()
    if text[at:end].strip():
        found.append(_trimmed(text, at, end))
    return [sentence for sentence in found if sentence.end > sentence.start]


def _is_end(text: str, start: int, match: re.Match[str]) -> bool:
    before = text[start : match.start()]
    if re.match(r"\s*[，,；;、]", text[match.end() : match.end() + 2]):
        return False
    if match[0][0] == "." and (
        _ABBREVIATION.search(before) or re.match(r"\s+[a-z]", text[match.end() : match.end() + 3])
    ):
        return False
    return not _inside_bracket(text, start, match)


def _inside_bracket(text: str, start: int, match: re.Match[str]) -> bool:
    """Say whether a bracket opened in this sentence closes soon after this mark."""
    depth = 0
    for character in text[start : match.start()]:
        depth += (character in _OPENING) - (character in _CLOSING)
    if depth <= 0 or match[0][-1] in _CLOSING:
        return False
    return any(character in _CLOSING for character in text[match.end() : match.end() + _LONGEST_BRACKET])


def _trimmed(text: str, start: int, end: int) -> Sentence:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Sentence(start, end)
