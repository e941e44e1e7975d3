"""Word documents in document order. Pages are those of Word's last layout where the file keeps it, else page 1."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import docx
from docx.opc.exceptions import OpcError
from docx.oxml import parse_xml

from vouch.ingest.headings import numbered_level
from vouch.ingest.loaders.docx_numbering import Numbering
from vouch.ingest.loaders.docx_tables import TableRow, shown_cells, table_rows
from vouch.ingest.loaders.docx_xml import PAGE_BREAK, Styles, W, text_boxes, text_of
from vouch.ingest.loaders.files import read_bytes
from vouch.ingest.loaders.office_zip import checked_office_file
from vouch.ingest.loaders.tables import add_table
from vouch.ingest.pages import PageDraft, assembled
from vouch.ingest.types import BlockKind, Document
from vouch.retrieval.errors import UnreadableDocument

_DAMAGE = (ValueError, TypeError, AttributeError, LookupError, SyntaxError, BadZipFile, OpcError)
"""What python-docx lets through from a document with parts missing or mixed up; SyntaxError is broken XML."""

_CONTAINERS = frozenset([W + "sdt", W + "sdtContent", W + "customXml", W + "ins", W + "smartTag"])


class DocxLoader:
    """Reads .docx files."""

    def load(self, path: Path) -> Document:
        """Read a file; UnreadableDocument for damage, a password, a zip bomb or a document without text."""
        file = checked_office_file(read_bytes(path), "word/document.xml")
        try:
            writer = _Writer(docx.Document(file))
            writer.write()
        except _DAMAGE as problem:
            raise UnreadableDocument(
                f"the document is damaged ({problem})", "open it in Word or LibreOffice and save it again"
            ) from problem
        pages, blocks = assembled(writer.drafts)
        if not pages:
            raise UnreadableDocument(
                "the document holds no text, perhaps only pictures", "save it as PDF and read it with the extra 'ocr'"
            )
        return Document(pages, blocks, title=writer.title)


class _Writer:
    """Walks over paragraphs and tables."""

    def __init__(self, document: Any) -> None:
        self.body = document.element.body
        related = {rel.reltype.rpartition("/")[2]: rel for rel in document.part.rels.values() if not rel.is_external}
        roots = {
            name: parse_xml(related[name].target_part.blob)
            for name in ("styles", "numbering", "footnotes")
            if name in related
        }
        self.styles, self.numbering = Styles(roots.get("styles")), Numbering(roots.get("numbering"))
        self.footnotes = roots.get("footnotes")
        self.drafts = [PageDraft(1)]
        self.title = ""
        paragraphs = self.body.iter(W + "p")
        self.is_styled = any(self.styles.of(paragraph).heading for paragraph in paragraphs)
        """Headings are marked as such; otherwise their numbering tells them."""

    def write(self) -> None:
        self.content(self.body)
        if self.footnotes is not None:
            for note in self.footnotes.iterfind(W + "footnote"):
                if note.get(W + "type") is None:
                    text = "".join(map(text_of, note.iter(W + "p"))).replace(PAGE_BREAK, "").strip()
                    self.drafts[-1].add("prose", f"[{note.get(W + 'id')}] {text}" if text else "")

    def content(self, parent: Any) -> None:
        for child in parent:
            if child.tag == W + "p":
                self.paragraph(child)
                for boxed in text_boxes(child):
                    self.paragraph(boxed)
            elif child.tag == W + "tbl":
                self.table(table_rows(child))
            elif child.tag in _CONTAINERS:
                self.content(child)

    def paragraph(self, paragraph: Any) -> None:
        style = self.styles.of(paragraph)
        raw = text_of(paragraph)
        text = raw.replace(PAGE_BREAK, "").strip()
        label = self.numbering.label(style.list_id, style.list_level) if text else ""
        kind: BlockKind = "toc" if style.is_toc else "prose"
        level = 0
        if kind == "prose" and text:
            level = style.heading or int(style.is_title)
            level = level or (0 if self.is_styled else numbered_level(f"{label}{text}"))
        if level:
            kind = "heading"
            self.title = self.title or (text if level == 1 else "")
        self.paged(kind, raw, level, f"{label} " if label else "")

    def paged(self, kind: BlockKind, raw: str, level: int, label: str) -> None:
        """Append a paragraph, each part of it on its page."""
        for number, part in enumerate(raw.split(PAGE_BREAK)):
            if number:
                self.drafts.append(PageDraft(self.drafts[-1].number + 1))
            if part.strip():
                self.drafts[-1].add(kind, label + part.strip(), level=level)
                label = ""

    def table(self, rows: Sequence[TableRow]) -> None:
        """Append a table, each part of it on its page below the same header."""
        headers: int | None = sum(row.is_header for row in rows) or None
        context = ""
        for number, part in enumerate(_by_page(rows)):
            if part and part[0].page_breaks:
                self.drafts.append(PageDraft(self.drafts[-1].number + part[0].page_breaks))
            found = add_table(
                self.drafts[-1], shown_cells(part, headers), headers if not number else 0, context=context
            )
            context = context or found
            headers = 0


def _by_page(rows: Sequence[TableRow]) -> Iterator[list[TableRow]]:
    """Yield runs of rows of one page: Word notes a break inside the first cell of the row below it."""
    part: list[TableRow] = []
    for row in rows:
        if row.page_breaks and part:
            yield part
            part = []
        part.append(row)
    yield part
