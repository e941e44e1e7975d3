"""Ratios, growth and other figures computed from stated values: what they are called and how they are computed.

The definitions stand in `generation/formulas.toml`; nothing here knows a question's grammar or where values come from.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

from vouch.generation.expressions import Computed, Expression, FormulaError, Lookup, parse_expression
from vouch.retrieval.fields import Field, FieldDictionary
from vouch.retrieval.lexicon import Group, Lexicon

FORMULAS_FILE = "formulas.toml"
UNITS = frozenset({"%", "", "倍", "次", "天", "元", "元/股"})

_KEYS = frozenset({"en", "aliases", "expression", "unit", "decimals", "shown", "example", "source"})
_REQUIRED = frozenset({"en", "expression", "unit", "decimals", "example", "source"})


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """Values worked by hand and the result as it is printed."""

    now: Mapping[str, Decimal]
    prior: Mapping[str, Decimal]
    result: str

    def lookup(self, field: str, years_back: int) -> Decimal | None:
        """Return a value of the example."""
        return ({0: self.now, 1: self.prior}.get(years_back) or {}).get(field)


@dataclass(frozen=True, slots=True)
class FormulaResult:
    """A computed figure in its unit, with the values it was computed from."""

    value: Decimal
    """In the formula's unit and unrounded: 54.7412 for 54.74 %."""
    text: str
    """Rounded and with its unit: 54.74%."""
    computed: Computed


@dataclass(frozen=True, slots=True)
class Formula:
    """One figure: its names, its expression and how it is printed."""

    name: str
    expression: Expression
    unit: str = ""
    decimals: int = 2
    shown: str = ""
    """As people write it; its own wording of the operands."""
    english: str = ""
    aliases: tuple[str, ...] = ()
    """All words for it, its names among them."""
    kind: str = ""
    """The TOML table it stands in: profitability, growth, liquidity …"""
    source: str = ""
    example: WorkedExample | None = None

    def compute(self, lookup: Lookup, decimals: int | None = None) -> FormulaResult:
        """Return the figure; FormulaError where an operand is not stated or a divisor is zero."""
        computed = self.expression.compute(lookup)
        value = computed.value * 100 if self.unit == "%" else computed.value
        return FormulaResult(value, self.format(value, decimals), computed)

    def format(self, value: Decimal, decimals: int | None = None) -> str:
        """Return a value of the formula's unit as it is printed, rounded half up as accountants do."""
        return f"{rounded(value, self.decimals if decimals is None else decimals)}{self.unit}"


@dataclass(frozen=True, slots=True)
class FormulaMention:
    """A formula as a question names it: `question[start:end]`."""

    formula: Formula
    start: int
    end: int


class FormulaBook:
    """Formulas, findable by name and in questions. Refuses a word of two formulas or of a field of another name."""

    def __init__(self, formulas: Iterable[Formula], fields: FieldDictionary) -> None:
        self.formulas = tuple(formulas)
        self._by_name = {formula.name: formula for formula in self.formulas}
        self._lexicon = Lexicon(Group(f.name, f.kind, f.aliases) for f in self.formulas)
        for formula in self.formulas:
            for word in formula.aliases:
                field = fields.by_alias(word)
                if field and field.name != formula.name:
                    raise FormulaError(f"{FORMULAS_FILE}: '{word}' of '{formula.name}' is the field '{field.name}'")

    @staticmethod
    def load() -> "FormulaBook":
        """Return the formulas that ship with the package; they are read once."""
        return _shipped()

    def by_name(self, name: str) -> Formula | None:
        """Return the formula of a canonical name."""
        return self._by_name.get(name)

    def by_alias(self, word: str) -> Formula | None:
        """Return the formula that people call so."""
        group = self._lexicon.group(word)
        return self._by_name[group.name] if group else None

    def mentions(self, question: str) -> list[FormulaMention]:
        """Return the formulas a question names, the longest wherever names overlap, in its order."""
        return [FormulaMention(self._by_name[m.group.name], m.start, m.end) for m in self._lexicon.find(question)]


def growth_of(field: Field) -> Formula:
    """Return the growth of any value over the year before: (x-上年x)/上年x in percent."""
    name = f'"{field.name}"'
    expression = parse_expression(f"({name}-prior({name}))/prior({name})", lambda word: word)
    return Formula(f"{field.name}增长率", expression, "%", 2, expression.shown, kind="growth")


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Return the value with so many decimals, halves away from zero; never a negative zero."""
    result = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result


@lru_cache(maxsize=1)
def _shipped() -> FormulaBook:
    text = resources.files("vouch.generation").joinpath(FORMULAS_FILE).read_text(encoding="utf-8")
    return read_formulas(tomllib.loads(text), FieldDictionary.load())


def read_formulas(tables: Mapping[str, Any], fields: FieldDictionary) -> FormulaBook:
    """Return the formulas of a parsed file; FormulaError names the entry that has another form."""
    entries = {name: (kind, entry) for kind, table in tables.items() for name, entry in table.items()}
    parsed: dict[str, Expression] = {}
    for name in entries:
        _parse(name, entries, fields, parsed, ())
    return FormulaBook((_formula(name, kind, e, parsed[name]) for name, (kind, e) in entries.items()), fields)


def _parse(
    name: str,
    entries: Mapping[str, tuple[str, Mapping[str, Any]]],
    fields: FieldDictionary,
    parsed: dict[str, Expression],
    within: tuple[str, ...],
) -> Expression:
    """Return a formula's expression, the formulas that it uses parsed before it."""
    if name in parsed:
        return parsed[name]
    if name in within:
        raise FormulaError(f"{FORMULAS_FILE}: '{name}' is defined by itself: {' -> '.join((*within, name))}")

    def resolve(word: str) -> Expression | str | None:
        if word in entries and fields.by_name(word) is None:
            return _parse(word, entries, fields, parsed, (*within, name))
        return word if fields.by_name(word) else None

    entry = entries[name][1]
    if missing := sorted(_REQUIRED - set(entry)) + sorted(set(entry) - _KEYS):
        raise FormulaError(f"{FORMULAS_FILE}: '{name}': '{missing[0]}' is missing or unknown")
    parsed[name] = parse_expression(entry["expression"], resolve)
    return parsed[name]


def _formula(name: str, kind: str, entry: Mapping[str, Any], expression: Expression) -> Formula:
    if entry["unit"] not in UNITS:
        raise FormulaError(f"{FORMULAS_FILE}: '{name}' has the unknown unit '{entry['unit']}'")
    example = entry["example"]
    return Formula(
        name=name,
        expression=expression,
        unit=entry["unit"],
        decimals=entry["decimals"],
        shown=entry.get("shown", expression.shown),
        english=entry["en"],
        aliases=tuple(dict.fromkeys((name, entry["en"], *entry.get("aliases", ())))),
        kind=kind,
        source=entry["source"],
        example=WorkedExample(_decimals(example["now"]), _decimals(example.get("prior", {})), example["result"]),
    )


def _decimals(values: Mapping[str, int | float]) -> Mapping[str, Decimal]:
    return {name: Decimal(repr(value)) for name, value in values.items()}
