"""What a loader makes of a file, before it is cut into passages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from vouch.retrieval.types import DocumentKind, Page

BlockKind = Literal["heading", "prose", "table", "qa", "toc", "furniture"]


@dataclass(frozen=True, slots=True)
class Block:
    """A run of lines of one page that belong together: `page.text[start:end]`."""

    kind: BlockKind
    page: int
    start: int
    end: int
    level: int = 0
    """Depth of a heading, 1 outermost; 0 for everything else."""
    context: str = ""
    """A table's caption, unit and header rows (where they are not in the block itself); a QA pair's question."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file as read. Blocks are in reading order; those of PDF and plain text are inferred from the layout."""

    pages: tuple[Page, ...]
    blocks: tuple[Block, ...]
    title: str = ""
    kind: DocumentKind | None = None
    """What the format itself says it is; None leaves it to the content."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the user says about the files of one ingest, over what the documents say."""

    collection: str = "default"
    kind: DocumentKind | None = None
    company: str | None = None
    year: int | None = None


class PageReader(Protocol):
    """Reads a page without a text layer from its picture."""

    def read(self, handle: Any, page: Page) -> Page:
        """Return the page with what the picture shows, origin `ocr`; `handle` is pdfium's page."""
        ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it stands in a file: a header row and the others, cells as texts that keep every digit."""

    rows: tuple[tuple[str, ...], ...]
    warnings: tuple[str, ...] = ()


class SheetReader(Protocol):
    """Reads the table of a file."""

    def __call__(self, path: Path) -> Sheet:
        """Return the rows; raise UnreadableDocument naming what is wrong and what to do."""
        ...


class Loader(Protocol):
    """Reads one kind of file."""

    def load(self, path: Path) -> Document:
        """Read a file; raise UnreadableDocument naming what is wrong and what to do."""
        ...
