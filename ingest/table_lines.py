"""Which lines of a page are rows of a table, from the gaps between their cells and their numbers."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vouch.ingest.headings import numbered_level
from vouch.ingest.rejoin import HAN
from vouch.retrieval.types import Line, Page

CELL_GAP = 0.9
"""White space between two cells, in line heights."""
WRAPPED_LINES = 14
"""How many lines of wrapped cells may stand between two rows."""
SHORT_CELL = 12
"""Lines of at most so many characters are cells of a wrapped header, however many there are up to WRAPPED_HEADER."""
WRAPPED_HEADER = 40
HEADER_LINES = 10
NARROW = 0.72
"""A line in a table cell is at most this share of the page's text width."""

_TRAILING_VALUES = re.compile(
    r"^(?P<label>.*?\S)?(?P<values>(?:\s+\$?\s?(?:[-(（]?\d[\d,]*(?:\.\d+)?%?[)）]?|[-—–]))+)\s*%?$"
)
_VALUE_ENDS = (*"0123456789%)）-—–",)
_SENTENCE_END = re.compile(r"[。；！？;!?]\s*$")
_LEADING_MARK = 4
"""A gap within the first characters of a line follows a bullet or a number, not a cell."""
_NUMBERED_HAN = re.compile(rf"\d{{1,2}}\s*[、．.]\s*[{HAN}]{{2,}}")
_TICK = re.compile(r"适用\s*[□√☑]|[□√☑\uf052]\s*适用")
_CAPTION = re.compile(
    r"(?:金额)?单位\s*[:：]|币种\s*[:：]|\d{4}\s*年.{0,12}$|(?:in|In|\$)\s.*(?:millions|thousands)|[表图]\s*\d+|Table\s+\d+"
)


def table_runs(page: Page, furniture: frozenset[int]) -> dict[int, int]:
    """Return the tables of a page as {first line: line after the last}."""
    lines = page.lines
    if len(lines) < 2:
        return {}
    cells = _cells(page)
    texts = [page.text[line.start : line.end] for line in lines]
    core = [i not in furniture and _is_row(texts[i], cells[i]) for i in range(len(lines))]
    if sum(core) < 2:
        return {}
    narrow = _narrow(page)
    inside = _fill(core, texts, narrow, furniture)
    return _extend(inside, texts, narrow, furniture)


def _cells(page: Page) -> Sequence[int]:
    """Return how many cells each line has, by the gaps between its characters, or by tabs, bars and runs of blanks."""
    if page.char_x is None or not len(page.char_x):
        return [1 + len(re.findall(r"\S(?:\t| {3,}|\s*\|\s*)(?=\S)", page.text[a.start : a.end])) for a in page.lines]
    codes = np.frombuffer(page.text.encode("utf-32-le"), np.uint32)
    edges = page.char_x.astype(np.int32)
    visible = np.flatnonzero((codes > 0x20) & (codes != 0xA0) & (codes != 0x3000) & (edges[:, 1] > edges[:, 0]))
    if len(visible) < 2:
        return [1] * len(page.lines)
    return _gaps_per_line(page.lines, visible, edges)


def _gaps_per_line(lines: Sequence[Line], visible: npt.NDArray[np.intp], edges: npt.NDArray[np.int32]) -> Sequence[int]:
    starts = np.array([line.start for line in lines])
    heights = np.array([10 * (line.box[3] - line.box[1]) if line.box else 1e9 for line in lines])
    owner = np.searchsorted(starts, visible, side="right") - 1
    gap = edges[visible[1:], 0] - edges[visible[:-1], 1]
    same = (owner[1:] == owner[:-1]) & (owner[1:] >= 0)
    late = visible[1:] - starts[owner[1:]] > _LEADING_MARK
    wide = same & late & (gap > CELL_GAP * heights[owner[1:]])
    return [1 + int(n) for n in np.bincount(owner[1:][wide], minlength=len(lines))]


def _is_row(text: str, cells: int) -> bool:
    if _SENTENCE_END.search(text) and cells < 3:
        return False
    if cells >= 3:
        return True
    match = _TRAILING_VALUES.match(text) if text.rstrip().endswith(_VALUE_ENDS) else None
    if not match:
        return cells == 2 and not numbered_level(text) and len(text) < 60
    values = match["values"].split()
    big = sum(bool(re.search(r"\d,\d{3}|\.\d|%", value)) for value in values)
    return len(values) >= 2 or cells == 2 or (big == 1 and bool(match["label"]))


def _narrow(page: Page) -> list[bool]:
    boxes = [line.box for line in page.lines]
    known = [box for box in boxes if box]
    if not known:
        longest = max(line.end - line.start for line in page.lines)
        return [line.end - line.start <= NARROW * longest for line in page.lines]
    width = max(box[2] for box in known) - min(box[0] for box in known)
    return [box is not None and box[2] - box[0] <= NARROW * width for box in boxes]


def _fill(core: list[bool], texts: list[str], narrow: list[bool], furniture: frozenset[int]) -> list[bool]:
    """Return the core lines and the wrapped cells between them."""
    inside = list(core)
    rows = [i for i, is_core in enumerate(core) if is_core]
    for a, b in pairwise(rows):
        between = range(a + 1, b)
        limit = WRAPPED_HEADER if all(len(texts[i].strip()) <= SHORT_CELL for i in between) else WRAPPED_LINES
        if len(between) <= limit and all(_can_be_cell(texts[i], narrow[i]) for i in between):
            for i in between:
                inside[i] = i not in furniture
    return inside


def _can_be_cell(text: str, narrow: bool) -> bool:
    return narrow and not _starts_section(text)


def _starts_section(text: str) -> bool:
    level = numbered_level(text)
    return 0 < level <= 3 or bool(_NUMBERED_HAN.match(text) or _TICK.search(text))


def _extend(inside: list[bool], texts: list[str], narrow: list[bool], furniture: frozenset[int]) -> dict[int, int]:
    """Return the runs of table lines, each with the caption, unit and header above it and the rest of its last cell."""
    runs: dict[int, int] = {}
    i, taken = 0, 0
    while i < len(inside):
        if not inside[i]:
            i += 1
            continue
        end = i
        while end < len(inside) and inside[end]:
            end += 1
        first = _header_start(i, taken, texts, narrow, furniture)
        last = _tail_end(end, texts, narrow, furniture)
        if last - first >= 2:
            runs[first] = last
            taken = last
        i = max(last, end)
    return runs


def _header_start(row: int, taken: int, texts: list[str], narrow: list[bool], furniture: frozenset[int]) -> int:
    """Return the first line of what belongs above a table's first row: header cells, unit, caption."""
    first = row
    while first > taken and row - first < HEADER_LINES:
        text = texts[first - 1]
        if first - 1 in furniture or numbered_level(text) or _starts_section(text) or _SENTENCE_END.search(text):
            break
        if not (narrow[first - 1] or _CAPTION.search(text)) or text[:1].islower():
            break
        first -= 1
    return first


def _tail_end(end: int, texts: list[str], narrow: list[bool], furniture: frozenset[int]) -> int:
    """Return the line after the wrapped rest of the last row: short lines that start nothing new."""
    last = end
    while last < len(texts) and last - end < 3 and last not in furniture:
        text = texts[last].strip()
        starts_anew = numbered_level(text) or _starts_section(text) or text.endswith(("：", ":"))
        if not narrow[last] or len(text) > 14 or starts_anew:
            break
        last += 1
    return last
