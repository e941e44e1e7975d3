"""Rows of a table as facts, each with the cell it was read from. Knows neither files nor stores."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from vouch.ingest.fact_tables import cells
from vouch.ingest.fact_tables.columns import Columns
from vouch.ingest.pages import clean_lines
from vouch.retrieval.facts import Fact, FactScope
from vouch.retrieval.fields import Field, FieldDictionary
from vouch.retrieval.types import Line, Page

NAMED_PLACES = 10

_SCOPES: dict[str, FactScope] = {
    "consolidated": "consolidated",
    "合并": "consolidated",
    "合并报表": "consolidated",
    "parent": "parent",
    "母公司": "parent",
    "母公司报表": "parent",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row and its page: `page.text[slice(*spans[i])]` is the i-th column's title and cell."""

    cells: tuple[str, ...]
    page: Page
    spans: tuple[tuple[int, int], ...]


def row_of(number: int, header: Sequence[str], values: Sequence[str]) -> Row:
    """Return a row as wide as the header, its page with a line for each cell that is filled."""
    filled = [" ".join(clean_lines(value)).strip() for value in values[: len(header)]]
    filled += [""] * (len(header) - len(filled))
    texts: list[str] = []
    spans: list[tuple[int, int]] = []
    end = -1
    for title, cell in zip(header, filled, strict=True):
        text = f"{title}: {cell}" if cell else ""
        start = end + 1
        spans.append((start, start + len(text)) if text else (0, 0))
        if text:
            texts.append(text)
            end = start + len(text)
    lines = tuple(Line(start, end) for start, end in spans if end)
    return Row(tuple(filled), Page(number, "\n".join(texts), lines), tuple(spans))


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom and when a row is about; empty and None where it does not say."""

    company: str = ""
    short_name: str = ""
    code: str = ""
    year: int | None = None
    period: str = "FY"


class FactReader:
    """Reads the rows of one table; remembers what it had to leave out."""

    def __init__(self, columns: Columns, dictionary: FieldDictionary, default: Owner, code_width: int) -> None:
        """`default`: for tables without a company or year; `code_width`: for codes that lost their zeros."""
        self._columns = columns
        self._dictionary = dictionary
        self._default = default
        self._code_width = code_width
        self._left_out: dict[str, dict[str, None]] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return a sentence for each reason that left something out, naming the first."""
        found = []
        for reason, places in self._left_out.items():
            more = f" and {len(places) - NAMED_PLACES} more" if len(places) > NAMED_PLACES else ""
            found.append(f"{len(places)} {reason}: {', '.join(list(places)[:NAMED_PLACES])}{more}")
        return tuple(found)

    def facts(self, row: Row) -> list[Fact]:
        """Return the facts of a row: the one it states, or one for each field that is filled."""
        owner = self._owner(row)
        if not owner.company or owner.year is None:
            missing = "year" if owner.company else "company"
            self._leave_out(f"row(s) left out, without a {missing}", str(row.page.number))
            return []
        if self._columns.is_long:
            return self._stated(row, owner)
        found: dict[str, Fact] = {}
        for column in self._columns.fields:
            if column.field.name not in found and not cells.is_missing(row.cells[column.place]):
                for fact in self._read(row, column.place, column.field, column.scale):
                    found[column.field.name] = _owned(fact, owner)
        return list(found.values())

    def _owner(self, row: Row) -> Owner:
        default = self._default
        code, short_name = cells.code(self._said(row, "code"), self._code_width), self._said(row, "short_name")
        company = self._said(row, "company") or default.company or short_name or code
        year, period = cells.when(self._said(row, "year"), self._said(row, "period"))
        return Owner(company, short_name, code, year or default.year, period)

    def _stated(self, row: Row, owner: Owner) -> list[Fact]:
        """Return the fact of a row in the long form, none where its field or value is not known."""
        name, unit = self._said(row, "field"), self._said(row, "unit")
        field = self._dictionary.by_name(name) or self._dictionary.by_alias(name)
        if field is None:
            self._leave_out("name(s) left out, no field is called so", name)
            return []
        places = [self._columns.roles[role] for role in ("value", "text") if role in self._columns.roles]
        place = next((place for place in places if not cells.is_missing(row.cells[place])), None)
        if place is None:
            return []
        confidence = cells.number(self._said(row, "confidence"))
        return [
            replace(
                _owned(fact, owner),
                unit=unit if unit and field.is_money and not cells.is_yuan(unit) else fact.unit,
                scope=_SCOPES.get(self._said(row, "scope"), fact.scope),
                raw=self._said(row, "raw") or fact.raw,
                statement=self._said(row, "statement") or fact.statement,
                column="prior" if self._said(row, "column") == "prior" else "current",
                confidence=min(1.0, float(confidence[0])) if confidence else 1.0,
            )
            for fact in self._read(row, place, field, cells.scale_of(unit) if field.is_money else Decimal(1))
        ]

    def _read(self, row: Row, place: int, field: Field, scale: Decimal) -> list[Fact]:
        """Return the fact in a cell; none where a number is wanted and there is none."""
        cell, (start, end) = row.cells[place], row.spans[place]
        value = None if field.is_text else _value(cell, field, scale)
        if value is None and not field.is_text:
            self._leave_out("value(s) left out, no number", f"row {row.page.number} {field.name} {cell!r}")
            return []
        fact = Fact(
            field=field.name,
            value=value,
            unit=field.unit,
            year=0,
            period="FY",
            scope="" if field.is_text else "consolidated",
            text=cell if field.is_text else "",
            raw=cell,
            page=row.page.number,
            start=start,
            end=end,
            row=row.page.text[start:end],
            statement=field.statement,
        )
        return [fact]

    def _said(self, row: Row, role: str) -> str:
        place = self._columns.roles.get(role)
        return "" if place is None or cells.is_missing(row.cells[place]) else row.cells[place]

    def _leave_out(self, reason: str, place: str) -> None:
        self._left_out.setdefault(reason, {})[place] = None


def _owned(fact: Fact, owner: Owner) -> Fact:
    return replace(
        fact,
        company=owner.company,
        short_name=owner.short_name,
        code=owner.code,
        year=owner.year or 0,
        period=owner.period,
    )


def _value(cell: str, field: Field, scale: Decimal) -> float | None:
    """Return a number in the field's unit: the cell's own unit counts before the column's."""
    read = cells.number(cell)
    if read is None:
        return None
    value, unit = read
    if unit == "%" and field.kind == "ratio":
        return float(value / 100)
    return float(value if cells.is_yuan(unit) else value * scale)
