"""Which loader reads a file. A new file type is a module here, a line in SUFFIXES and a case in `loader_for_format`.

Importing this loads no library that reads files; a loader is imported when a file needs it.
"""

from dataclasses import replace
from pathlib import Path

from vouch.ingest.loaders.discover import discover
from vouch.ingest.loaders.formats import NAMES, SUFFIXES, SUPPORTED_SUFFIXES, Format
from vouch.ingest.types import Document, Loader

__all__ = ["SUFFIXES", "SUPPORTED_SUFFIXES", "MisnamedLoader", "discover", "loader_for", "loader_for_format"]


class MisnamedLoader:
    """Reads a file as what it is and says that its name promises something else."""

    def __init__(self, loader: Loader, warning: str) -> None:
        self.loader, self.warning = loader, warning

    def load(self, path: Path) -> Document:
        """Return the other loader's document with a warning more."""
        document = self.loader.load(path)
        return replace(document, warnings=(self.warning, *document.warnings))


def loader_for(path: Path, pdf: Loader | None = None) -> Loader:
    """Return the loader for what a file holds; UnreadableDocument where there is none, saying what it is.

    `pdf` reads PDF files instead of pdfium.
    """
    from vouch.ingest.loaders.sniff import format_of

    found = format_of(path)
    loader = pdf if found == "pdf" and pdf is not None else loader_for_format(found)
    suffix = path.suffix.lower()
    if found == "report_lines" or SUFFIXES.get(suffix) == found:
        return loader
    promised = f"its name ends in '{suffix}'" if suffix else "its name has no ending"
    return MisnamedLoader(loader, f"{promised}, but it is {NAMES[found]}: read as that")


def loader_for_format(found: Format) -> Loader:
    """Return the loader for a format; only the library it needs is imported."""
    match found:
        case "pdf":
            from vouch.ingest.loaders.pdf import PdfLoader

            loader: Loader = PdfLoader()
        case "docx":
            from vouch.ingest.loaders.docx import DocxLoader

            loader = DocxLoader()
        case "xlsx":
            from vouch.ingest.loaders.sheet import XlsxLoader

            loader = XlsxLoader()
        case "html":
            from vouch.ingest.loaders.html import HtmlLoader

            loader = HtmlLoader()
        case "markdown":
            from vouch.ingest.loaders.markdown import MarkdownLoader

            loader = MarkdownLoader()
        case "csv":
            from vouch.ingest.loaders.csv_rows import CsvLoader

            loader = CsvLoader()
        case "records":
            from vouch.ingest.loaders.qa_records import RecordsLoader

            loader = RecordsLoader()
        case "report_lines":
            from vouch.ingest.loaders.report_lines import ReportLinesLoader

            loader = ReportLinesLoader()
        case "text":
            from vouch.ingest.loaders.text import TextLoader

            loader = TextLoader()
    return loader
