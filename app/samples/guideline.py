"""Writes a guideline's source text as a Word document. Knows nothing of PDF."""

import zipfile
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from itertools import groupby
from pathlib import Path

from docx import Document

EPOCH = datetime(2024, 3, 1)


def write_docx(text: str, path: Path) -> None:
    """Write a text of `#` headings, `|` tables and one paragraph a line; the same text gives the same bytes."""
    document = Document()
    properties = document.core_properties
    properties.title = next(line for line in text.splitlines() if line.startswith("# "))[2:]
    properties.author, properties.created, properties.modified = "Vouch sample documents", EPOCH, EPOCH
    for is_row, run in groupby(filter(str.strip, text.splitlines()), key=lambda line: line.startswith("|")):
        if is_row:
            _add_table(document, [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in run])
            continue
        for line in run:
            mark, _, title = line.partition(" ")
            if set(mark) == {"#"}:
                document.add_heading(title, len(mark) - 1)
            else:
                document.add_paragraph(line)
    content = BytesIO()
    document.save(content)
    _write_zip(_members(content), path)


def _add_table(document, rows: list[list[str]]) -> None:  # type: ignore[no-untyped-def]  # docx has no types
    table = document.add_table(len(rows), len(rows[0]), "Table Grid")
    for cells, row in zip(table.rows, rows, strict=True):
        for cell, text in zip(cells.cells, row, strict=True):
            cell.text = text


def _members(content: BytesIO) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(content) as archive:
        for name in sorted(archive.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            yield name, archive.read(name)


def _write_zip(members: Iterator[tuple[str, bytes]], path: Path) -> None:
    """Pack the parts with a fixed date: python-docx stamps them with the present time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            entry = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
