"""Which financial statements state what a question asks, and under what names its lines are printed there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from vouch.generation.formulas import FormulaBook
from vouch.retrieval.fields import Field, FieldDictionary
from vouch.retrieval.question import Question

_STATEMENTS = ("income", "balance", "cash_flow")
LABELS = 4
"""Printed names of a line that are searched for: further ones are rare."""


@dataclass(frozen=True, slots=True)
class AskedLines:
    """Lines of the financial statements that a question is about."""

    statements: tuple[str, ...] = ()
    """income, balance, cash_flow: in the order asked."""
    labels: tuple[str, ...] = ()
    """How reports in English print the lines."""


def asked_lines(question: Question) -> AskedLines:
    """Return the statements and lines that hold what a question names, the operands of a ratio for the ratio."""
    fields = _fields_of(question.text)
    idioms = [statement for idiom in question.idioms for statement in idiom.statements]
    statements = [*(field.statement for field in fields), *idioms]
    labels = [label for field in fields for label in _english(field)]
    return AskedLines(
        tuple(dict.fromkeys(statement for statement in statements if statement in _STATEMENTS)),
        tuple(dict.fromkeys(labels)),
    )


@cache
def _names() -> tuple[FormulaBook, FieldDictionary]:
    return FormulaBook.load(), FieldDictionary.load()


@lru_cache(maxsize=64)
def _fields_of(text: str) -> tuple[Field, ...]:
    """Return the fields that a text names, itself or by a formula that is computed from them."""
    book, dictionary = _names()
    named = [mention.field for mention in dictionary.mentions(text)]
    for mention in book.mentions(text):
        operands = (dictionary.by_name(operand.field) for operand in mention.formula.expression.operands)
        named += [field for field in operands if field is not None]
    return tuple(dict.fromkeys(named))


def _english(field: Field) -> Sequence[str]:
    return [label for label in (field.english, *field.labels) if label.isascii()][:LABELS]
