"""A question with everything that is known in it replaced by one mark each, so that its form can be read.

Marks are characters of a private area: one for a company, one for a time, one for each value named.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from vouch.generation.definitions import parse_definition
from vouch.generation.expressions import Expression, FormulaError, parse_expression
from vouch.generation.formulas import Formula, FormulaBook
from vouch.generation.plan.expression_text import expression_text
from vouch.generation.plan.types import Measure
from vouch.retrieval.errors import SettingsError
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.lexicon import fold

COMPANY = "\ue000"
TIME = "\ue001"
_FIRST = 0xE010
VALUE = "[\ue010-\ue0ff]"
"""A pattern of the mark of any value."""
_HAN = re.compile(r"[\u3400-\u9fff]")
_NOT_SAID = re.compile(r"[\W_\d\ue000-\ue0ff]+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What values can be asked for."""

    fields: FieldDictionary
    formulas: FormulaBook

    @staticmethod
    def load() -> "Vocabulary":
        """Return the vocabulary that ships with the package."""
        return Vocabulary(FieldDictionary.load(), FormulaBook.load())

    def measure(self, name: str) -> Measure | None:
        """Return the measure of a canonical name."""
        known = self.fields.by_name(name) or self.formulas.by_name(name)
        return Measure(known.name) if known else None

    def formula(self, measure: Measure) -> Formula | None:
        """Return how a measure is computed, None for a value that reports state."""
        if measure.expression:
            return Formula(measure.name, self._parsed(measure.expression), measure.unit, shown=measure.name)
        return self.formulas.by_name(measure.name) or self.total(measure.name)

    def total(self, name: str) -> Formula | None:
        """Return how a total is made of its parts; None for what is no total."""
        written = _totals().get(name)
        if not written:
            return None
        field = self.fields.by_name(name)
        return Formula(name, self._parsed(written), field.unit if field else "", shown=written)

    def parts(self, name: str) -> tuple[str, ...]:
        """Return the values that a total can be made of, totals among them taken apart too."""
        total = self.total(name)
        direct = [operand.field for operand in total.expression.operands] if total else []
        return tuple(dict.fromkeys((*direct, *(part for one in direct for part in self.parts(one)))))

    def unit(self, measure: Measure) -> str:
        """Return the unit of a measure."""
        if measure.expression:
            return measure.unit
        known = self.fields.by_name(measure.name) or self.formulas.by_name(measure.name)
        return known.unit if known else ""

    def written(self, measure: Measure) -> str:
        """Return the measure as part of an expression."""
        return f"({measure.expression})" if measure.expression else f'"{measure.name}"'

    def _parsed(self, expression: str) -> Expression:
        return parse_expression(expression, self._named)

    def _named(self, word: str) -> Expression | str | None:
        if self.fields.by_name(word):
            return word
        formula = self.formulas.by_name(word)
        return formula.expression if formula else None


@dataclass(slots=True)
class Reading:
    """A question being read: its text with marks, and the values that the marks stand for."""

    text: str
    measures: list[Measure] = field(default_factory=list)

    def mark(self, measure: Measure) -> str:
        """Return a new mark for a value."""
        self.measures.append(measure)
        return chr(_FIRST + len(self.measures) - 1)

    def measure(self, mark: str) -> Measure:
        """Return the value that a mark stands for."""
        return self.measures[ord(mark) - _FIRST]

    def named(self) -> list[Measure]:
        """Return the values still in the text, each once, in its order."""
        return list(dict.fromkeys(self.measure(mark) for mark in re.findall(VALUE, self.text)))

    def take(self, pattern: str) -> re.Match[str] | None:
        """Return the first match of a pattern and blank it out of the text; marks in it stay."""
        match = re.search(pattern, self.text, re.IGNORECASE)
        if match:
            kept = re.sub(r"[^\ue000-\ue0ff]", " ", match[0])
            self.text = self.text[: match.start()] + kept + self.text[match.end() :]
        return match


def with_marks(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """Return the text with each span replaced by its mark; overlapping ones count once."""
    parts, at = [], 0
    for start, end, mark in sorted(spans):
        if start >= at:
            parts += [text[at:start], mark]
            at = end
    return "".join((*parts, text[at:]))


def read_values(text: str, vocabulary: Vocabulary) -> Reading:
    """Return a text with its values marked: formulas it spells out first, then the longest names."""
    reading = Reading(text)
    spelt = _spelt_out(text, vocabulary)
    if spelt:
        measure, start, end = spelt
        left, right = text[:start], text[end:]
        reading.text = _marked(left, reading, vocabulary) + reading.mark(measure) + _marked(right, reading, vocabulary)
        reading.measures = [measure if known.name == measure.name else known for known in reading.measures]
        return reading
    reading.text = _marked(text, reading, vocabulary)
    return reading


def left_over(text: str) -> str:
    """Return what a question says beyond marks and words without content of their own."""
    rest = fold(text)
    words, english = _plain_words()
    for word in words:
        rest = rest.replace(word, " ")
    parts = [part for part in _NOT_SAID.sub(" ", rest).split() if part not in english]
    return " ".join(parts)


def is_understood(text: str) -> bool:
    """Say whether nothing of weight is left over: no word of two characters, no English word."""
    return all(len(part) < 2 and _HAN.search(part) for part in left_over(text).split())


def _spelt_out(text: str, vocabulary: Vocabulary) -> tuple[Measure, int, int] | None:
    """Return the formula that a question defines, as a measure, and the place of its name and its definition."""
    try:
        found = parse_definition(text, vocabulary.fields, vocabulary.formulas)
    except FormulaError:
        return None
    if found is None:
        return None
    start, end = found.start, found.end
    if text[start - 1 : start] in ("(", "（") and text[end : end + 1] in (")", "）"):
        start, end = start - 1, end + 1
    before = text[:start].rstrip()
    name = found.formula.name
    if before.endswith(name):
        start = len(before) - len(name)
    unit = found.formula.unit
    known = vocabulary.formulas.by_alias(name)
    if not unit and known:
        unit = known.unit
    tail = re.match(r"\s*的?(?:比值|比率|比例|倍数)", text[end:])
    end += tail.end() if tail else 0
    return Measure(known.name if known else name, expression_text(found.formula.expression), unit), start, end


def _marked(text: str, reading: Reading, vocabulary: Vocabulary) -> str:
    formulas = [(m.start, m.end, m.formula.name) for m in vocabulary.formulas.mentions(text)]
    fields = [(m.start, m.end, m.field.name) for m in vocabulary.fields.mentions(text)]
    taken: list[tuple[int, int, str]] = []
    for start, end, name in sorted((*fields, *formulas), key=lambda m: m[0] - m[1]):
        if not any(start < other[1] and other[0] < end for other in taken):
            taken.append((start, end, name))
    return with_marks(text, [(start, end, reading.mark(Measure(name))) for start, end, name in sorted(taken)])


@cache
def _totals() -> Mapping[str, str]:
    text = resources.files("vouch.generation").joinpath("data", "derived_totals.toml").read_text(encoding="utf-8")
    totals: dict[str, str] = tomllib.loads(text)["totals"]
    return totals


@cache
def _plain_words() -> tuple[tuple[str, ...], frozenset[str]]:
    text = resources.files("vouch.generation").joinpath("data", "question_words.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    if table.keys() != {"words", "words_en"}:
        raise SettingsError(f"question_words.toml: expected the lists words and words_en, found {sorted(table)}")
    return tuple(sorted(dict.fromkeys(table["words"]), key=len, reverse=True)), frozenset(table["words_en"])
