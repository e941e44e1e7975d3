"""Pieces of text found in a picture, to printed lines in reading order. Knows no OCR engine."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

from vouch.retrieval.types import Box, Line, Page

SAME_ROW = 0.5
"""Pieces that overlap in height by this share of the lower one stand in one row."""
STACKED = 0.3
"""Pieces that overlap in width by this share of the narrower one stand above one another."""
MIN_GUTTER = 6.0
"""Points between two columns of text."""
MAX_CROSSING = 0.2
"""Share of a page's pieces that may cross the gutter: titles, figures."""
COLUMN_FILL = 0.6
"""A column of text fills this share of its width; the cells of a table leave more empty."""
MIN_ROWS = 6
DIGITS = 0.3
"""Columns with a larger share of digits are those of a table."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text of one row, and where it stands in points from the top left of the page."""

    text: str
    box: Box


def page_of_pieces(number: int, pieces: Sequence[Piece]) -> Page:
    """Return a page of these pieces: a line for each row of a column, edges of characters taken from their widths."""
    texts: list[str] = []
    lines: list[Line] = []
    edges: list[npt.NDArray[np.uint16]] = []
    start = 0
    for row in reading_order(pieces):
        text = row[0].text
        edges.append(character_edges(row[0]))
        for before, piece in pairwise(row):
            blank = "" if _is_one_text(before, piece) else " "
            text += blank + piece.text
            edges += [_GAP[: len(blank)], character_edges(piece)]
        lines.append(Line(start, start + len(text), hull(row)))
        texts.append(text)
        edges.append(_GAP)
        start += len(text) + 1
    char_x = np.concatenate(edges[:-1]) if edges else np.zeros((0, 2), np.uint16)
    return Page(number, "\n".join(texts), tuple(lines), char_x)


_GAP = np.zeros((1, 2), np.uint16)
"""The blank between two pieces, or the end of a line: nothing is printed there."""


def character_edges(piece: Piece) -> npt.NDArray[np.uint16]:
    """Return shape (characters, 2) in tenths of a point; a Chinese character is twice as wide as a Latin one."""
    x0, _, x1, _ = piece.box
    widths = [2 if _is_wide(character) else 1 for character in piece.text]
    ends = np.cumsum([0, *widths]) / sum(widths) * (x1 - x0) + x0
    tenths = np.clip(np.rint(ends * 10), 0, 65535).astype(np.uint16)
    return np.stack([tenths[:-1], tenths[1:]], axis=1)


def reading_order(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Yield the rows of a page: columns one after the other, between the pieces that stand across them."""
    gutter = _gutter(pieces)
    if gutter is None:
        yield from rows(pieces)
        return
    band: list[Piece] = []
    for row in rows(pieces):
        if any(_crosses(piece, gutter) for piece in row):
            yield from _columns(band, gutter)
            yield row
            band = []
        else:
            band += row
    yield from _columns(band, gutter)


def rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces in rows from top to bottom, each row from left to right.

    A label of two lines beside one line of numbers is one row; two cells that are both stacked are two.
    """
    found: list[list[Piece]] = []
    for run in _runs(pieces):
        stacked = sum(len(cell) > 1 for cell in _cells(run))
        found += [run] if stacked <= len(_cells(run)) - stacked else _unstacked(run)
    return [[piece for cell in _cells(row) for piece in cell] for row in found]


def _runs(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return pieces that stand beside one another, top down."""
    found: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.box[1] + piece.box[3]):
        if found and _beside(found[-1][-1], piece):
            found[-1].append(piece)
        else:
            found.append([piece])
    return found


def _unstacked(run: Sequence[Piece]) -> list[list[Piece]]:
    """Return the rows of a run such that no piece stands above another of its row."""
    found: list[list[Piece]] = [[]]
    for piece in run:
        if any(_stacked(other, piece) for other in found[-1]):
            found.append([])
        found[-1].append(piece)
    return found


def _cells(row: Sequence[Piece]) -> list[list[Piece]]:
    """Return the cells of a row from left to right, the lines of each from the top."""
    cells: list[list[Piece]] = []
    for piece in sorted(row, key=lambda piece: piece.box[0]):
        cell = next((cell for cell in cells if _stacked(cell[0], piece)), None)
        if cell is None:
            cells.append([piece])
        else:
            cell.append(piece)
    return [sorted(cell, key=lambda piece: piece.box[1]) for cell in cells]


def hull(pieces: Sequence[Piece]) -> Box:
    """Return the box around pieces."""
    x0, y0, x1, y1 = zip(*(piece.box for piece in pieces), strict=True)
    return round(min(x0), 2), round(min(y0), 2), round(max(x1), 2), round(max(y1), 2)


def _beside(a: Piece, b: Piece) -> bool:
    overlap = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    lower = min(a.box[3] - a.box[1], b.box[3] - b.box[1])
    return overlap > SAME_ROW * lower and not _stacked(a, b)


def _stacked(a: Piece, b: Piece) -> bool:
    """Say whether one piece stands above the other."""
    overlap = min(a.box[2], b.box[2]) - max(a.box[0], b.box[0])
    return overlap > STACKED * min(a.box[2] - a.box[0], b.box[2] - b.box[0])


def _is_one_text(upper: Piece, lower: Piece) -> bool:
    """Say whether two lines of a cell are Chinese text that reads on."""
    return _stacked(upper, lower) and all(_is_wide(end) for end in (upper.text[-1], lower.text[0]))


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _columns(band: Sequence[Piece], gutter: float) -> Iterator[list[Piece]]:
    for side in _sides(band, gutter):
        yield from reading_order(side) if side else ()


def _sides(pieces: Sequence[Piece], gutter: float) -> tuple[list[Piece], list[Piece]]:
    left = [piece for piece in pieces if piece.box[2] <= gutter]
    return left, [piece for piece in pieces if piece.box[0] >= gutter]


def _crosses(piece: Piece, gutter: float) -> bool:
    return piece.box[0] < gutter < piece.box[2]


def _gutter(pieces: Sequence[Piece]) -> float | None:
    """Return the middle of the widest gap that parts two columns of text; None where there is none."""
    best: tuple[float, float] | None = None
    for left, right in _gaps(pieces):
        middle = (left + right) / 2
        if (best is None or right - left > best[0]) and _parts_columns(pieces, middle):
            best = (right - left, middle)
    return best[1] if best else None


def _gaps(pieces: Sequence[Piece]) -> Iterator[tuple[float, float]]:
    """Yield the stretches across the page that hardly any piece stands in."""
    if len(pieces) < 2 * MIN_ROWS:
        return
    x0, _, x1, _ = hull(pieces)
    covered = np.zeros(max(int(x1 - x0) + 1, 1), np.int64)
    for piece in pieces:
        covered[int(piece.box[0] - x0) : int(piece.box[2] - x0) + 1] += 1
    empty = np.flatnonzero(covered <= MAX_CROSSING * len(pieces) / 2)
    for run in np.split(empty, np.flatnonzero(np.diff(empty) > 1) + 1):
        if len(run) >= MIN_GUTTER:
            yield float(run[0] + x0), float(run[-1] + 1 + x0)


def _parts_columns(pieces: Sequence[Piece], gutter: float) -> bool:
    crossing = sum(_crosses(piece, gutter) for piece in pieces)
    return crossing <= MAX_CROSSING * len(pieces) and all(_is_text(side) for side in _sides(pieces, gutter))


def _is_text(side: Sequence[Piece]) -> bool:
    """Say whether pieces are lines of running text rather than the cells of a table."""
    lines = rows(side)
    if len(lines) < MIN_ROWS:
        return False
    x0, _, x1, _ = hull(side)
    filled = median(sum(piece.box[2] - piece.box[0] for piece in line) for line in lines)
    text = "".join(piece.text for piece in side)
    digits = sum(character.isdigit() for character in text)
    return filled >= COLUMN_FILL * (x1 - x0) and digits <= DIGITS * len(text)
