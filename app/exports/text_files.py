"""Facts as CSV and as JSON."""

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

from vouch.app.fact_rows import COLUMNS, FactRow

_FORMULA_STARTS = ("=", "@", "\t", "\r")
"""A spreadsheet would run a text that begins so; what a document says must stay a text."""


def write_csv(rows: Iterable[FactRow], path: Path) -> int:
    """Write a file that spreadsheets and `vouch ingest --kind facts` read; return how many rows."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark tells Excel that it is UTF-8
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for count, row in enumerate(rows, start=1):  # noqa: B007 - counts
            writer.writerow(_cell(getattr(row, name)) for name in COLUMNS)
    return count


def write_json(rows: Iterable[FactRow], path: Path) -> int:
    """Write the object of `vouch facts --json`, a line for each fact; return how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('{"facts": [')
        for count, row in enumerate(rows, start=1):
            line = json.dumps(asdict(row), ensure_ascii=False, allow_nan=False)
            file.write(f"{',' if count > 1 else ''}\n{line}")
        file.write("\n]}\n")
    return count


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"  # never 1e+16
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
