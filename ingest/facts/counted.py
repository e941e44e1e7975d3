"""Employees, research and the largest customers and suppliers: single rows below a heading that says what they are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from vouch.ingest.facts.printed import PrintedLine, PrintedPages, number, without_note
from vouch.ingest.facts.statement_columns import UNITS
from vouch.ingest.rejoin import rows as tidy
from vouch.ingest.rejoin import squeeze
from vouch.retrieval.facts import Fact
from vouch.retrieval.fields import Field, FieldDictionary
from vouch.retrieval.types import Page, Source

MAX_LINES = 160
"""A section that is read row by row is no longer than this."""


@dataclass(frozen=True, slots=True)
class _Section:
    """Where rows of one kind stand."""

    statement: str
    begins: re.Pattern[str]
    ends: re.Pattern[str]


_HEADING = r"^[（(]?[一二三四五六七八九十\d]{0,3}[）)、.．]*"
_SECTIONS = (
    _Section(
        "employees", re.compile(_HEADING + r".{0,16}(?:员工情况|员工数量)"), re.compile(r"薪酬政策|培训计划|劳务外包")
    ),
    _Section(
        "research", re.compile(_HEADING + r"(?:公司)?研发(?:投入|人员)"), re.compile(_HEADING + r"现金流$|非主营业务")
    ),
    _Section(
        "customers",
        re.compile(_HEADING + r".{0,4}主要(?:销售)?客户(?:和|及)主要供应商|^公司主要销售客户情况"),
        re.compile(_HEADING + r"费用$|研发投入$"),
    ),
)
_MENTION = re.compile(r"员\s*工|研\s*发|客\s*户")
_IN_SENTENCE = re.compile(
    r"(?P<label>前五名客户销售额|前五名供应商采购额)\s*(?P<amount>[\d,.]+)\s*(?P<unit>百万元|千元|万元|亿元|元)"
)
_UNIT_IN_LABEL = re.compile(r"[（(](百万元|千元|万元|亿元|元)[)）]")


def counted_facts(printed: PrintedPages, source: Source, fields: FieldDictionary) -> list[Fact]:
    """Return the facts of those sections; the first value of a field counts."""
    found: dict[str, Fact] = {}
    for page, line, section in _section_lines(printed):
        for fact in (*_row(page, line, section, source, fields), *_sentence(page, line, source, fields)):
            found.setdefault(fact.field, fact)
    return list(found.values())


def _section_lines(printed: PrintedPages) -> Iterator[tuple[Page, PrintedLine, _Section]]:
    current: _Section | None = None
    left = 0
    for page in printed.pages:
        if current is None and not _MENTION.search(page.text):
            continue
        for line in printed.lines(page):
            plain = squeeze(page.text[line.start : line.end])
            starts = next(
                (s for s in _SECTIONS if not line.amounts and len(plain) < 40 and s.begins.search(plain)), None
            )
            if starts:
                current, left = starts, MAX_LINES
            elif current and (left == 0 or (len(plain) < 40 and current.ends.search(plain))):
                current = None
            if current:
                left -= 1
                yield page, line, current


def _row(page: Page, line: PrintedLine, section: _Section, source: Source, fields: FieldDictionary) -> Iterator[Fact]:
    """Yield the first amount beside a known label; the others are of earlier years."""
    label = without_note(line.label)
    field = fields.by_label(label, section.statement) if label and line.amounts else None
    value = number(line.amounts[0].text) if field else None
    if field is None or value is None:
        return
    unit = _UNIT_IN_LABEL.search(label)
    factor = UNITS[unit[1]] if unit and field.is_money else 1.0
    yield _fact(field, round(value * factor, 4), line.amounts[0].text, page, line, source)


def _sentence(page: Page, line: PrintedLine, source: Source, fields: FieldDictionary) -> Iterator[Fact]:
    for match in _IN_SENTENCE.finditer(page.text[line.start : line.end]):
        value, field = number(match["amount"]), fields.by_name(match["label"])
        if value is not None and field is not None:
            yield _fact(
                field, round(value * UNITS[match["unit"]], 4), match["amount"] + match["unit"], page, line, source
            )


def _fact(field: Field, value: float, raw: str, page: Page, line: PrintedLine, source: Source) -> Fact:
    return Fact(
        field=field.name,
        value=value,
        unit=field.unit,
        year=source.year or 0,
        period=source.period.replace("摘要", "") or "FY",
        raw=raw,
        page=page.number,
        start=line.start,
        end=line.end,
        row=tidy(page.text[line.start : line.end]),
        statement=field.statement,
    )
