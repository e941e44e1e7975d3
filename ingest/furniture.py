"""Running headers, footers and page numbers: lines that come back at the edge of page after page."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from vouch.retrieval.types import Line, Page

EDGE_LINES = 3
"""How many lines at the start and the end of a page's text can be furniture."""
MIN_PAGES = 3
MIN_SHARE = 0.3
"""A line is furniture when it stands on this share of the pages (odd and even pages may differ)."""
MAX_LENGTH = 90

_NUMBER = re.compile(r"\d+|[IVXLC]{1,6}(?=\s*$)|[ivxlc]{1,6}(?=\s*$)")
_SENTENCE_END = re.compile(r"[。；！？!?]$")
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:第\s*)?\d{1,4}\s*(?:页)?\s*(?:[/／]|of|共)\s*\d{1,4}\s*页?[-–—\s]*$|第\s*\d{1,4}\s*页$|[-–—]\s*\d{1,4}\s*[-–—]$"
    r"|Page\s+\d{1,4}(?:\s+of\s+\d{1,4})?$",
    re.IGNORECASE,
)


def furniture_lines(pages: Sequence[Page]) -> list[frozenset[int]]:
    """Return, for each page, the indexes of the lines that are not part of its content."""
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_shape(page, line) for _, line in _edges(page)})
    needed = max(MIN_PAGES, MIN_SHARE * len(pages))
    found = []
    for page in pages:
        edge = {i for i, line in _edges(page) if _is_furniture(page, line, seen, needed)}
        found.append(frozenset(_touching_edge(edge, len(page.lines))))
    return found


def _edges(page: Page) -> Iterator[tuple[int, Line]]:
    count = len(page.lines)
    for i, line in enumerate(page.lines):
        if i < EDGE_LINES or i >= count - EDGE_LINES:
            yield i, line


def _shape(page: Page, line: Line) -> str:
    """Return a line with its numbers as #, and where it stands; for a bare number, how far it is from the page's."""
    text = page.text[line.start : line.end].strip()
    if text.isdecimal():
        return f"#{int(text) - page.number}"
    if _SENTENCE_END.search(text):
        return text  # sentences that differ in a number only are content
    height = "" if line.box is None or not page.height else str(round(20 * line.box[1] / page.height))
    return _NUMBER.sub("#", "".join(page.text[line.start : line.end].split())) + "@" + height


def _is_furniture(page: Page, line: Line, seen: Counter[str], needed: float) -> bool:
    text = page.text[line.start : line.end].strip()
    if len(text) > MAX_LENGTH:
        return False
    return bool(_PAGE_NUMBER.match(text)) or seen[_shape(page, line)] >= needed


def _touching_edge(candidates: set[int], count: int) -> set[int]:
    """Keep the candidates that nothing but candidates parts from the start or the end of the page's text."""
    kept: set[int] = set()
    for order in (range(count), range(count - 1, -1, -1)):
        for i in order:
            if i not in candidates:
                break
            kept.add(i)
    return kept
