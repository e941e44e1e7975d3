"""How a question about values was understood: plain values with a JSON form. Knows no grammar and no store."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from vouch.retrieval.facts import FactScope

Act = Literal["values", "rank", "count", "list", "same", "best_period", "average", "sum"]
"""values: what is it; rank: whose is highest; count, list: how many, which companies meet the conditions; same: is it
the same in all periods; best_period: when was it highest; average, sum: over the companies or periods."""
Order = Literal["highest", "lowest", ""]
Comparison = Literal[">", ">=", "<", "<=", "="]
Level = Literal["average", "median", ""]

ANNUAL = "FY"
ADDRESS = "注册地址"
"""The field that says where a company is registered."""
SINGLE = "-single"
"""What the period of a single quarter ends with; without it a quarter is the year to date."""


@dataclass(frozen=True, slots=True)
class Period:
    """A year, or the part of one that a report covers: FY, H1, Q1, Q3 …"""

    year: int
    part: str = ANNUAL

    def back(self, years: int) -> "Period":
        """Return the same period so many years earlier."""
        return Period(self.year - years, self.part)


@dataclass(frozen=True, slots=True)
class Measure:
    """A value asked for: a field of the dictionary, a formula of the book, or an expression of the question's own."""

    name: str
    expression: str = ""
    """Over field names in quotes; empty for what the dictionary or the book defines."""
    unit: str = ""
    """Of the expression."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a company's value has to be: compared with a number, with another value, or with all companies' level."""

    measure: Measure
    comparison: Comparison
    threshold: Decimal | None = None
    against: Measure | None = None
    level: Level = ""


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A question about values. No companies means all; `first` to `last` are the ranks wanted, 0 for all of them."""

    act: Act
    measures: tuple[Measure, ...]
    companies: tuple[str, ...] = ()
    periods: tuple[Period, ...] = ()
    conditions: tuple[Condition, ...] = ()
    place: str = ""
    """Part of the registered address."""
    former_place: bool = False
    """The address may also be a former one."""
    order: Order = ""
    first: int = 1
    last: int = 0
    every_period: bool = False
    """Only companies that reach the ranks in each of the periods."""
    scope: FactScope = "consolidated"
    decimals: int | None = None
    unit: str = ""
    """万元 or 亿元 where the question asks for it."""
    default_period: bool = False
    """The question names no period; the newest held is meant."""

    @property
    def over_all(self) -> bool:
        """Say whether it is about all companies of the library."""
        return not self.companies
