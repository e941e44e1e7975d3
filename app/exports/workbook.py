"""Facts as an Excel workbook."""

from collections.abc import Iterable
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from vouch.app.fact_rows import COLUMNS, FactRow
from vouch.retrieval.errors import UsageError

MAX_ROWS = 1_048_575
"""What a sheet holds below its header."""


def write_workbook(rows: Iterable[FactRow], path: Path) -> int:
    """Write one sheet; return how many rows; UsageError for more than a sheet holds."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("facts")
    sheet.append(COLUMNS)
    count = 0
    for count, row in enumerate(rows, start=1):
        if count > MAX_ROWS:
            raise UsageError(f"a workbook holds {MAX_ROWS:,} facts and these are more: export .csv or .parquet")
        sheet.append([_cell(sheet, getattr(row, name)) for name in COLUMNS])
    book.save(path)
    return count


def _cell(sheet: object, value: object) -> object:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    cell.data_type = "s"  # what a document says is a text, even where it begins like a formula
    return cell
