"""Excel workbooks: a page for each visible sheet, values as the sheet shows them, formulas by their last result."""

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from vouch.ingest.loaders.files import read_bytes
from vouch.ingest.loaders.office_zip import checked_office_file
from vouch.ingest.loaders.sheet_pages import qa_document, sheet_draft
from vouch.ingest.pages import assembled
from vouch.ingest.types import Document, Sheet
from vouch.retrieval.errors import UnreadableDocument

MAX_CELLS = 10_000_000
_DAMAGE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, SyntaxError, zipfile.BadZipFile)
"""What openpyxl lets through from a workbook with parts missing or mixed up; SyntaxError is broken XML."""
_DEFAULT_NAME = re.compile(r"(?:Sheet|工作表|表)\s*\d*", re.IGNORECASE)
_SHEET_NAME = re.compile(r"<(?:\w+:)?sheet\s[^>]*?\bname=\"([^\"]*)\"")
_DECIMALS = re.compile(r"0\.(0+)")


TextOf = Callable[[object, str], str]
"""From a value and its number format to a text."""


class XlsxLoader:
    """Reads .xlsx and .xlsm workbooks."""

    def load(self, path: Path) -> Document:
        """Read a file; UnreadableDocument for damage, a password, a zip bomb or a workbook without values."""
        return _document(_read(path, cell_text))


def read_workbook(path: Path) -> Sheet:
    """Return the rows of the first visible sheet with values, each number with all its digits."""
    filled, notes = _filled(_read(path, exact_text))
    _, _, rows = filled[0]
    unread = [name for _, name, _ in filled[1:]]
    more = (f"only the first sheet is read, not {', '.join(unread)}",) if unread else ()
    return Sheet(tuple(tuple(row) for row in rows), (*notes, *more))


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet in its place; `rows` is None where it was left out, for a reason."""

    number: int
    name: str
    rows: list[list[str]] | None
    reason: str = ""


def _read(path: Path, text_of: TextOf) -> list[_Sheet]:
    file = checked_office_file(read_bytes(path), "xl/workbook.xml")
    try:
        return _sheets(file, text_of)
    except (*_DAMAGE, InvalidFileException) as problem:
        raise UnreadableDocument(
            f"the workbook is damaged ({problem})", "open it in Excel or LibreOffice and save it again"
        ) from problem


def _sheets(file: io.BytesIO, text_of: TextOf) -> list[_Sheet]:
    """Return the sheets in the order of their tabs, those included that openpyxl passes over in silence."""
    with zipfile.ZipFile(file) as archive:
        names = [unescape(name) for name in _SHEET_NAME.findall(archive.read("xl/workbook.xml").decode("utf-8"))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that hold no values
        book = load_workbook(file, read_only=True, data_only=True)
        readable = {sheet.title: sheet for sheet in book.worksheets}
        charts = {sheet.title for sheet in book.chartsheets}
        sheets = []
        for number, name in enumerate(names, start=1):
            if name in readable and readable[name].sheet_state == "visible":
                sheets.append(_Sheet(number, name, list(_rows(readable[name], number, text_of))))
            elif name not in charts:
                sheets.append(_Sheet(number, name, None, "hidden" if name in readable else "damaged"))
    return sheets


def _filled(sheets: Sequence[_Sheet]) -> tuple[list[tuple[int, str, list[list[str]]]], tuple[str, ...]]:
    """Return (number, name, rows) of the sheets with values, and what was left out."""
    notes = tuple(
        f"{reason} sheet(s) left out: {', '.join(names)}"
        for reason in ("hidden", "damaged")
        if (names := [sheet.name for sheet in sheets if sheet.reason == reason])
    )
    filled = [(sheet.number, sheet.name, sheet.rows) for sheet in sheets if sheet.rows and any(map(any, sheet.rows))]
    if not filled:
        raise UnreadableDocument(
            f"no visible sheet holds a value{''.join(f'; {note}' for note in notes)}",
            "save it with Excel or LibreOffice: until then formulas have no values",
        )
    return filled, notes


def _document(sheets: Sequence[_Sheet]) -> Document:
    filled, notes = _filled(sheets)
    pairs = qa_document(filled[0][2], notes) if len(filled) == 1 else None
    if pairs is not None:
        return pairs
    pages, blocks = assembled(
        sheet_draft(number, "" if _DEFAULT_NAME.fullmatch(name) else name, rows) for number, name, rows in filled
    )
    return Document(pages, blocks, warnings=notes)


def _rows(sheet: Any, number: int, text_of: TextOf) -> Iterator[list[str]]:
    """Yield the texts of a sheet's rows."""
    sheet.reset_dimensions()  # what a file says of its size may be wrong, or meant to fill the memory
    cells = 0
    for row in sheet.iter_rows():
        cells += len(row) + 1
        if cells > MAX_CELLS:
            raise UnreadableDocument(f"the sheet has more than {MAX_CELLS:,} cells", "split it", page=number)
        yield [text_of(cell.value, cell.number_format or "") if cell.value is not None else "" for cell in row]


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


def exact_text(value: object, number_format: str) -> str:
    """Return a number with all its digits, percentages as such; everything else as its format shows it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return cell_text(value, number_format)
    number = Decimal(repr(value))
    if "%" in number_format.partition(";")[0]:
        return f"{number * 100:f}%"
    return f"{number:f}"


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
