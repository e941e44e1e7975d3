"""The table of a file that is imported as facts, whichever of the two formats it has."""

from pathlib import Path

from vouch.ingest.loaders.formats import NAMES
from vouch.ingest.loaders.sniff import format_of
from vouch.ingest.types import Sheet
from vouch.retrieval.errors import UnreadableDocument


def read_sheet(path: Path) -> Sheet:
    """Return the rows of a table; UnreadableDocument for a file that is none."""
    match found := format_of(path):
        case "csv":
            from vouch.ingest.loaders.csv_rows import read_csv

            return read_csv(path)
        case "xlsx":
            from vouch.ingest.loaders.sheet import read_workbook

            return read_workbook(path)
    raise UnreadableDocument(
        f"facts are imported from tables, and this is {NAMES.get(found, 'a text')}",
        "name .csv or .xlsx files, or ingest it without --kind facts",
    )
