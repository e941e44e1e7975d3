"""CSV and TSV: one page with its tables; with a question and an answer column, a page for each pair."""

import csv
import io
from collections import Counter
from pathlib import Path

from vouch.ingest.loaders.decode import decoding_warnings, read_text
from vouch.ingest.loaders.sheet_pages import qa_document, sheet_draft
from vouch.ingest.pages import assembled
from vouch.ingest.types import Document, Sheet
from vouch.retrieval.errors import UnreadableDocument

DELIMITERS = (",", "\t", ";", "|", "，")
SNIFFED_LINES = 50


class CsvLoader:
    """Reads files of delimited values, whatever the delimiter."""

    def load(self, path: Path) -> Document:
        """Read a file; UnreadableDocument for binary data, no values, or a quote that is never closed."""
        sheet = read_csv(path)
        pairs = qa_document(sheet.rows, sheet.warnings) if sheet.rows else None
        if pairs is not None:
            return pairs
        pages, blocks = assembled([sheet_draft(1, "", sheet.rows)])
        if not pages:
            raise UnreadableDocument("the file holds no values", "export it again")
        return Document(pages, blocks, warnings=sheet.warnings)


def read_csv(path: Path) -> Sheet:
    """Return the rows of a file; UnreadableDocument for binary data or a quote that is never closed."""
    text, encoding = read_text(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    try:
        rows = tuple(tuple(cell.strip() for cell in row) for row in reader)
    except csv.Error as problem:
        raise UnreadableDocument(
            f"line {reader.line_num} cannot be read ({problem})", "check the quotes around the values of that line"
        ) from problem
    return Sheet(rows, decoding_warnings(text, encoding))


def delimiter_of(text: str) -> str:
    """Return the delimiter that parts the first lines into the same number of values, the most of them."""
    sample = text.split("\n", SNIFFED_LINES)[:SNIFFED_LINES]

    def regularity(delimiter: str) -> tuple[int, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(sample, delimiter=delimiter) if row)
        except csv.Error:
            return 0, 0
        width, lines = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))
        return (lines, width) if width > 1 else (0, 0)

    return max(DELIMITERS, key=regularity)
