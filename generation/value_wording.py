"""One value of a report as a sentence: whose, when, what, how much, in which unit and on which basis."""

import re
from dataclasses import dataclass, replace

from vouch.generation.phrases import period_name
from vouch.generation.rows import Row
from vouch.generation.statement_titles import Title
from vouch.retrieval.lexicon import LINE_KINDS
from vouch.retrieval.question import Question
from vouch.retrieval.types import Source

_COMPARES = re.compile(
    r"增长|变化|变动|相比|同比|比上年|较上年|上年|去年|下降|上升|\bchange|\bgrow|\bgrew|compared|increase|decrease"
)
_FLOWS = frozenset({"income_statement", "cash_flow_statement"})
_WITHIN_YEAR = frozenset({"Q1", "Q2", "Q3", "Q4", "H1"})


@dataclass(frozen=True, slots=True)
class Value:
    """A row that answers, and what is known of it."""

    asked: str
    kind: str
    """The lexicon's kind of item."""
    row: Row
    source: Source
    title: Title
    unit: str


def worded(value: Value, years_back: int, question: Question) -> str:
    """Return the sentence; `years_back` is 1 where the comparative column answers."""
    amounts = _amounts(value)
    amount = amounts[min(years_back, len(amounts) - 1)]
    source = replace(value.source, year=value.source.year - years_back) if value.source.year else value.source
    name, when = value.source.short_name or value.source.company, period_name(source, question.language)
    before = ""
    if years_back == 0 and len(amounts) > 1 and value.kind in LINE_KINDS and _COMPARES.search(question.text):
        before = amounts[1]
    unit = _unit(value)
    if question.language == "zh":
        also = f"，上年同期或上年末为 {_with_unit(before, unit)}" if before else ""
        return f"{name}{when}{value.asked}为 {_with_unit(amount, unit)}{_basis(value)}{also}。"
    also = f"; the column beside it: {before}" if before else ""
    return f"{name} {when}, {value.asked}: {amount}{f' ({unit})' if unit else ''}{also}."


def _amounts(value: Value) -> tuple[str, ...]:
    """Return the columns that hold amounts: shares and changes in percent stand between them in some tables."""
    amounts = tuple(amount for amount in value.row.values if not amount.endswith("%"))
    return amounts if amounts and value.kind in LINE_KINDS else value.row.values


def _with_unit(amount: str, unit: str) -> str:
    return f"{amount} {unit}".strip()


def _basis(value: Value) -> str:
    """Return on which basis a figure of a report within the year stands: the quarter or the year to date."""
    if value.kind not in _FLOWS or value.source.period not in _WITHIN_YEAR:
        return ""
    if value.title.year_to_date or (value.title.kind == "consolidated" and value.source.period == "Q3"):
        return "（年初至报告期末累计）"
    return "（报告期内）" if value.title.kind == "main" else ""


def _unit(value: Value) -> str:
    chinese = value.source.language == "zh"
    label = value.row.label
    if value.kind == "people":
        return "人" if chinese else ""
    if value.kind not in LINE_KINDS:
        return ""
    if "每股" in label:
        return "元/股"
    if "per share" in label or "per common share" in label:
        return ""  # the unit above the table excepts figures per share
    if re.search(r"率|比例", label) or value.row.values[0].endswith("%"):
        return "" if value.row.values[0].endswith("%") else "%"
    return value.unit or ("元" if chinese else "")
