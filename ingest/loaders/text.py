"""Plain text: pages by form feeds or by the page numbers still printed in it; otherwise all of it is page 1."""

from pathlib import Path

from vouch.ingest.loaders.decode import decoding_warnings, read_text
from vouch.ingest.loaders.printed_pages import printed_pages
from vouch.ingest.pages import clean_lines, page_of_lines
from vouch.ingest.structure import infer_blocks
from vouch.ingest.types import Document
from vouch.retrieval.errors import UnreadableDocument
from vouch.retrieval.types import Page


class TextLoader:
    """Reads plain text files; headings, paragraphs and tables are inferred from how the lines stand."""

    def load(self, path: Path) -> Document:
        """Read a file; UnreadableDocument for binary data or a file without a visible character."""
        text, encoding = read_text(path)
        if not text.strip():
            raise UnreadableDocument("the file holds nothing but blanks", "copy or download it again")
        warnings = decoding_warnings(text, encoding)
        if "\f" in text:
            pages = tuple(
                page_of_lines(number, clean_lines(part))
                for number, part in enumerate(text.split("\f"), start=1)
                if part.strip()
            )
            return Document(pages, infer_blocks(pages), warnings=warnings)
        lines = clean_lines(text)
        pages = tuple(page_of_lines(number, part) for number, part in printed_pages(lines))
        if pages:
            return Document(pages, infer_blocks(pages), warnings=warnings + _page_warnings(pages))
        pages = (page_of_lines(1, lines),)
        return Document(pages, infer_blocks(pages, furniture=False), warnings=warnings)


def _page_warnings(pages: tuple[Page, ...]) -> tuple[str, ...]:
    """Return what to know of pages that were told apart by their printed numbers."""
    shared = pages[-1].number - pages[0].number + 1 - len(pages)
    doubt = f"; {shared} page(s) whose number is lost or out of place are cited by the number before" if shared else ""
    return (f"page numbers are those printed in the text, {pages[0].number} to {pages[-1].number}{doubt}",)
