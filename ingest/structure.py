"""Blocks of a document whose format names none: headings, paragraphs and tables, from how the lines stand.

Knows nothing of file formats: PDF and plain text come here with the same `Page`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from vouch.ingest.furniture import furniture_lines
from vouch.ingest.headings import STYLED_LEVEL, LineStyle, body_size, numbered_level, styled_level
from vouch.ingest.rejoin import HAN
from vouch.ingest.table_lines import table_runs
from vouch.ingest.types import Block
from vouch.retrieval.types import Page

__all__ = ["LineStyle", "infer_blocks"]

COLUMN_WINDOW = 6
"""How many lines above and below tell how wide a line's column is."""
MIN_NUMBERED = 5
"""A document with so many numbered headings is structured by them."""
FULL = 0.85
"""A line without positions that reaches this share of the wrapping width fills it."""
MAX_WRAPPED = 130
"""Latin characters; text whose usual line is longer is not wrapped: its lines are paragraphs."""
MIN_COLUMN = 0.4
"""A column is at least this share of the page's text width."""

_TOC_LINE = re.compile(r"[.…·．]{5,}\s*[\divxlIVXL]{1,4}\s*$|(?:[.…·．] ){5,}")
_DOTS = ("..", "……", "··", "．．", ". .", "… …", "· ·", "． ．")
_TICK_LINE = re.compile(r"\s*(?:[□√☑\uf052\uf0fe]\s*)?(?:适用|是|不适用)\s*[□√☑\uf052\uf0fe]?\s*(?:不适用|否)?\s*$")
_BULLET = re.compile(r"\s*(?:[●•·▪◆■○◦*☐☑□√➢Ø\uf06c\uf0b7\uf0d8\-–—]\s*\S|[a-z]\)|\d{1,2}[.)]\s)")
_TITLE = re.compile(r"[A-Z][A-Za-z'’,()\- ]{3,58}$")
_ENDS_SENTENCE = re.compile(r"[。！？；：.!?;:]['\"”’）)]?\s*$")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One page with everything that is decided line by line."""

    page: Page
    furniture: frozenset[int]
    styles: Sequence[LineStyle]
    body: float
    left: float
    rights: Sequence[float]
    """Where the column that a line stands in ends."""

    def text(self, i: int) -> str:
        line = self.page.lines[i]
        return self.page.text[line.start : line.end]


def infer_blocks(
    pages: Sequence[Page], furniture: bool = True, styles: Sequence[Sequence[LineStyle]] | None = None
) -> tuple[Block, ...]:
    """Return the blocks of all pages in reading order; `styles` has one entry for each line of each page."""
    running = furniture_lines(pages) if furniture else [frozenset[int]()] * len(pages)
    body = body_size([style for page in styles for style in page]) if styles else 0.0
    blocks: list[Block] = []
    for index, page in enumerate(pages):
        left, rights = _margins(page, running[index])
        sheet = _Sheet(page, running[index], styles[index] if styles else (), body, left, rights)
        blocks += _page_blocks(sheet)
    return tuple(_below_numbering(blocks, pages))


def _below_numbering(blocks: list[Block], pages: Sequence[Page]) -> list[Block]:
    """Put headings that only their type makes one below all numbered ones, where a document numbers its headings."""
    texts = {page.number: page.text for page in pages}
    numbered = {
        i for i, b in enumerate(blocks) if b.kind == "heading" and numbered_level(texts[b.page][b.start : b.end])
    }
    if len(numbered) < MIN_NUMBERED:
        return blocks
    return [
        replace(b, level=STYLED_LEVEL) if b.kind == "heading" and i not in numbered else b for i, b in enumerate(blocks)
    ]


def _margins(page: Page, furniture: frozenset[int]) -> tuple[float, Sequence[float]]:
    """Return where the text of a page starts and, for each line, where its column ends (from the lines around it).

    Without positions: 0 and the width at which the text is wrapped.
    """
    lines = page.lines
    known = [line.box for i, line in enumerate(lines) if line.box and i not in furniture]
    if not known:
        texts = [page.text[line.start : line.end] for i, line in enumerate(lines) if i not in furniture]
        return 0.0, [_wrapped_at(texts)] * len(lines)
    left, right = min(box[0] for box in known), max(box[2] for box in known)
    least = left + MIN_COLUMN * (right - left)
    edges = np.array([(line.box[0], line.box[2]) if line.box else (right, left) for line in lines])
    around = sliding_window_view(
        np.pad(edges, ((COLUMN_WINDOW, COLUMN_WINDOW), (0, 0)), mode="edge"), 2 * COLUMN_WINDOW + 1, 0
    )
    overlapping = (around[:, 0] < edges[:, 1:]) & (around[:, 1] > edges[:, :1])
    local = np.where(overlapping, around[:, 1], 0).max(axis=1)
    return left, np.where(local >= least, local, right).tolist()


def _wrapped_at(texts: Sequence[str]) -> float:
    """Return how wide the lines of a text are that fill their column; infinity where each line is a paragraph."""
    widths = sorted(map(_width, texts))
    right = widths[4 * (len(widths) - 1) // 5] if widths else 0.0
    full = sum(FULL * right <= width <= 1.15 * right for width in widths)
    return right if 30 < right <= MAX_WRAPPED and full >= 0.3 * len(widths) else inf


def _width(text: str) -> float:
    """Return a line's width without positions: Chinese characters are twice as wide as Latin ones."""
    return 2.0 * len(text) - len(text.encode("ascii", "ignore"))


def _page_blocks(sheet: _Sheet) -> list[Block]:
    lines, number = sheet.page.lines, sheet.page.number
    tables = table_runs(sheet.page, sheet.furniture)
    blocks: list[Block] = []
    i = 0
    while i < len(lines):
        if i in sheet.furniture:
            blocks.append(Block("furniture", number, lines[i].start, lines[i].end))
            i += 1
        elif _leads_to_page(sheet.text(i)):
            end = _run(i, len(lines), lambda k: _leads_to_page(sheet.text(k)))
            blocks.append(Block("toc", number, lines[i].start, lines[end - 1].end))
            i = end
        elif i in tables:
            end = tables[i]
            blocks.append(Block("table", number, lines[i].start, lines[end - 1].end))
            i = end
        else:
            i, block = _text_block(sheet, i, tables)
            blocks.append(block)
    return blocks


def _leads_to_page(text: str) -> bool:
    """Say whether a line of dots leads to a page number."""
    return any(dots in text for dots in _DOTS) and bool(_TOC_LINE.search(text))


def _run(start: int, stop: int, holds: Callable[[int], bool]) -> int:
    end = start
    while end < stop and holds(end):
        end += 1
    return end


def _text_block(sheet: _Sheet, i: int, tables: dict[int, int]) -> tuple[int, Block]:
    """Return the heading or paragraph that starts at a line, and the line after it."""
    lines = sheet.page.lines
    level = heading_level(sheet, i)
    if level:
        end = i + 1
        if _is_full(sheet, i) and end < len(lines) and _completes_heading(sheet, end, tables):
            end += 1
        return end, Block("heading", sheet.page.number, lines[i].start, lines[end - 1].end, level)
    end = i + 1
    while end < len(lines) and not _breaks(sheet, end, tables):
        end += 1
    return end, Block("prose", sheet.page.number, lines[i].start, lines[end - 1].end)


def heading_level(sheet: _Sheet, i: int) -> int:
    """Return a line's depth as a heading, 0 for none."""
    text = sheet.text(i)
    level = numbered_level(text)
    if level >= 4 and _is_full(sheet, i):
        return 0  # a numbered sentence that goes on
    style = sheet.styles[i] if i < len(sheet.styles) else None
    if level or _is_full(sheet, i) or _ends_sentence_of(sheet, i):
        return level
    return styled_level(text, style, sheet.body) or (STYLED_LEVEL if _stands_alone(sheet, i) else 0)


def _ends_sentence_of(sheet: _Sheet, i: int) -> bool:
    """Say whether a line is the rest of the full line above it, set in the same size."""
    if not i or i - 1 in sheet.furniture or not _is_full(sheet, i - 1) or _ENDS_SENTENCE.search(sheet.text(i - 1)):
        return False
    if i >= len(sheet.styles):
        return True
    return abs(sheet.styles[i].size - sheet.styles[i - 1].size) < 0.1 * sheet.body


def _stands_alone(sheet: _Sheet, i: int) -> bool:
    """Say whether an English line is a heading by its place alone: short, open-ended, apart from the line above."""
    text, line = sheet.text(i).strip(), sheet.page.lines[i]
    if line.box is None or not _TITLE.match(text) or not 0 < i < len(sheet.page.lines) - 1:
        return False
    above, below = sheet.page.lines[i - 1].box, sheet.text(i + 1).strip()
    if above is None or i - 1 in sheet.furniture or not re.match(r"[A-Z]", below) or _TITLE.match(below):
        return False
    return line.box[1] - above[3] > 0.45 * (line.box[3] - line.box[1])


def _is_full(sheet: _Sheet, i: int) -> bool:
    """Say whether a line reaches the end of its column, so that its sentence may go on below."""
    line = sheet.page.lines[i]
    if line.box is None:
        return _width(sheet.text(i)) >= FULL * sheet.rights[i]
    size = line.box[3] - line.box[1]
    return line.box[2] >= sheet.rights[i] - 2.2 * size


def _completes_heading(sheet: _Sheet, i: int, tables: dict[int, int]) -> bool:
    text = sheet.text(i).strip()
    if i in tables or i in sheet.furniture or len(text) > 20 or _ENDS_SENTENCE.search(text):
        return False
    return not numbered_level(text) and not _TICK_LINE.match(text) and bool(re.match(rf"[{HAN}a-z]", text))


def _breaks(sheet: _Sheet, i: int, tables: dict[int, int]) -> bool:
    """Say whether a new block starts at line i (of a paragraph that began before it)."""
    if i in tables or i in sheet.furniture or heading_level(sheet, i):
        return True
    text, before = sheet.text(i), sheet.page.lines[i - 1]
    if _BULLET.match(text) or _TICK_LINE.match(text) or _leads_to_page(text):
        return True
    if _is_full(sheet, i - 1):
        return _is_indented(sheet, i)
    if _same_column(sheet, i):
        return False
    ragged = sheet.page.lines[i].box is not None and before.box is not None and not re.search(rf"[{HAN}]", text)
    return not (ragged and _goes_on(sheet, i))


def _is_indented(sheet: _Sheet, i: int) -> bool:
    """Say whether a line starts a paragraph by its indent, after a full line that ended a sentence."""
    line, before = sheet.page.lines[i], sheet.page.lines[i - 1]
    if not _ENDS_SENTENCE.search(sheet.text(i - 1)):
        return False
    if line.box is None or before.box is None:
        return line.start - before.end > 1
    return line.box[0] > before.box[0] + 1.2 * (line.box[3] - line.box[1])


def _same_column(sheet: _Sheet, i: int) -> bool:
    """Say whether a Chinese line goes on below one that filled its column without ending its sentence."""
    line, before = sheet.page.lines[i], sheet.page.lines[i - 1]
    if line.box is None or before.box is None or before.end - before.start < 10:
        return False
    if _ENDS_SENTENCE.search(sheet.text(i - 1)) or not re.search(rf"[{HAN}]", sheet.text(i - 1)):
        return False
    size = line.box[3] - line.box[1]
    aligned = abs(line.box[0] - before.box[0]) < 0.4 * size or 0 < before.box[0] - line.box[0] < 2.6 * size
    return aligned and line.box[2] < before.box[2] + size and line.box[1] - before.box[3] < 0.9 * size


def _goes_on(sheet: _Sheet, i: int) -> bool:
    """Say whether an English line continues the one before in ragged-right setting: no wide gap, no new start."""
    line, before = sheet.page.lines[i], sheet.page.lines[i - 1]
    if line.box is None or before.box is None:
        return False
    size = line.box[3] - line.box[1]
    close = line.box[1] - before.box[3] < 0.8 * size
    starts_low = bool(re.match(r"[a-z(,;]", sheet.text(i)))
    long_enough = before.box[2] - before.box[0] > 0.7 * (sheet.rights[i] - before.box[0])
    return close and (starts_low or (long_enough and not _ENDS_SENTENCE.search(sheet.text(i - 1))))
