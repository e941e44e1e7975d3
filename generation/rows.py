"""Rows of printed tables: a label, also one wrapped over lines, the values beside it, and where they stand."""

import re
import unicodedata
from dataclasses import dataclass

from vouch.retrieval.types import Page

_AMOUNT = r"[-－]?[(（]?[-－]?\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?[)）]?%?|[-－]?[(（]?[-－]?\d+(?:\.\d+)?[)）]?%?"
_VALUE = re.compile(rf"(?<![\w.,，])(?:[$¥￥]\s*)?(?:{_AMOUNT})(?![\w.,，]|\s*[年月日])")
_NOTE = re.compile(r"(?<!第)[一二三四五六七八九十]{1,3}\s*[、（(.]\s*\d{1,3}[)）]?(?:\s*[(（]\d+[)）])?(?=\s|$)")
_NUMBERING = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}[、.．]|[(（][一二三四五六七八九十\d]{1,3}[)）][.．、]?|\d{1,2}[.．、](?!\d)|其中[:：]|加[:：]|减[:：]|△|▲|☆|\*|#)+"
)
_BRACKETED = re.compile(r"[(（][^()（）]*(?:[)）]|$)")
_WORDS_IN_BRACKETS = re.compile(r"[(（][^()（）]*[A-Za-z\u3400-\u9fff][^()（）]*[)）]")
_FURNITURE = re.compile(r"^\s*\d+\s*(?:/\s*\d+)?\s*$")
_LONGEST_LABEL = 60
_MOST_ABOVE = 3


@dataclass(frozen=True, slots=True)
class Row:
    """`page.text[start:end]` reads a label and its values, the first column first."""

    label: str
    """As compared: half width, without numbering, brackets and blanks."""
    long_labels: tuple[str, ...]
    """With one or more of the lines above, in case the label is wrapped."""
    printed: str
    """As printed, in one line."""
    values: tuple[str, ...]
    start: int
    end: int


def rows(page: Page) -> list[Row]:
    """Return the rows with values on a page, top to bottom."""
    found: list[Row] = []
    above: list[re.Match[str]] = []
    for line in re.finditer(r"[^\n]+", page.text):
        if _FURNITURE.match(line[0]) or not line[0].strip():
            continue
        label, values = _split(line[0])
        if not values:
            above = [*above, line][-_MOST_ABOVE:] if _may_be_label(line[0]) else []
            continue
        row = _row(above, line, label, values)
        if row is not None:
            found.append(row)
        above = []
    return found


def _row(above: list[re.Match[str]], line: re.Match[str], label: str, values: tuple[str, ...]) -> Row | None:
    """Return the row of a line with values; its label takes in lines above as far as it cannot stand alone."""
    taken = 0
    printed = label
    while taken < len(above) and (not printed or _is_rest(printed)):
        taken += 1
        printed = above[-taken][0].strip() + printed
    if not printed or len(printed) > _LONGEST_LABEL:
        return None
    long_labels: list[str] = []
    longer = printed
    for part in reversed(above[: len(above) - taken]):
        longer = part[0].strip() + longer
        long_labels.append(plain_label(longer))
    start = above[-taken].start() if taken else line.start()
    return Row(plain_label(printed), tuple(long_labels), printed, values, start, line.end())


def plain_label(printed: str) -> str:
    """Return a label as it is compared with a term: half width, lower case, no numbering, brackets or blanks."""
    text = unicodedata.normalize("NFKC", printed).casefold()
    text = re.sub(r"\s+", "" if re.search("[\u3400-\u9fff]", text) else " ", text).strip()
    text = _NUMBERING.sub("", text)
    return _BRACKETED.sub("", text).strip(" :：-–、.") or text


def _split(line: str) -> tuple[str, tuple[str, ...]]:
    """Return the label of a line and the values to its right; note numbers between them count as neither."""
    bare = _WORDS_IN_BRACKETS.sub(_blanks, _NOTE.sub(_blanks, line))
    values = list(_VALUE.finditer(bare))
    # Digits inside a label (30 岁以下, 10%以上) are followed by words: values are what ends the line.
    while values and re.search(r"[\u3400-\u9fffA-Za-z]", _between(bare, values, 0)):
        values = values[1:]
    if not values:
        return line.strip(), ()
    numbers = [match[0].strip() for match in values]
    if len(numbers) > 1 and re.fullmatch(r"\d{1,2}", numbers[0]) and re.search(r"[.,，]", numbers[1]):
        numbers = numbers[1:]  # the number of a note
    return bare[: values[0].start()].strip(), tuple(numbers)


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _between(line: str, values: list[re.Match[str]], index: int) -> str:
    end = values[index + 1].start() if index + 1 < len(values) else len(line)
    return line[values[index].end() : end]


def _may_be_label(line: str) -> bool:
    text = line.strip()
    return len(text) <= 40 and not re.search(r"[。；;！？]$", text)


def _is_rest(label: str) -> bool:
    """Say whether a label is the end of a bracket or word that began on the line above."""
    return bool(
        re.match(r"[\u3400-\u9fff“”\"－-]{0,6}[)）]|填列|号填|列[)）]|[(（][^()（）]*[)）]?\s*(?:合计|总计)?$", label)
    )
