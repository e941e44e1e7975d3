"""The values of an answer that compares companies or periods, as a small table of plain text."""

from collections.abc import Sequence

from vouch.app.document_table import aligned
from vouch.app.result_labels import Labels, in_time, of_companies
from vouch.generation.types import Answer, ResultRow

MOST_LINES = 50
"""More would bury the sources that follow; the answer and the CSV file have them all."""
_HEADINGS = {"zh": ("公司", "期间"), "en": ("company", "period")}
_NOTHING = "—"


def result_table(answer: Answer, labels: Labels) -> str:
    """Return a table of the values of several companies or periods; empty for an answer without."""
    rows = of_companies(answer)
    companies = list(dict.fromkeys(row.company for row in rows))
    periods = in_time(rows)
    if len(companies) < 2 and len(periods) < 2:
        return ""
    fields = {row.field: labels.field(row) for row in rows}
    if len(fields) == 1 and len(companies) > 1 and len(periods) > 1:
        names, cells = 1, _companies_by_period(rows, periods, labels)
    else:
        differ = len(companies) > 1, len(periods) > 1
        names, cells = sum(differ), _by_field(rows, fields, labels, differ)
    lines = cells[: MOST_LINES + 1]
    more = "\n…" if len(cells) > len(lines) else ""
    return aligned(lines, to_the_right=_numbers(lines, names)) + more


def _companies_by_period(rows: Sequence[ResultRow], periods: Sequence[ResultRow], labels: Labels) -> list[list[str]]:
    """Return a line for each company and a column for each period of the only value."""
    texts = {(row.company, row.year, row.period): row.text for row in rows}
    lines = [[labels.field(rows[0]), *map(labels.when, periods)]]
    for company, row in {row.company: row for row in rows}.items():
        at = [texts.get((company, period.year, period.period), _NOTHING) for period in periods]
        lines.append([labels.company(row), *at])
    return lines


def _by_field(
    rows: Sequence[ResultRow], fields: dict[str, str], labels: Labels, named: tuple[bool, bool]
) -> list[list[str]]:
    """Return a line for each company and period and a column for each field; `named`: which of both differ."""
    texts = {(row.company, row.year, row.period, row.field): row.text for row in rows}
    company_heading, when_heading = _HEADINGS[labels.wording.language]
    lines = [[*_those(named, company_heading, when_heading), *fields.values()]]
    for key, row in {(row.company, row.year, row.period): row for row in rows}.items():
        values = [texts.get((*key, field), _NOTHING) for field in fields]
        lines.append([*_those(named, labels.company(row), labels.when(row)), *values])
    return lines


def _those(named: tuple[bool, bool], company: str, when: str) -> list[str]:
    return [text for wanted, text in zip(named, (company, when), strict=True) if wanted]


def _numbers(lines: Sequence[Sequence[str]], first: int) -> list[int]:
    """Return the columns, from the first that may, in which every cell below the heading begins like a number."""
    columns = list(zip(*lines[1:], strict=True))
    return [
        column
        for column in range(first, len(columns))
        if all(text == _NOTHING or text.lstrip("-")[:1].isdigit() for text in columns[column])
    ]
