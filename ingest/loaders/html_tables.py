"""The grid of an HTML table, spanning cells expanded. Knows elements only by their tags and attributes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

MAX_SPAN = 200
"""Columns; a wider span is a mistake, or meant to fill the memory."""
MAX_COLUMNS = 1_000

_BEFORE_AMOUNT = frozenset(["$", "¥", "￥", "€", "£", "US$", "HK$", "RMB", "("])
_AFTER_AMOUNT = frozenset([")", "%", ")%", "%)"])


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    is_header: bool
    starts: bool
    """False for the columns that a wide cell reaches into."""


def table_rows(
    table: HtmlElement, text_of: Callable[[HtmlElement], str]
) -> tuple[list[list[str]], int | None, list[str]]:
    """Return the rows, how many of them are headers where the markup says so, and the caption."""
    caption = [text_of(element) for element in table.iterfind("caption")]
    elements = [row for path in ("thead/tr", "tr", "tbody/tr", "tfoot/tr") for row in table.iterfind(path)]
    marked = sum(1 for _ in table.iterfind("thead/tr"))
    grid = _grid(elements, text_of)
    if not marked:
        while marked < len(grid) and grid[marked] and all(cell.is_header for cell in grid[marked]):
            marked += 1
    if marked == len(grid):
        marked = 0  # all header cells: a table of labels
    rows = [
        [cell.text if cell.starts or i < marked else "" for cell in row] if i < marked else _body_row(row)
        for i, row in enumerate(grid)
    ]
    return _without_empty_columns(rows, marked), marked or None, caption


def _grid(elements: Sequence[HtmlElement], text_of: Callable[[HtmlElement], str]) -> list[list[_Cell]]:
    """Return the cells of each row, those included that reach in from the left and from above."""
    above: dict[int, tuple[int, _Cell]] = {}
    """Column to (rows still to fill, cell)."""
    grid: list[list[_Cell]] = []
    for element in elements:
        row: list[_Cell] = []
        for cell in [child for child in element if child.tag in ("td", "th")]:
            _take_from_above(above, row)
            taken = _Cell(text_of(cell), cell.tag == "th", True)
            down = _span(cell.get("rowspan"), len(elements))
            for offset in range(_span(cell.get("colspan"), MAX_SPAN)):
                if len(row) < MAX_COLUMNS:
                    filled = taken if offset == 0 else _Cell(taken.text, taken.is_header, False)
                    if down > 1:
                        above[len(row)] = (down - 1, filled)
                    row.append(filled)
        _take_from_above(above, row)
        grid.append(row)
    return grid


def _take_from_above(above: dict[int, tuple[int, _Cell]], row: list[_Cell]) -> None:
    while len(row) in above:
        left, cell = above.pop(len(row))
        if left > 1:
            above[len(row)] = (left - 1, cell)
        row.append(cell)


def _span(value: str | None, most: int) -> int:
    text = (value or "1").strip()
    return max(1, min(int(text), most)) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _body_row(row: Sequence[_Cell]) -> list[str]:
    """Return a row's texts, a wide cell's once, with currency signs and brackets back at their amounts."""
    texts = [cell.text if cell.starts else "" for cell in row]
    waiting = ""
    last = None
    for i, text in enumerate(texts):
        if text in _BEFORE_AMOUNT:
            waiting, texts[i] = text, ""
        elif text in _AFTER_AMOUNT and last is not None:
            texts[last] += text
            texts[i] = ""
        elif text:
            texts[i], waiting, last = waiting + text, "", i
    if waiting:
        texts[-1] = waiting
    return texts


def _without_empty_columns(rows: list[list[str]], headers: int) -> list[list[str]]:
    """Return the rows without the columns that are empty below the headers: they only hold space."""
    width = max(map(len, rows), default=0)
    body = rows[headers:]
    kept = [column for column in range(width) if any(column < len(row) and row[column] for row in body)]
    return [[row[column] if column < len(row) else "" for column in kept] for row in rows]
