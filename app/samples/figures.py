"""The figures of an invented company: leaves from a TOML file, totals added up. Knows nothing of pages."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

Column = Mapping[str, Decimal]
"""A figure's value in each period."""

TERM = re.compile(r"\s*([+-])\s+([^\s+-].*?)(?=\s+[+-]\s|$)")
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def rounded(value: Decimal, places: int) -> str:
    """Return a number as printed in a report: thousands parted, halves rounded away from zero."""
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,}"


@dataclass(frozen=True)
class Figures:
    """Every figure of a group and of its parent company; the parent's keys start with `母公司:`."""

    values: Mapping[str, Column]

    def value(self, key: str, period: str) -> Decimal:
        """Return one figure; KeyError where there is none."""
        return self.values[key][period]

    def cell(self, key: str, period: str, style: str) -> str:
        """Return a figure as a statement prints it; empty where the company has none."""
        value = self.values.get(key, {}).get(period)
        return "" if value is None else self.printed(value, style)

    def printed(self, value: Decimal, style: str) -> str:
        """Return a value in a unit: 元, 万元, 亿元, 数, 人, 股, k (thousands, negatives in brackets) or m (millions of
        thousands); `-` turns its sign."""
        if style.startswith("-"):
            value, style = -value, style[1:]
        if style in ("万元", "亿元"):
            return rounded(value / (10**4 if style == "万元" else 10**8), 2)
        if style == "k":
            return "—" if not value else f"({rounded(-value, 0)})" if value < 0 else rounded(value, 0)
        if style == "m":
            return rounded(value / 1000, 1)
        return rounded(value, 0 if style in ("人", "股") else 2)

    def growth(self, key: str, period: str) -> str:
        """Return the change against the same period a year before, in percent."""
        before = self.value(key, f"{int(period[:4]) - 1}{period[4:]}")
        return rounded((self.value(key, period) - before) / abs(before) * 100, 2)

    def fill(self, text: str) -> str:
        """Return a text with each `{figure|period|unit}` printed.

        The unit may also be `增减` (change against a year before, %), `比 period` (change against that period, %),
        `占 figure` (share, %), `每 figure` (quotient) or `均 figure` (share of its mean over a year, %).
        """
        return PLACEHOLDER.sub(lambda found: self._filled(found[1]), text)

    def _filled(self, placeholder: str) -> str:
        key, period, style = placeholder.split("|")
        value = self.value(key, period)
        relation, _, other = style.partition(" ")
        match relation:
            case "增减":
                return self.growth(key, period)
            case "占":
                return rounded(value / self.value(other, period) * 100, 2)
            case "每":
                return rounded(value / self.value(other, period), 2)
            case "比":
                before = self.value(key, other)
                return rounded((value - before) / abs(before) * 100, 2)
            case "均":
                mean = (self.value(other, period) + self.value(other, str(int(period[:4]) - 1))) / 2
                return rounded(value / mean * 100, 2)
        return self.printed(value, style)


def read_figures(leaves: Path, totals: Path) -> Figures:
    """Return the figures of a TOML file with one table of leaves for each entity, and the totals over them."""
    entities = tomllib.loads(leaves.read_text("utf-8"), parse_float=Decimal)
    formulas = dict(read_formulas(totals))
    known = set(formulas).union(*entities.values())
    unknown = {key for terms in formulas.values() for _, key in terms} - known
    if unknown:
        raise ValueError(f"{totals.name} adds up unknown figures: {sorted(unknown)}")
    values: dict[str, Column] = {}
    for entity, leaves_of in entities.items():
        prefix = "母公司:" if entity == "parent" else ""
        columns = {
            key: {period: Decimal(value) for period, value in column.items()} for key, column in leaves_of.items()
        }
        for key, column in (columns | totals_of(columns, formulas)).items():
            values[prefix + key] = column
    return Figures(values)


def read_formulas(path: Path) -> list[tuple[str, list[tuple[int, str]]]]:
    """Return (total, [(sign, figure), ...]) for each `total = figure + figure - figure` line."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            total, _, formula = line.partition(" = ")
            terms = [(1 if sign == "+" else -1, key) for sign, key in TERM.findall("+ " + formula)]
            found.append((total, terms))
    return found


def totals_of(leaves: Mapping[str, Column], formulas: Mapping[str, list[tuple[int, str]]]) -> dict[str, Column]:
    """Return the totals, each over the periods that its first known term has; later formulas see earlier totals."""
    values = dict(leaves)
    totals: dict[str, Column] = {}
    for total, terms in formulas.items():
        known = [(sign, values[key]) for sign, key in terms if key in values]
        if known:
            periods = known[0][1]
            totals[total] = values[total] = {
                period: sum((sign * column.get(period, Decimal(0)) for sign, column in known), Decimal(0))
                for period in periods
            }
    return totals
