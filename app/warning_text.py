"""An early-warning report as the contract's JSON and as text for a terminal."""

from collections.abc import Iterator
from typing import Any

from vouch.app.document_table import aligned
from vouch.app.fact_rows import amount
from vouch.app.warning_report import CitedOperand, CitedSignal, WarningReport

LEVELS = {"alarm": "警报", "watch": "关注", "ok": "正常", "not_applicable": "不适用"}
WIDEST = 100
"""Columns of a terminal for the pages of a signal; a list of pages that is cut would name wrong ones."""

_HEADER = ("level", "signal", "value", "threshold", "pages")


def warning_json(report: WarningReport) -> dict[str, Any]:
    """Return the contract's object."""
    return {
        "company": report.company,
        "code": report.code,
        "year": report.year,
        "signals": [_signal_json(cited) for cited in report.signals],
        "warnings": list(report.warnings),
    }


def _signal_json(cited: CitedSignal) -> dict[str, Any]:
    signal = cited.signal
    return {
        "name": signal.name,
        "level": signal.level,
        "value": None if signal.value is None else round(float(signal.value), 6),
        "threshold": signal.threshold,
        "source": signal.source,
        "reason": signal.reason,
        "operands": [_operand_json(operand) for operand in cited.operands],
        "group": signal.group,
        "text": signal.text,
        "parts": {name: round(float(value), 6) for name, value in signal.parts},
    }


def _operand_json(operand: CitedOperand) -> dict[str, Any]:
    fact, source = operand.stated.fact, operand.stated.source
    return {
        "field": operand.field,
        "year": operand.year,
        "value": fact.value,
        "unit": fact.unit,
        "document": source.name,
        "page": fact.page,
        "text": fact.text,
        "row": fact.row,
        "column": fact.column,
        "confidence": fact.confidence,
        "document_id": source.doc_id,
    }


def documents(report: WarningReport) -> dict[str, int]:
    """Return the documents cited, numbered in the order they are cited first."""
    names = (operand.stated.source.name for cited in report.signals for operand in cited.operands)
    return {name: number for number, name in enumerate(dict.fromkeys(names), start=1)}


def operand_value(operand: CitedOperand) -> str:
    """Return an operand's value with its unit, or its words."""
    fact = operand.stated.fact
    return f"{amount(fact.value)}{fact.unit}" if fact.value is not None else fact.text


def warning_text(report: WarningReport) -> str:
    """Return a table of all signals, then each with its source and operands, then the documents."""
    numbers = documents(report)
    rows = [_HEADER, *(_row(cited, numbers) for cited in report.signals)]
    lines = [f"{report.company} {report.code} {report.year}", "", aligned(rows, WIDEST)]
    for cited in report.signals:
        lines += ["", *_details(cited, numbers)]
    lines += ["", *(f"[{number}] {name}" for name, number in numbers.items())]
    return "\n".join(lines)


def _row(cited: CitedSignal, numbers: dict[str, int]) -> tuple[str, ...]:
    signal = cited.signal
    pages: dict[int, set[int]] = {}
    for operand in cited.operands:
        pages.setdefault(numbers[operand.stated.source.name], set()).add(operand.stated.fact.page)
    cites = " ".join(f"[{number}] {','.join(map(str, sorted(of)))}" for number, of in sorted(pages.items()))
    return LEVELS[signal.level], signal.name, signal.text or "—", signal.threshold or "—", cites or "—"


def _details(cited: CitedSignal, numbers: dict[str, int]) -> Iterator[str]:
    signal = cited.signal
    yield f"{LEVELS[signal.level]}  {signal.name}  {signal.text}".rstrip()
    if signal.reason:
        yield f"  {signal.reason}"
    if signal.threshold:
        yield f"  {signal.threshold}"
    yield f"  source: {signal.source}"
    if signal.parts:
        yield "  " + "  ".join(f"{name}={float(value):.6g}" for name, value in signal.parts)
    for operand in cited.operands:
        fact = operand.stated.fact
        column = "，上年对比列" if fact.column == "prior" else ""
        place = f"[{numbers[operand.stated.source.name]}] p. {fact.page}{column}"
        yield f"  {operand.year} {operand.field}  {operand_value(operand)}  {place}"
