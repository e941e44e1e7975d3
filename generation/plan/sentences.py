"""The words of answers from stored values: numbers, times and sentences in the language of the question."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

from vouch.generation.expressions import Operand
from vouch.generation.formulas import rounded
from vouch.generation.phrases import Language
from vouch.generation.plan.expression_text import expression_text
from vouch.generation.plan.reading import Vocabulary
from vouch.generation.plan.types import SINGLE, Condition, Measure, Period
from vouch.retrieval.errors import SettingsError

SCALED = {"千元": 10**3, "万元": 10**4, "百万元": 10**6, "亿元": 10**8}
_MONEY = ("元",)


@dataclass(frozen=True, slots=True)
class NumberForm:
    """How numbers are to be said: decimals and unit where the question asks for them."""

    decimals: int | None = None
    unit: str = ""


class Wording:
    """The sentences of one language."""

    def __init__(self, language: Language, vocabulary: Vocabulary, number_form: NumberForm = NumberForm()) -> None:
        self.language = language
        self._vocabulary = vocabulary
        self._form = number_form
        self._tables = _sentences()[language]

    def say(self, key: str, **parts: str) -> str:
        """Return a sentence with its parts filled in."""
        return str(self._tables[key]).format(**parts)

    def join(self, key: str, items: Sequence[str]) -> str:
        """Return items in one text."""
        return str(self._tables[key]).join(items)

    def when(self, period: Period) -> str:
        """Return a period in words."""
        part = self._tables["parts"].get(period.part.removesuffix(SINGLE), period.part)
        return self.say("when", year=str(period.year), part=part)

    def whens(self, periods: Sequence[Period]) -> str:
        """Return several periods in words."""
        return self.join("name_join", [self.when(period) for period in periods])

    def field(self, name: str) -> str:
        """Return a value's name in this language."""
        if self.language == "zh":
            return name
        field, formula = self._vocabulary.fields.by_name(name), self._vocabulary.formulas.by_name(name)
        english = field.english if field else formula.english if formula else ""
        return english or name

    def operand(self, operand: Operand) -> str:
        """Return an operand's name: 上年净利润."""
        if self.language == "zh":
            return operand.label
        return f"{self.field(operand.field)}{' of the year before' if operand.years_back else ''}"

    def formula(self, measure: Measure) -> str:
        """Return how a measure is computed, as people write it."""
        formula = self._vocabulary.formula(measure)
        if formula is None:
            return ""
        if self.language == "en":
            written = expression_text(formula.expression)
            written = written[1:-1] if written.startswith("(") else written  # brackets around the whole
            return re.sub(r'"([^"]+)"', lambda match: self.field(match[1]), written)
        return formula.expression.shown if measure.expression else formula.shown

    def number(self, value: Decimal, unit: str, computed: Measure | None = None) -> str:
        """Return a number with its unit: stated ones with the digits printed, `computed` ones rounded."""
        decimals = self._form.decimals
        if self._form.unit and unit in _MONEY:
            scaled = value / SCALED[self._form.unit]
            return f"{rounded(scaled, 2 if decimals is None else decimals):f}{self._form.unit}"
        if computed is not None:
            formula = self._vocabulary.formula(computed)
            return f"{rounded(value, decimals if decimals is not None else formula.decimals if formula else 2):f}{unit}"
        if decimals is not None and unit not in ("人", "股", "家"):
            return f"{rounded(value, decimals):f}{unit}"
        return f"{stated(value)}{unit}"

    def exact(self, value: Decimal, unit: str) -> str:
        """Return a stated number that another is computed from, with every digit printed."""
        return f"{stated(value)}{unit}"

    def unit(self, measure: Measure) -> str:
        """Return the unit of a measure."""
        return self._vocabulary.unit(measure)

    def condition(self, condition: Condition, threshold: str) -> str:
        """Return a condition in words."""
        comparison = self._tables["comparisons"][condition.comparison]
        return self.say(
            "condition", field=self.field(condition.measure.name), comparison=comparison, threshold=threshold
        )

    def level(self, name: str) -> str:
        return str(self._tables["levels"][name])

    def statement(self, name: str) -> str:
        """Return what the table is called that prints a value; '' for none."""
        return str(self._tables["statements"].get(name, ""))


def stated(value: Decimal) -> str:
    """Return a stated number as text: the digits it has, whole numbers without a point."""
    if value == value.to_integral_value() and value.as_tuple().exponent == -1:
        return f"{value.to_integral_value():f}"  # a float's .0, which nothing printed
    return f"{value:f}"


@cache
def _sentences() -> Mapping[str, Mapping[str, Any]]:
    text = resources.files("vouch.generation").joinpath("data", "answer_sentences.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    slots = {language: {key: _slots(entry) for key, entry in table.items()} for language, table in tables.items()}
    if slots["zh"].keys() != slots["en"].keys():
        raise SettingsError("answer_sentences.toml: the languages have different sentences")
    return tables


def _slots(entry: object) -> frozenset[str]:
    if not isinstance(entry, str):
        return frozenset()
    return frozenset(name for _, name, _, _ in Formatter().parse(entry) if name)
