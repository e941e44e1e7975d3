"""Documents as a table of plain text that lines up, Chinese characters two columns wide."""

import unicodedata
from collections.abc import Collection, Sequence

from vouch.retrieval.types import Source

_HEADER = ("document", "company or title", "code", "year", "period", "kind", "pages", "id")
_WIDEST = 44


def document_table(documents: Sequence[tuple[Source, int]]) -> str:
    """Return one line for each document: name, company, code, year, period, kind, pages, id."""
    rows = [
        (
            source.name,
            source.company or source.title,
            source.code,
            str(source.year or ""),
            source.period,
            source.kind,
            str(pages),
            source.doc_id,
        )
        for source, pages in documents
    ]
    return aligned([_HEADER, *rows])


def aligned(rows: Sequence[Sequence[str]], widest: int = _WIDEST, to_the_right: Collection[int] = ()) -> str:
    """Return rows of cells as lines with columns of equal width; long cells are cut in the middle.

    `to_the_right`: the columns that are pushed to their right edge, as numbers are.
    """
    cut = [[_cut(cell, widest) for cell in row] for row in rows]
    widths = [max(width(row[column]) for row in cut) for column in range(len(cut[0]))]
    padded = ([_filled(cell, widths[column], column in to_the_right) for column, cell in enumerate(row)] for row in cut)
    return "\n".join("  ".join(row).rstrip() for row in padded)


def width(text: str) -> int:
    """Return how many terminal columns a text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _filled(cell: str, columns: int, to_the_right: bool) -> str:
    space = " " * (columns - width(cell))
    return space + cell if to_the_right else cell + space


def _cut(text: str, widest: int) -> str:
    """The end of a name tells documents apart as often as its beginning."""
    text = " ".join(text.split())
    if width(text) <= widest:
        return text
    half = (widest - 1) // 2
    head, tail = "", ""
    for letter in text:
        if width(head + letter) > half:
            break
        head += letter
    for letter in reversed(text):
        if width(letter + tail) > half:
            break
        tail = letter + tail
    return f"{head}…{tail}"
