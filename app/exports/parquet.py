"""Facts as a Parquet file."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pyarrow
from pyarrow import parquet

from vouch.app.fact_rows import COLUMNS, FactRow

ROWS_IN_MEMORY = 50_000
_TYPES = {"year": pyarrow.int32(), "page": pyarrow.int32(), "value": pyarrow.float64(), "confidence": pyarrow.float64()}
_SCHEMA = pyarrow.schema([(name, _TYPES.get(name, pyarrow.string())) for name in COLUMNS])


def write_parquet(rows: Iterable[FactRow], path: Path) -> int:
    """Write a file with one column for each key; return how many rows."""
    count = 0
    left = iter(rows)
    with parquet.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        while batch := list(islice(left, ROWS_IN_MEMORY)):
            columns = [
                pyarrow.array([getattr(row, name) for row in batch], _SCHEMA.field(name).type) for name in COLUMNS
            ]
            writer.write_table(pyarrow.table(columns, schema=_SCHEMA))
            count += len(batch)
    return count
