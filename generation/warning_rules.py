"""What the early warning looks at: rules with their expressions and thresholds, read from warning_rules.toml."""

import operator
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

from vouch.generation.expressions import Expression, FormulaError, Lookup, parse_expression
from vouch.generation.formulas import FormulaBook
from vouch.retrieval.fields import FieldDictionary

RULES_FILE = "warning_rules.toml"

_COMPARISON = re.compile(r"(?P<left>[^<>]*?)\s*(?P<sign><=|>=|<|>)\s*(?P<right>[^<>]+)")
_COMPARE: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """A side of a number: < 4.35."""

    sign: str
    limit: Decimal

    def crossed_by(self, value: Decimal) -> bool:
        return _COMPARE[self.sign](value, self.limit)

    def __str__(self) -> str:
        return f"{self.sign} {self.limit}"


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of two expressions."""

    text: str
    left: Expression
    sign: str
    right: Expression

    def holds(self, lookup: Lookup) -> bool:
        """Say whether it holds; FormulaError where a value is not stated."""
        return _COMPARE[self.sign](self.left.compute(lookup).value, self.right.compute(lookup).value)

    @property
    def expressions(self) -> tuple[Expression, Expression]:
        return self.left, self.right


@dataclass(frozen=True, slots=True)
class Rule:
    """One signal: a figure, or a count of tests that hold, and when it is raised."""

    name: str
    group: str
    source: str
    unit: str = ""
    decimals: int = 2
    expression: Expression | None = None
    """Over the parts where there are any."""
    parts: Mapping[str, Expression] | None = None
    neutral: Mapping[str, Decimal] | None = None
    tests: Mapping[str, Condition] | None = None
    when: tuple[Condition, ...] = ()
    unmet_is_ok: bool = False
    """Where `when` does not hold there is nothing to warn of, rather than nothing to say."""
    watch: Threshold | None = None
    alarm: Threshold | None = None
    financials: bool = False

    @property
    def thresholds(self) -> str:
        """Say in words when it is raised."""
        named = (("alarm", self.alarm), ("watch", self.watch))
        return "; ".join(f"{level} {limit}" for level, limit in named if limit)


@dataclass(frozen=True, slots=True)
class FinancialSector:
    """How the statements of banks, insurers and brokers are told from others."""

    marks: tuple[str, ...]
    lacks: str
    reason: str


@dataclass(frozen=True, slots=True)
class AuditRule:
    """Words of an opinion and what they mean."""

    name: str
    group: str
    field: str
    source: str
    alarm: tuple[str, ...]
    watch: tuple[str, ...]
    ok: tuple[str, ...]
    qualified: tuple[str, ...]
    """Words of alarm that also stand within those of `ok` (无保留意见) and count outside of them."""


@dataclass(frozen=True, slots=True)
class WarningRules:
    """Everything the early warning looks at."""

    rules: tuple[Rule, ...]
    sector: FinancialSector
    audit: AuditRule
    identities: Rule


@lru_cache(maxsize=1)
def standard_rules() -> WarningRules:
    """Return the rules that ship with the package."""
    text = resources.files("vouch.generation").joinpath("data", RULES_FILE).read_text(encoding="utf-8")
    return read_rules(tomllib.loads(text), FieldDictionary.load(), FormulaBook.load())


def read_rules(tables: Mapping[str, Any], fields: FieldDictionary, formulas: FormulaBook) -> WarningRules:
    """Return the rules of a parsed file; FormulaError names what is neither a field nor a formula."""

    def resolve(word: str) -> Expression | str | None:
        if fields.by_name(word):
            return word
        formula = formulas.by_name(word)
        return formula.expression if formula else None

    sector, audit, identities = tables["financial_sector"], tables["audit"], tables["identities"]
    for name in (*sector["marks"], sector["lacks"], audit["field"]):
        if fields.by_name(name) is None:
            raise FormulaError(f"{RULES_FILE}: '{name}' is no field")
    return WarningRules(
        rules=tuple(_rule(entry, resolve) for entry in tables["rule"]),
        sector=FinancialSector(tuple(sector["marks"]), sector["lacks"], sector["reason"]),
        audit=AuditRule(
            audit["name"],
            audit["group"],
            audit["field"],
            audit["source"],
            *(tuple(audit[key]) for key in ("alarm", "watch", "ok", "qualified")),
        ),
        identities=Rule(identities["name"], identities["group"], identities["source"], financials=True),
    )


def _rule(entry: Mapping[str, Any], resolve: Callable[[str], Expression | str | None]) -> Rule:
    parts = {name: parse_expression(text, resolve) for name, text in entry.get("parts", {}).items()}
    text = entry.get("expression")
    return Rule(
        name=entry["name"],
        group=entry["group"],
        source=entry["source"],
        unit=entry["unit"],
        decimals=entry["decimals"],
        expression=parse_expression(text, (lambda word: word if word in parts else None) if parts else resolve)
        if text
        else None,
        parts=parts,
        neutral={name: Decimal(repr(value)) for name, value in entry.get("neutral", {}).items()},
        tests={name: _condition(test, resolve) for name, test in entry.get("tests", {}).items()},
        when=tuple(_condition(text, resolve) for text in entry.get("when", [])),
        unmet_is_ok=entry.get("unmet") == "ok",
        watch=_threshold(entry["watch"]) if "watch" in entry else None,
        alarm=_threshold(entry["alarm"]) if "alarm" in entry else None,
        financials=entry.get("financials", False),
    )


def _condition(text: str, resolve: Callable[[str], Expression | str | None]) -> Condition:
    match = _COMPARISON.fullmatch(text)
    if not match:
        raise FormulaError(f"{RULES_FILE}: '{text}' is no comparison: write it with <, <=, > or >=")
    return Condition(
        text, parse_expression(match["left"], resolve), match["sign"], parse_expression(match["right"], resolve)
    )


def _threshold(text: str) -> Threshold:
    match = _COMPARISON.fullmatch(text)
    if not match or match["left"]:
        raise FormulaError(f"{RULES_FILE}: '{text}' is no threshold: write it as < 4.35")
    return Threshold(match["sign"], Decimal(match["right"]))
