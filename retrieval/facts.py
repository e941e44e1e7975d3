"""A statement value as a library holds it. Knows neither how it was read nor what it is used for."""

from dataclasses import dataclass
from typing import Literal

FactScope = Literal["consolidated", "parent", ""]


@dataclass(frozen=True, slots=True)
class Fact:
    """One value that a document states: what, when, how much, and the row it was printed in."""

    field: str
    """Canonical name, as in the field dictionary."""
    value: float | None
    """In the base unit (元, USD, 人, %); None for a text field. Exact to the cent up to 90 trillion."""
    unit: str
    year: int
    period: str
    """FY, H1, Q1, Q2, Q3 (year to date), Q4; Q3-single and the like for a single quarter."""
    scope: FactScope = "consolidated"
    text: str = ""
    """The value of a text field; for a number, how it reads with its unit."""
    raw: str = ""
    """As printed."""
    page: int = 1
    start: int = 0
    end: int = 0
    """The row is `page.text[start:end]`."""
    row: str = ""
    """The row as printed, tidied."""
    statement: str = ""
    """balance, income, cash_flow, key_figures, company, employees, research, customers, dividend, audit."""
    column: Literal["current", "prior"] = "current"
    """Prior: from a comparative column; a report of the year itself is to be preferred."""
    confidence: float = 1.0
    company: str = ""
    """Full name of the company it is about; empty where that is the document's own."""
    short_name: str = ""
    code: str = ""
