"""Annual reports as line-JSON text: {"page", "allrow", "type", "inside"}, table rows as stringified lists.

The layout of the FinGLM challenge. Page numbers, running headers and table rows are given; headings and paragraphs
are inferred from the lines of text.
"""

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from vouch.ingest.loaders.decode import decoding_warnings, read_text
from vouch.ingest.loaders.qa_records import json_lines, left_out_warnings, parsed_json
from vouch.ingest.loaders.tables import add_table
from vouch.ingest.pages import PageDraft, assembled, clean_lines, page_of_lines
from vouch.ingest.structure import infer_blocks
from vouch.ingest.types import Block, Document
from vouch.retrieval.errors import UnreadableDocument
from vouch.retrieval.types import Page

FIELDS = frozenset(["page", "type", "inside"])
MAX_ROW = 20_000
"""Characters of a stringified table row; the parser is not fed anything longer."""

HEADER = "页眉"
_FURNITURE = frozenset([HEADER, "页脚"])


@dataclass(frozen=True, slots=True)
class _Entry:
    page: int
    kind: str
    text: str


class ReportLinesLoader:
    """Reads annual reports in the challenge's text format."""

    def load(self, path: Path) -> Document:
        """Read a file; UnreadableDocument where no line is one of a report."""
        text, encoding = read_text(path)
        entries: list[_Entry] = []
        broken: list[int] = []
        for number, line in json_lines(text):
            entry = _entry(parsed_json(line))
            if entry is None:
                broken.append(number)
            else:
                entries.append(entry)
        entries.sort(key=lambda entry: entry.page)
        running = frozenset(entry.text.strip() for entry in entries if entry.kind == HEADER)
        drafts = [
            _draft(number, _with_header(list(group), running))
            for number, group in groupby(entries, key=lambda entry: entry.page)
        ]
        pages, blocks = assembled(drafts)
        if not pages:
            raise UnreadableDocument(
                "no line of it is a line of a report",
                'each line must be a JSON object with "page", "type" and "inside"',
            )
        left_out = left_out_warnings((broken, "no line of a report"))
        return Document(pages, blocks, kind="report", warnings=decoding_warnings(text, encoding) + left_out)


def _entry(value: object) -> _Entry | None:
    """Return a line's content; None for what is no line of a report."""
    if not isinstance(value, Mapping) or not value.keys() >= FIELDS:
        return None
    page, kind, inside = value["page"], value["type"], value["inside"]
    if isinstance(page, str) and page.isascii() and page.isdigit():
        page = int(page[:9])
    if not isinstance(page, int) or isinstance(page, bool) or page < 1 or not isinstance(kind, str):
        return None
    return _Entry(page, kind, inside if isinstance(inside, str) else str(inside))


def _with_header(entries: Sequence[_Entry], running: frozenset[str]) -> list[_Entry]:
    """Return a page's lines with its header marked as such, also where the file calls the header text.

    It does on pages that begin with a table.
    """
    first = next((i for i, entry in enumerate(entries) if entry.text.strip()), 0)
    marked = list(entries)
    if marked[first].text.strip() in running and all(entry.kind != HEADER for entry in entries):
        marked[first] = replace(marked[first], kind=HEADER)
    return marked


def _draft(number: int, entries: Sequence[_Entry]) -> PageDraft:
    """Return a page as it stands in the file, its runs of table rows as tables."""
    draft = PageDraft(number)
    inferred = _inferred(number, entries)
    for kind, group in groupby(entries, key=lambda entry: entry.kind):
        if kind in _FURNITURE:
            for entry in group:
                draft.add("furniture", entry.text)
        elif kind == "excel":
            add_table(draft, [_cells(entry.text) for entry in group])
        else:
            _add_text(draft, [line for entry in group for line in clean_lines(entry.text)], inferred)
    return draft


def _inferred(number: int, entries: Sequence[_Entry]) -> Iterator[Block]:
    """Return an iterator of the block of each visible line of text of a page, read without what stands between."""
    texts = [entry.text for entry in entries if entry.kind not in _FURNITURE and entry.kind != "excel"]
    page = page_of_lines(number, [line for text in texts for line in clean_lines(text)])
    return _block_of_each_line(page, infer_blocks([page], furniture=False))


def _block_of_each_line(page: Page, blocks: Sequence[Block]) -> Iterator[Block]:
    following = iter(blocks)
    block = next(following, None)
    for line in page.lines:
        while block is not None and block.end <= line.start:
            block = next(following, None)
        if block is None:
            raise ValueError(f"line {line.start} of page {page.number} stands in no block")
        yield block


def _add_text(draft: PageDraft, lines: Sequence[str], inferred: Iterator[Block]) -> None:
    visible = [line for line in lines if line.strip()]
    for block, group in groupby(zip(visible, inferred, strict=False), key=lambda pair: pair[1]):
        draft.add(block.kind, "\n".join(line for line, _ in group), level=block.level)


def _cells(row: str) -> list[str]:
    """Return the cells of a stringified row; a row that is none is a single cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a backslash in a cell is no concern of the user's
        try:
            value = ast.literal_eval(row) if len(row) <= MAX_ROW else row
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            value = row
    if not isinstance(value, list | tuple):
        return [row]
    return ["" if cell is None else str(cell) for cell in value]
