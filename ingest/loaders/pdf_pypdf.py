"""PDF pages through pypdf: text without positions. Slower than pdfium by an order; kept to compare with."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pypdf import PasswordType, PdfReader
from pypdf.errors import DependencyError, PyPdfError

from vouch.ingest.pages import clean_lines, page_of_lines
from vouch.ingest.structure import infer_blocks
from vouch.ingest.types import Document
from vouch.retrieval.errors import UnreadableDocument
from vouch.retrieval.types import Page

BROKEN_SHARE = 0.75
"""pypdf ends a line after each word or table cell of some files: a page whose heights make fewer than this share of
its lines is put together by them."""
SAME_LINE = 0.3
"""Words whose base lines differ by less than this share of the type size stand on one line."""

# What pypdf raises when a file's bytes are not what their place in the file says they are.
_BROKEN = (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, RecursionError)


class PypdfLoader:
    """Reads PDF files with pypdf; has neither boxes nor a way to read pictures."""

    def load(self, path: Path) -> Document:
        """Read a file; UnreadableDocument for a password, damage or no pages."""
        with _quiet():
            reader = _open(path)
            count = _page_count(reader)
            pages = tuple(_page(reader, index) for index in range(count))
            title = _title(reader)
        return Document(pages, infer_blocks(pages), title=title, warnings=_empty_warnings(pages))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pypdf from telling the user of every oddity that it mends."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _open(path: Path) -> PdfReader:
    try:
        reader = PdfReader(path)
        opened = not reader.is_encrypted or reader.decrypt("") != PasswordType.NOT_DECRYPTED
    except DependencyError as error:
        raise UnreadableDocument(
            "the PDF is encrypted and pypdf lacks a package for that", "pip install 'vouch-qa[pypdf]'"
        ) from error
    except NotImplementedError as error:
        raise UnreadableDocument("the PDF uses an unknown encryption", "save a copy without it") from error
    except _BROKEN as error:
        raise _damaged() from error
    if not opened:
        raise UnreadableDocument("the PDF needs a password", "save a copy without one and ingest that")
    return reader


def _page_count(reader: PdfReader) -> int:
    try:
        count = len(reader.pages)
    except _BROKEN as error:
        raise _damaged() from error
    if count == 0:
        raise UnreadableDocument("the PDF has no pages", "export it again from its source")
    return count


def _page(reader: PdfReader, index: int) -> Page:
    try:
        page = reader.pages[index]
        pieces = _Pieces()
        printed = [line for line in clean_lines(page.extract_text(visitor_text=pieces.visit)) if line.strip()]
        width, height = float(page.cropbox.width), float(page.cropbox.height)
    except _BROKEN as error:
        raise UnreadableDocument("the page cannot be read", "repair the PDF or export it again", index + 1) from error
    joined = [line for line in clean_lines("\n".join(pieces.lines)) if line.strip()]
    lines = joined if len(joined) < BROKEN_SHARE * len(printed) else printed
    return replace(page_of_lines(index + 1, lines), width=width, height=height)


class _Pieces:
    """Puts the pieces of text that pypdf comes by together again where they are set at the same height."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._height: float | None = None
        self._broken = False

    def visit(self, text: str, outer: list[float], inner: list[float], _font: object, size: float) -> None:
        """Take one piece; `outer` and `inner` are the page's and the text's matrix."""
        piece = text.strip("\n")
        if not piece:
            self._broken |= "\n" in text
            return
        base = inner[4] * outer[1] + inner[5] * outer[3] + outer[5]
        if self._height is None or abs(base - self._height) > SAME_LINE * abs(size * outer[3]):
            self.lines.append("")
        elif (self._broken or text.startswith("\n")) and _are_words(self.lines[-1], piece):
            piece = f" {piece}"
        self.lines[-1] += piece.replace("\n", " ")
        self._height, self._broken = base, text.endswith("\n")


def _are_words(left: str, right: str) -> bool:
    """Say whether two pieces of a line are words or cells of their own: no blank between, no mark that clings."""
    return not (left.endswith((" ", "(", "（")) or right.startswith((" ", *",.;:!?)%，。；：！？）")))


def _title(reader: PdfReader) -> str:
    try:
        metadata = reader.metadata
        return str(metadata.title or "") if metadata else ""
    except _BROKEN:
        return ""  # a broken information dictionary says nothing about the pages


def _damaged() -> UnreadableDocument:
    return UnreadableDocument(
        "the PDF is damaged or cut off", "download or export it again; `qpdf --check FILE` says what is broken"
    )


def _empty_warnings(pages: tuple[Page, ...]) -> tuple[str, ...]:
    empty = [page.number for page in pages if not page.lines]
    if not empty:
        return ()
    named = ", ".join(map(str, empty[:8])) + (" …" if len(empty) > 8 else "")
    return (
        f"{len(empty)} page(s) have no text for pypdf ({named}): scans need `--reader pdfium` with the extra `ocr`",
    )
