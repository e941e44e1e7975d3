"""Excel workbooks: a page for each visible sheet, values as the sheet shows them, formulas by their last result."""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from vouch.ingest.loaders.files import read_bytes
from vouch.ingest.loaders.office_zip import checked_office_file
from vouch.ingest.loaders.sheet_pages import qa_document, sheet_draft
from vouch.ingest.pages import assembled
from vouch.ingest.types import Document
from vouch.retrieval.errors import UnreadableDocument

MAX_CELLS = 10_000_000
_DAMAGE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, SyntaxError, BadZipFile)
"""What openpyxl lets through from a workbook with parts missing or mixed up; SyntaxError is broken XML."""
_DEFAULT_NAME = re.compile(r"(?:Sheet|工作表|表)\s*\d+", re.IGNORECASE)
_DECIMALS = re.compile(r"0\.(0+)")


class XlsxLoader:
    """Reads .xlsx and .xlsm workbooks."""

    def load(self, path: Path) -> Document:
        """Read a file; UnreadableDocument for damage, a password, a zip bomb or a workbook without values."""
        file = checked_office_file(read_bytes(path), "xl/workbook.xml")
        try:
            sheets = _sheets(file)
        except (*_DAMAGE, InvalidFileException) as problem:
            raise UnreadableDocument(
                f"the workbook is damaged ({problem})", "open it in Excel or LibreOffice and save it again"
            ) from problem
        return _document(sheets)


def _sheets(file: io.BytesIO) -> list[tuple[int, str, list[list[str]] | None]]:
    """Return number, name and rows of each sheet; None for the rows of a hidden one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that hold no values
        book = load_workbook(file, read_only=True, data_only=True)
        return [
            (number, sheet.title, list(_rows(sheet, number)) if sheet.sheet_state == "visible" else None)
            for number, sheet in enumerate(book.worksheets, start=1)
        ]


def _document(sheets: Sequence[tuple[int, str, list[list[str]] | None]]) -> Document:
    hidden = [name for _, name, rows in sheets if rows is None]
    notes = (f"hidden sheet(s) left out: {', '.join(hidden)}",) if hidden else ()
    filled = [(number, name, rows) for number, name, rows in sheets if rows and any(map(any, rows))]
    if not filled:
        raise UnreadableDocument(
            "no visible sheet holds a value", "formulas have none until the workbook was saved by Excel or LibreOffice"
        )
    pairs = qa_document(filled[0][2], notes) if len(filled) == 1 else None
    if pairs is not None:
        return pairs
    pages, blocks = assembled(
        sheet_draft(number, "" if _DEFAULT_NAME.fullmatch(name) else name, rows) for number, name, rows in filled
    )
    return Document(pages, blocks, warnings=notes)


def _rows(sheet: Any, number: int) -> Iterator[list[str]]:
    """Yield the texts of a sheet's rows."""
    sheet.reset_dimensions()  # what a file says of its size may be wrong, or meant to fill the memory
    cells = 0
    for row in sheet.iter_rows():
        cells += len(row) + 1
        if cells > MAX_CELLS:
            raise UnreadableDocument(f"the sheet has more than {MAX_CELLS:,} cells", "split it", page=number)
        yield [cell_text(cell.value, cell.number_format or "") if cell.value is not None else "" for cell in row]


def cell_text(value: object, number_format: str) -> str:
    """Return a value as its format shows it, as far as digits, percent and thousands go."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return _number_text(value, number_format)
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case date() | time() | timedelta():
            return str(value)
        case _:
            return str(value).strip()


def _number_text(value: float, number_format: str) -> str:
    shown = number_format.partition(";")[0]
    fraction = _DECIMALS.search(shown)
    decimals = len(fraction[1]) if fraction else 0
    if "%" in shown:
        return f"{value * 100:.{decimals}f}%"
    if "#,##0" in shown:
        return f"{value:,.{decimals}f}"
    if shown.strip() in ("0", "0.0", "0.00", "0.000", "0.0000"):
        return f"{value:.{decimals}f}"
    return f"{value:.15g}"
