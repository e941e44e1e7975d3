"""An answer's values as the lines of a table for spreadsheets, each with where it stands."""

from dataclasses import dataclass, fields

from vouch.generation.types import Answer, Citation, ResultRow

_BETWEEN = "; "


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One value of an answer. A computed one has the documents, pages and rows of its operands, in the same order."""

    company: str
    code: str
    year: int
    period: str
    field: str
    value: float | int | None
    text: str
    unit: str
    formula: str
    document: str
    page: str
    row: str


COLUMNS = tuple(entry.name for entry in fields(ResultLine))


def result_lines(answer: Answer) -> list[ResultLine]:
    """Return a line for each result, in the answer's order."""
    cited = {citation.n: citation for citation in answer.citations}
    return [_line(row, [cited[n] for n in row.citations if n in cited]) for row in answer.results]


def _line(row: ResultRow, cited: list[Citation]) -> ResultLine:
    value = row.value
    return ResultLine(
        company=row.company,
        code=row.code,
        year=row.year,
        period=row.period,
        field=row.field,
        value=int(value) if value is not None and value.is_integer() else value,
        text=row.text,
        unit=row.unit,
        formula=row.formula or "",
        document=_BETWEEN.join(citation.document for citation in cited),
        page=_BETWEEN.join(str(citation.page) for citation in cited),
        row=_BETWEEN.join(" ".join(citation.text.split()) for citation in cited),
    )
