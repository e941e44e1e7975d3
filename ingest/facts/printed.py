"""Lines of a page as a label and amounts with their places: what every fact is read from. Knows no field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vouch.ingest.facts.running_text import RunningText
from vouch.retrieval.types import Line, Page

_TOKEN = re.compile(r"\S+")
_AMOUNT = re.compile(r"[-−－–]?[（(]?[-−－]?(?:\d{1,3}(?:[,，]\d{3})+|\d+)(?:[.．]\d+)?%?[)）]?$")
_GROUPED = re.compile(r"\d[,，]\d{3}|\d[.．]\d")
_NIL = re.compile(r"[-−－–—]{1,2}$|不?适用$|N/?A$", re.IGNORECASE)
_NOTE = re.compile(
    r"(?:[一二三四五六七八九十]+|[IVX]+)?[、（(.．]{0,2}[（(]?[一二三四五六七八九十\d]{1,3}[)）]?(?:[、.．]?[（(]?\d{1,2}[)）]?)?$"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as printed, or a dash that stands for none."""

    text: str
    x0: float
    x1: float
    start: int
    end: int

    @property
    def is_money(self) -> bool:
        """Say whether it is written as amounts are: grouped or with decimals; a bare number may be a note's."""
        return bool(_GROUPED.search(self.text))


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line: the text before its amounts, and the amounts."""

    page: int
    start: int
    end: int
    y0: float
    y1: float
    x0: float
    label: str
    amounts: tuple[Amount, ...]


class PrintedPages:
    """The lines of a document's pages, taken apart when they are first asked for."""

    def __init__(self, pages: Sequence[Page], furniture: Mapping[int, frozenset[int]] | None = None) -> None:
        self.pages = pages
        self.furniture = furniture or {}
        self._lines: dict[int, list[PrintedLine]] = {}

    def lines(self, page: Page) -> list[PrintedLine]:
        """Return the lines of a page but its furniture, in reading order; none for a page without positions."""
        if page.char_x is None:
            return []
        if page.number not in self._lines:
            skip = self.furniture.get(page.number, frozenset())
            kept = (line for i, line in enumerate(page.lines) if i not in skip and line.box)
            self._lines[page.number] = [_printed(page, line) for line in kept]
        return self._lines[page.number]

    def running(self, count: int) -> list[RunningText]:
        """Return the sentences of the first pages."""
        return [RunningText.of(page, self.furniture.get(page.number, frozenset())) for page in self.pages[:count]]


def _printed(page: Page, line: Line) -> PrintedLine:
    assert line.box is not None
    text = page.text[line.start : line.end]
    tokens = [(m.group(), line.start + m.start(), line.start + m.end()) for m in _TOKEN.finditer(text)]
    amounts: list[Amount] = []
    while tokens and (_AMOUNT.match(tokens[-1][0]) or _NIL.match(tokens[-1][0])):
        amounts.insert(0, _amount(page, *tokens.pop()))
    label = page.text[line.start : tokens[-1][2]] if tokens else ""
    return PrintedLine(page.number, line.start, line.end, line.box[1], line.box[3], line.box[0], label, tuple(amounts))


def _amount(page: Page, text: str, start: int, end: int) -> Amount:
    assert page.char_x is not None
    edges = page.char_x[start:end]
    seen = edges[edges[:, 1] > edges[:, 0]]
    if not len(seen):
        return Amount(text, 0, 0, start, end)
    return Amount(text, float(seen[:, 0].min()) / 10, float(seen[:, 1].max()) / 10, start, end)


def without_note(label: str) -> str:
    """Return a label without the reference to a note that ends it: 货币资金 七、1 -> 货币资金, 七、68 -> nothing."""
    if _NOTE.match(label.strip()):
        return ""
    head, _, last = label.rstrip().rpartition(" ")
    return head.rstrip() if head and _NOTE.match(last) else label.strip()


def columns(lines: Sequence[PrintedLine]) -> list[tuple[float, float]]:
    """Return the horizontal extents of the columns of amounts: numbers of one column overlap, of two they do not."""
    spans = sorted((a.x0, a.x1) for line in lines for a in line.amounts if a.is_money and a.x1 > a.x0)
    found: list[list[float]] = []
    for x0, x1 in spans:
        if found and x0 < found[-1][1]:
            found[-1][1] = max(found[-1][1], x1)
        else:
            found.append([x0, x1])
    return [(x0, x1) for x0, x1 in found]


def column_of(amount: Amount, extents: Sequence[tuple[float, float]]) -> int | None:
    """Return which column an amount stands in; None for a number outside all of them, such as a note's."""
    best, overlap = None, 0.0
    for i, (x0, x1) in enumerate(extents):
        shared = min(x1, amount.x1) - max(x0, amount.x0)
        if shared > overlap:
            best, overlap = i, shared
    return best


def number(text: str) -> float | None:
    """Return a printed number; brackets and dashes before it make it negative; None for a dash alone."""
    plain = text.translate(str.maketrans("，．−－–（）", ",.---()"))
    if not re.search(r"\d", plain):
        return None
    negative = plain.startswith(("-", "("))
    digits = re.sub(r"[^\d.]", "", plain)
    return -float(digits) if negative else float(digits)
