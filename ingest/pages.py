"""Pages and blocks laid down line by line, for formats that name their own structure. Knows no file format."""

import re
from collections.abc import Iterable, Sequence

from vouch.ingest.types import Block, BlockKind
from vouch.retrieval.types import Line, Page

_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean_lines(text: str) -> list[str]:
    """Return the lines of a text, whatever ends them, without control characters or trailing blanks."""
    readable = _SURROGATE.sub("\ufffd", _CONTROL.sub("", text))  # a lone surrogate cannot be stored as UTF-8
    return [line.rstrip() for line in readable.splitlines()]


def page_of_lines(number: int, lines: Sequence[str]) -> Page:
    """Return a page of these lines; blank ones stay in its text but are no printed lines."""
    printed: list[Line] = []
    start = 0
    for line in lines:
        inner = line.strip()
        if inner:
            first = start + len(line) - len(line.lstrip())
            printed.append(Line(first, first + len(inner)))
        start += len(line) + 1
    return Page(number, "\n".join(lines), tuple(printed))


class PageDraft:
    """A page that grows block by block, each on lines of its own."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.blocks: list[Block] = []
        self._lines: list[str] = []
        self._length = 0

    def add(self, kind: BlockKind, text: str, level: int = 0, context: str = "") -> None:
        """Append a block; one without visible text is left out."""
        lines = [line for line in clean_lines(text) if line]
        if not lines:
            return
        start = self._length
        self._lines += lines
        self._length += sum(map(len, lines)) + len(lines)
        context = "\n".join(filter(None, clean_lines(context)))
        self.blocks.append(Block(kind, self.number, start, self._length - 1, level, context))

    def last_lines(self, count: int) -> list[tuple[BlockKind, str]]:
        """Return the kind and text of the last blocks that have a single line each, nearest last."""
        found: list[tuple[BlockKind, str]] = []
        for block in reversed(self.blocks[-count:]):
            line = self._lines[len(self._lines) - 1 - len(found)]
            if block.end - block.start != len(line):
                break
            found.append((block.kind, line))
        return found[::-1]

    def page(self) -> Page:
        """Return the page as it stands."""
        return page_of_lines(self.number, self._lines)


def assembled(drafts: Iterable[PageDraft]) -> tuple[tuple[Page, ...], tuple[Block, ...]]:
    """Return the pages that hold something, and their blocks."""
    used = [draft for draft in drafts if draft.blocks]
    return tuple(draft.page() for draft in used), tuple(block for draft in used for block in draft.blocks)
