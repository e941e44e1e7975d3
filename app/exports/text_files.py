"""Facts as CSV and as JSON, the values of an answer as CSV."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

from vouch.app.fact_rows import COLUMNS as FACT_COLUMNS
from vouch.app.fact_rows import FactRow
from vouch.app.result_lines import COLUMNS as RESULT_COLUMNS
from vouch.app.result_lines import ResultLine

_FORMULA_STARTS = ("=", "@", "\t", "\r")
"""A spreadsheet would run a text that begins so; what a document says must stay a text."""


def write_csv(rows: Iterable[FactRow], path: Path) -> int:
    """Write a file that spreadsheets and `vouch ingest --kind facts` read; return how many rows."""
    return _write_table(FACT_COLUMNS, ([getattr(row, name) for name in FACT_COLUMNS] for row in rows), path)


def write_result_csv(lines: Iterable[ResultLine], path: Path) -> int:
    """Write the values of an answer for spreadsheets; return how many."""
    return _write_table(RESULT_COLUMNS, ([getattr(line, name) for name in RESULT_COLUMNS] for line in lines), path)


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


def _write_table(columns: Sequence[str], rows: Iterable[Sequence[object]], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark tells Excel that it is UTF-8
        writer = csv.writer(file)
        writer.writerow(columns)
        for count, row in enumerate(rows, start=1):  # noqa: B007 - counts
            writer.writerow(map(_cell, row))
    return count


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"  # never 1e+16
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
