"""The audit of a report: its opinion, who gave it, when, under which number, for what fee.

The opinion is worded in a table (审计意见类型) or in a sentence of the opening pages, and it follows from the
headings of the auditor's own report. The headings decide where they can be read; the wording that agrees with them
is cited.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vouch.ingest.facts.printed import PrintedPages, number
from vouch.ingest.facts.running_text import RunningText
from vouch.ingest.facts.statement_columns import UNITS, unit_factor
from vouch.ingest.rejoin import rows as tidy
from vouch.ingest.rejoin import squeeze
from vouch.retrieval.facts import Fact
from vouch.retrieval.fields import Field, FieldDictionary
from vouch.retrieval.types import Line, Page, Source

STATEMENT = "audit"
OPINION = "审计意见"
CONTROL_OPINION = "内部控制审计意见"
NUMBER = "审计报告文号"
STANDARD = "标准无保留意见"
DOUBTED = 0.5
OPENING_PAGES = 5
MAX_REPORT_PAGES = 4
UNIT_LINES = 5
"""A table's unit stands at most so many lines above its row."""

_FIRM = r"[\u4e00-\u9fff]{2,12}会计师事务所(?:[（(]特殊普通合伙人?[)）])?"
_WORDED = (
    re.compile(rf"(?P<firm>{_FIRM})[^。]{{0,40}}?出具了?(?P<opinion>[^。]{{0,90}}?意见)的?审计报告"),
    re.compile(rf"(?:(?P<firm>{_FIRM})[^。]{{0,30}})?审计意见为[:：]?(?P<opinion>[^。]{{0,60}}?意见)"),
)
_NO_OTHER_OPINION = re.compile(r"非标准审计意见提示□适用[^□]?不适用")
_TABLE_PAGE = re.compile(r"意见类型|会计师事务所报酬")
_LABEL_END = re.compile(r"[\s:：]+")
_UNIT_IN_LABEL = re.compile(r"[（(](百万元|千元|万元|亿元|元)[)）]")
_BEGINS = re.compile(r"审计了")
_HEADING = re.compile(r"[（(]?[一二三四五六七八九十][)）、.．](?P<title>.{2,24})$")
_KINDS = {"审计意见": "无保留意见", "保留意见": "保留意见", "否定意见": "否定意见", "无法表示意见": "无法表示意见"}
_PARAGRAPHS = (("强调事项", "强调事项段"), ("持续经营", "持续经营重大不确定性段落"), ("其他事项", "其他事项段"))
_BODY_ENDS = re.compile(r"关键审计事项|其他信息|管理层|责任")
_TITLE = re.compile(r"审计报告$")
_REPORT_NUMBER = re.compile(r"[A-Z\u4e00-\u9fff]{2,12}[（(〔\[【/]?20\d\d.{2,20}$")


@dataclass(frozen=True, slots=True)
class _Opinion:
    """An opinion as one place of the report gives it."""

    kind: str
    raw: str
    page: Page
    start: int
    end: int


def audit_facts(printed: PrintedPages, source: Source, fields: FieldDictionary) -> list[Fact]:
    """Return what the report says of its audit; the first value of a field counts."""
    opening = printed.running(OPENING_PAGES)
    found: dict[str, Fact] = {}
    for fact in (
        *_opinion(printed.pages, opening, source),
        *_rows(printed.pages, source, fields),
        *_firm(opening, source),
        *_number(printed.pages, source),
    ):
        found.setdefault(fact.field, fact)
    return list(found.values())


def opinion_kind(words: str) -> str:
    """Return the kind of an opinion in the words of the auditing standards; nothing for words that name none."""
    plain = squeeze(words)
    rest = plain.replace("无保留意见", "")
    if "无法表示意见" in plain:
        kind = "无法表示意见"
    elif "否定意见" in plain:
        kind = "否定意见"
    elif "保留意见" in rest:
        kind = "保留意见"
    elif rest == plain:
        return ""
    else:
        kind = "无保留意见"
    named = [name for word, name in _PARAGRAPHS if word in rest]
    return _with_paragraphs(kind, named)


def _with_paragraphs(kind: str, paragraphs: Sequence[str]) -> str:
    if paragraphs:
        return f"带{'和'.join(paragraphs)}的{kind}"
    return STANDARD if kind == "无保留意见" else kind


def _opinion(pages: Sequence[Page], opening: Sequence[RunningText], source: Source) -> Iterator[Fact]:
    """Yield the opinion: the auditor's own headings before what the company says of them."""
    worded = [*_in_table(pages), *_in_sentences(opening)]
    own = _from_headings(pages)
    agreeing = next((opinion for opinion in worded if own is None or opinion.kind == own.kind), None)
    chosen = agreeing or own or _without_remark(opening)
    if chosen:
        fact = _fact(OPINION, chosen.kind, chosen.raw, _Span(chosen.page, chosen.start, chosen.end), source)
        yield replace(fact, confidence=DOUBTED if worded and not agreeing else 1.0)


def _in_table(pages: Sequence[Page]) -> Iterator[_Opinion]:
    for page, line, label, value in _labelled(pages):
        on_statements = squeeze(label).endswith(("审计意见类型", "审计报告意见类型")) and "控" not in label
        if on_statements and (kind := opinion_kind(value)):
            yield _Opinion(kind, value, page, line.start, line.end)


def _in_sentences(opening: Sequence[RunningText]) -> Iterator[_Opinion]:
    for running in opening:
        for pattern in _WORDED:
            for match in pattern.finditer(running.text):
                if kind := opinion_kind(match["opinion"]):
                    span = running.lines(match.start(), match.end())
                    yield _Opinion(kind, match["opinion"], running.page, *span)


def _without_remark(opening: Sequence[RunningText]) -> _Opinion | None:
    """Return the standard opinion where the box for any other one is ticked as not applicable."""
    for running in opening:
        if match := _NO_OTHER_OPINION.search(running.text):
            return _Opinion(STANDARD, match.group(), running.page, *running.lines(match.start(), match.end()))
    return None


def _from_headings(pages: Sequence[Page]) -> _Opinion | None:
    """Return the opinion that the headings of the auditor's report amount to."""
    for i, page in enumerate(pages):
        if not _BEGINS.search(page.text) or "资产负债表" not in page.text:
            continue
        kind, paragraphs, place = "", [], None
        for at, line, title in _headings(pages[i : i + MAX_REPORT_PAGES]):
            if not kind and title in _KINDS:
                kind, place = _KINDS[title], (at, line)
            elif kind and _BODY_ENDS.search(title):
                break
            elif kind:
                paragraphs += [name for word, name in _PARAGRAPHS if word in title]
        if place:
            at, line = place
            return _Opinion(
                _with_paragraphs(kind, paragraphs), at.text[line.start : line.end], at, line.start, line.end
            )
    return None


def _headings(pages: Sequence[Page]) -> Iterator[tuple[Page, Line, str]]:
    for page in pages:
        for line in page.lines:
            if match := _HEADING.match(squeeze(page.text[line.start : line.end])):
                yield page, line, match["title"]


def _labelled(pages: Sequence[Page]) -> Iterator[tuple[Page, Line, str, str]]:
    """Yield label and value of the lines of those pages that print them about the audit."""
    for page in pages:
        if not _TABLE_PAGE.search(page.text):
            continue
        for line in page.lines:
            parts = _LABEL_END.split(page.text[line.start : line.end].strip(), maxsplit=1)
            if len(parts) == 2 and parts[1]:
                yield page, line, parts[0], parts[1]


def _rows(pages: Sequence[Page], source: Source, fields: FieldDictionary) -> Iterator[Fact]:
    """Yield date, number, accountants, years and fee from the rows that name them."""
    for page, line, label, value in _labelled(pages):
        field = fields.by_label(label, STATEMENT)
        if field is None or field.name == OPINION or value in ("无", "不适用"):
            continue
        span = _Span(page, line.start, line.end)
        if field.is_money:
            yield from _fee(field, label, value, span, source)
        elif field.name == CONTROL_OPINION:
            yield from (_fact(field.name, kind, value, span, source) for kind in [opinion_kind(value)] if kind)
        else:
            yield _fact(field.name, tidy(value), value, span, source)


def _fee(field: Field, label: str, value: str, span: "_Span", source: Source) -> Iterator[Fact]:
    """Yield an amount whose unit is named in its label or above its table; without one it is worth nothing."""
    amount, unit = number(value.split(maxsplit=1)[0]), _UNIT_IN_LABEL.search(label)
    above = [line for line in span.page.lines if line.end <= span.start][-UNIT_LINES:]
    factor = UNITS[unit[1]] if unit else unit_factor([span.page.text[a.start : a.end] for a in reversed(above)])
    if amount is not None and factor is not None:
        fee = _fact(field.name, "", value, span, source)
        yield replace(fee, value=round(amount * factor, 4), unit=field.unit)


def _firm(opening: Sequence[RunningText], source: Source) -> Iterator[Fact]:
    """Yield the auditor that the sentence on the opinion names."""
    for running in opening:
        for match in (m for pattern in _WORDED for m in pattern.finditer(running.text) if m["firm"]):
            span = _Span(running.page, *running.lines(*match.span("firm")))
            yield _fact("会计师事务所", match["firm"], match["firm"], span, source)


def _number(pages: Sequence[Page], source: Source) -> Iterator[Fact]:
    """Yield the number printed below the title of the auditor's report."""
    for page in pages:
        if not _BEGINS.search(page.text):
            continue
        texts = [squeeze(page.text[line.start : line.end]) for line in page.lines]
        for line, above, text in zip(page.lines[1:], texts, texts[1:], strict=False):
            if _TITLE.search(above) and len(above) < 8 and _REPORT_NUMBER.match(text):
                yield _fact(NUMBER, text, text, _Span(page, line.start, line.end), source)


@dataclass(frozen=True, slots=True)
class _Span:
    """Lines of a page."""

    page: Page
    start: int
    end: int


def _fact(field: str, text: str, raw: str, span: _Span, source: Source) -> Fact:
    return Fact(
        field=field,
        value=None,
        unit="",
        year=source.year or 0,
        period=source.period.replace("摘要", "") or "FY",
        scope="",
        text=text,
        raw=raw.strip(),
        page=span.page.number,
        start=span.start,
        end=span.end,
        row=tidy(span.page.text[span.start : span.end]),
        statement=STATEMENT,
    )
