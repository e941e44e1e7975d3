"""Extracted statement values against values read by hand: exact, wrong, missing, and whether the page is right.

The gold file has the columns of `fields_gold.csv`. Knows no library: what was found comes from a callable.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from vouch.eval.numbers import Target, decimals_of, numbers
from vouch.eval.text_metrics import normalised
from vouch.eval.types import Metrics
from vouch.retrieval.errors import UsageError
from vouch.retrieval.facts import Fact

FactVerdict = Literal["exact", "wrong", "missing"]
_NEEDED = ("report", "field", "value")


@dataclass(frozen=True, slots=True)
class GoldFact:
    """One row of the gold file."""

    report: str
    field: str
    value: float | None
    """None for a text field."""
    text: str
    unit: str
    page: int | None
    raw: str = ""
    company: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class FactRecord:
    """One line of records.jsonl for facts."""

    gold: GoldFact
    found: Fact | None
    verdict: FactVerdict
    page_exact: bool


Find = Callable[[GoldFact], Fact | None]
"""Returns what the library holds for a row: the current-year, consolidated value of that report; None for nothing."""


def load_gold_facts(path: Path) -> list[GoldFact]:
    """Return the rows of a gold file; UsageError naming the line that is not understood."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            lacking = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
            if lacking:
                raise UsageError(f"{path} has no column {', '.join(lacking)}: it needs the columns of fields_gold.csv")
            rows = [_gold(path, reader.line_num, row) for row in reader]
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8") from error
    if not rows:
        raise UsageError(f"{path} holds no rows")
    return rows


def fact_records(gold: Iterable[GoldFact], find: Find) -> Iterator[FactRecord]:
    """Yield a record for each row, in their order."""
    for row in gold:
        found = find(row)
        yield FactRecord(row, found, verdict(row, found), found is not None and found.page == row.page)


def verdict(gold: GoldFact, found: Fact | None) -> FactVerdict:
    """Return whether a found value is the gold one to the last printed digit; texts punctuation and width apart."""
    if found is None:
        return "missing"
    if gold.value is None:
        return "exact" if normalised(found.text) == normalised(gold.text) else "wrong"
    if found.value is None:
        return "wrong"
    step = _step(gold)
    return "exact" if abs(found.value - gold.value) <= step / 2 + 1e-9 * abs(gold.value) else "wrong"


def summarise_facts(records: Sequence[FactRecord]) -> Metrics:
    """Return the contract's summary, also by field and by report."""
    return Metrics(
        {
            **_counts(records),
            "by_field": {name: _counts(of_it) for name, of_it in _grouped(records, lambda gold: gold.field).items()},
            "by_report": {name: _counts(of_it) for name, of_it in _grouped(records, lambda gold: gold.report).items()},
        }
    )


def fact_record_json(record: FactRecord) -> dict[str, Any]:
    """Return one line of records.jsonl."""
    gold, found = record.gold, record.found
    return {
        "report": gold.report,
        "field": gold.field,
        "gold": gold.text if gold.value is None else gold.value,
        "found": None if found is None else (found.text if found.value is None else found.value),
        "page": None if found is None else found.page,
        "gold_page": gold.page,
        "verdict": record.verdict,
        "page_exact": record.page_exact,
    }


def _counts(records: Sequence[FactRecord]) -> dict[str, int]:
    verdicts = [record.verdict for record in records]
    return {
        "rows": len(records),
        "found": len(records) - verdicts.count("missing"),
        "exact": verdicts.count("exact"),
        "wrong": verdicts.count("wrong"),
        "missing": verdicts.count("missing"),
        "page_exact": sum(record.page_exact for record in records),
    }


def _grouped(records: Sequence[FactRecord], key: Callable[[GoldFact], str]) -> dict[str, list[FactRecord]]:
    grouped: dict[str, list[FactRecord]] = {}
    for record in records:
        grouped.setdefault(key(record.gold), []).append(record)
    return grouped


def _gold(path: Path, line: int, row: Mapping[str, str | None]) -> GoldFact:
    def cell(name: str) -> str:
        return (row.get(name) or "").strip()

    if not cell("report") or not cell("field") or not cell("value"):
        raise UsageError(f"{path}, line {line}: report, field and value must not be empty")
    unit = cell("unit")
    value = _number(cell("value")) if unit else None
    if unit and value is None:
        raise UsageError(f"{path}, line {line}: {cell('value')!r} is no number, but the row has the unit {unit}")
    page, year = cell("page"), cell("year")
    return GoldFact(
        report=cell("report"),
        field=cell("field"),
        value=value,
        text=cell("value"),
        unit=unit,
        page=int(page) if page.isdigit() else None,
        raw=cell("raw_in_pdf"),
        company=cell("company"),
        year=int(year) if year.isdigit() else None,
    )


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _step(gold: GoldFact) -> float:
    """Return what the last digit of a gold value is worth, as printed or as written in the file."""
    assert gold.value is not None
    printed = next((n.step for n in numbers(gold.raw) if abs(n.value) == abs(gold.value)), None)
    return printed or Target(gold.value, gold.unit, 10.0 ** -decimals_of(gold.value)).step
