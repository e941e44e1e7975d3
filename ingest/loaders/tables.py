"""Tables whose cells are known: which rows are headers, what stands above them, one line for each row."""

import re
from collections.abc import Sequence

from vouch.ingest.pages import PageDraft
from vouch.ingest.rejoin import WIDE

MAX_HEADERS = 3
MAX_CAPTION = 60
"""Characters; longer lines above a table are prose."""

_AMOUNT = re.compile(r"[-−—(（+]?\s*[$¥￥€]?\s*\d[\d,]*(?:\.\d+)?\s*[%％]?\s*[)）]?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_CAPTION = re.compile(
    r"(?:附?表|图表)\s*[\d一二三四五六七八九十]|(?:Table|Exhibit)\s+\w|.{0,20}(?:单位|币种)\s*[:：]"
    r"|[(（]?.{0,30}\b(?:in|In) (?:\w+ )?(?:thousands|millions|billions)"
)
_WIDE_BREAK = re.compile(rf"(?<=[{WIDE}])\s*\n\s*(?=[{WIDE}])")
_BLANKS = re.compile(r"\s+")

Row = Sequence[str]


def add_table(
    draft: PageDraft,
    rows: Sequence[Row],
    headers: int | None = None,
    caption: Sequence[str] = (),
    context: str = "",
) -> str:
    """Append a table: caption, header rows and rows as lines of one block, cells parted by tabs; return its context.

    The context repeats the caption and header lines, after `context` and a caption found in the paragraphs above.
    `headers` says how many rows are headers where the format does; otherwise the first rows without amounts are.
    """
    grid = [[one_line(cell) for cell in row] for row in rows]
    grid = [row for row in grid if any(row)]
    width = max((sum(map(bool, row)) for row in grid), default=0)
    if width <= 1:
        for line in (*caption, *("".join(row) for row in grid)):
            draft.add("prose", line)
        return context
    titles = _titles(grid, width) if headers is None else 0
    above = [*caption, *("".join(row) for row in grid[:titles])]
    body = grid[titles:]
    heads = header_rows(body) if headers is None else min(headers, len(body))
    lines = [_line(row) for row in body]
    before = [text for kind, text in draft.last_lines(2) if kind == "prose" and is_caption(text)]
    whole_context = "\n".join(filter(None, [context, *before, *above, *lines[:heads]]))
    draft.add("table", "\n".join([*above, *lines]), context=whole_context)
    return whole_context


def one_line(cell: str) -> str:
    """Return the text of a cell without line breaks and tabs; Chinese gets no blanks."""
    return _BLANKS.sub(" ", _WIDE_BREAK.sub("", cell)).strip()


def header_rows(rows: Sequence[Row]) -> int:
    """Return how many leading rows name columns: those without an amount, where a later row has one.

    Without any amount the first row is a header if there are three columns or more: two are names and values.
    """
    first = next((i for i, row in enumerate(rows) if any(is_amount(cell) for cell in row)), None)
    if first is not None:
        return first if first <= MAX_HEADERS else 1
    width = max((sum(map(bool, row)) for row in rows), default=0)
    return 1 if width >= 3 and len(rows) > 1 else 0


def is_amount(cell: str) -> bool:
    """Say whether a cell holds a number that is no year."""
    return bool(_AMOUNT.fullmatch(cell)) and not _YEAR.fullmatch(cell)


def is_caption(line: str) -> bool:
    """Say whether a line names a table or its unit."""
    return len(line) <= MAX_CAPTION and bool(_CAPTION.match(line))


def _titles(grid: Sequence[Row], width: int) -> int:
    """Return how many leading rows hold one cell only: a title, a unit, a date."""
    found = 0
    while width > 1 and found < len(grid) - 1 and sum(map(bool, grid[found])) == 1:
        found += 1
    return found


def _line(row: Row) -> str:
    return "\t".join(row).rstrip("\t")
