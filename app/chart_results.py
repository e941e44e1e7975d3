"""What a chart of an answer's values shows: lines over the years, else bars; what shares axes shares the unit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from vouch.app.result_labels import Labels, in_time, of_companies
from vouch.generation.phrases import Language
from vouch.generation.types import Answer, ResultRow
from vouch.retrieval.errors import UsageError

MOST_MARKS, MOST_SERIES = 40, 10
"""More bars, or more colours, are not told apart: the CSV file has them all."""
_MONEY = "元"
_SCALES: dict[Language, tuple[tuple[float, str], ...]] = {
    "zh": ((1e8, "亿元"), (1e4, "万元"), (1.0, "元")),
    "en": ((1e6, "million yuan"), (1.0, "yuan")),
}

Kind = Literal["lines", "bars"]
Name = Callable[[ResultRow], str]


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one colour, one for each mark of the panel; None where there is none."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes: values of one unit, scaled to be read."""

    title: str
    unit: str
    marks: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class ResultChart:
    """The panels of an answer: lines over the years, or bars with the first mark on top."""

    kind: Kind
    title: str
    panels: tuple[Panel, ...]
    left_out: int = 0
    """How many values did not fit."""


def result_chart(answer: Answer, labels: Labels) -> ResultChart:
    """Return the chart of an answer's values; UsageError for fewer than two."""
    rows = [row for row in of_companies(answer) if row.value is not None]
    if len(rows) < 2:
        held = "only one number" if rows else "no numbers"
        raise UsageError(f"no chart: the answer holds {held} of a company; ask for several years, companies or values")
    periods, companies, fields = in_time(rows), {row.company for row in rows}, {row.field for row in rows}
    same = ((companies, labels.company), (periods, labels.when), (fields, labels.field))
    title = " ".join(name(rows[0]) for different, name in same if len(different) == 1)
    language = labels.wording.language
    if len(periods) > 1:
        # A year to date that ends in another quarter is no later point of the same line.
        kind: Kind = "lines" if len({row.period for row in periods}) == 1 else "bars"
        marks = [labels.when(row) for row in periods]
        groups = _groups(rows, lambda row: f"{row.field} {row.unit}")
        panels = [
            _panel(
                group, (labels.when, labels.company), marks, language, labels.field(group[0]) if len(fields) > 1 else ""
            )
            for group in groups
        ]
    else:
        kind = "bars"
        names = (labels.company, labels.field) if len(companies) > 1 else (labels.field, labels.company)
        panels = [
            _panel(group, names, [names[0](row) for row in group], language)
            for group in _groups(rows, lambda row: row.unit)
        ]
    drawn = sum(value is not None for panel in panels for series in panel.series for value in series.values)
    return ResultChart(kind, title, tuple(panels), len(rows) - drawn)


def _groups(rows: Sequence[ResultRow], key: Name) -> list[list[ResultRow]]:
    """Return the rows that share a key together, in the order of the first of each."""
    groups: dict[str, list[ResultRow]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return list(groups.values())


def _panel(
    rows: Sequence[ResultRow], names: tuple[Name, Name], marks: Sequence[str], language: Language, title: str = ""
) -> Panel:
    """Return the axes of some rows; `names` says what a row's mark and what its series is called."""
    mark, series = names
    limit, unit = _scale(rows, language)
    shown = tuple(dict.fromkeys(marks))[:MOST_MARKS]
    values = {(series(row), mark(row)): row.value / limit for row in rows if row.value is not None}
    found = list(dict.fromkeys(map(series, rows)))[:MOST_SERIES]
    lines = tuple(Series(name, tuple(values.get((name, at)) for at in shown)) for name in found)
    return Panel(title, unit, shown, lines)


def _scale(rows: Sequence[ResultRow], language: Language) -> tuple[float, str]:
    """Return what the values are divided by and the unit that makes of them."""
    unit = rows[0].unit
    if unit != _MONEY:
        return 1.0, unit
    largest = max(abs(row.value or 0.0) for row in rows)
    scales = _SCALES[language]
    return next((scale for scale in scales if largest >= scale[0]), scales[-1])
