"""The three statements of a Chinese report, row by row: label, note, amounts, each in its year and scope."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vouch.ingest.facts.printed import (
    Amount,
    PrintedLine,
    PrintedPages,
    column_of,
    columns,
    number,
    without_note,
)
from vouch.ingest.facts.statement_columns import Column, statement_columns, unit_factor
from vouch.ingest.rejoin import rows as tidy
from vouch.ingest.rejoin import squeeze
from vouch.retrieval.facts import Fact, FactScope
from vouch.retrieval.fields import Field, FieldDictionary
from vouch.retrieval.types import Page, Source

MAX_PAGES = 7
"""A statement is no longer than this."""
MIN_ROWS = 4
"""A caption with fewer known rows below it, or without any total, is a mention and not a statement."""
TOTALS = frozenset(
    {
        "流动资产合计",
        "资产总计",
        "负债合计",
        "所有者权益合计",
        "负债和所有者权益总计",
        "营业利润",
        "利润总额",
        "净利润",
        "综合收益总额",
        "经营活动产生的现金流量净额",
        "投资活动产生的现金流量净额",
        "筹资活动产生的现金流量净额",
        "现金及现金等价物净增加额",
    }
)
HEADER_LINES = 14
WRAPPED_LINES = 4
"""A label has at most so many lines above its amounts, and below them."""

_NUMBERING = r"[（(]?(?:[一二三四五六七八九十]{1,3}|\d{1,2})[）)、.．]+\s*"
_CAPTION = re.compile(
    rf"(?:{_NUMBERING})?(?P<scope>合并及(?:母)?公司|合并和(?:母)?公司|合并|母公司|本公司|公司|银行)?(?:年初[到至]报告期末|本报告期)?"
    r"(?P<name>资产负债表|财务状况表|利润表|损益表|现金流量表|(?:所有者|股东)?权益变动表)"
    r"(?:[（(](?:续|续表|未经审计|经审计)[^）)]*[）)])?$"
)
_MENTION = re.compile(r"(?:负\s*债|状\s*况|润|损\s*益|流\s*量)\s*表")
_END = re.compile(
    rf"(?:{_NUMBERING})?(?:公司(?:的)?基本情况|公司简介|财务报表(?:的)?编制基础|财务报表附注|补充资料|审计报告)$"
)
_STATEMENTS = {
    "资产负债表": "balance",
    "财务状况表": "balance",
    "利润表": "income",
    "损益表": "income",
    "现金流量表": "cash_flow",
}


@dataclass(frozen=True, slots=True)
class _Region:
    """A statement's lines, page by page, the caption left out."""

    statement: str
    scope: str
    pages: tuple[tuple[Page, tuple[PrintedLine, ...]], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A known row: its field and the lines it is printed in."""

    field: Field
    lines: tuple[PrintedLine, ...]
    amounts: tuple[Amount, ...]


def statement_facts(printed: PrintedPages, source: Source, fields: FieldDictionary) -> list[Fact]:
    """Return the facts of all statements; the first value of a field in a statement, scope and column counts."""
    regions = list(_regions(printed))
    consolidated = {region.statement for region in regions if region.scope.startswith("合并")}
    found: dict[tuple[object, ...], Fact] = {}
    for region in regions:
        for fact in _region_facts(region, source, fields, alone=region.statement not in consolidated):
            found.setdefault((fact.statement, fact.scope, fact.field, fact.year, fact.period), fact)
    return list(found.values())


def _regions(printed: PrintedPages) -> Iterator[_Region]:
    open_region: tuple[str, str] | None = None
    parts: list[tuple[Page, tuple[PrintedLine, ...]]] = []
    for page in printed.pages:
        if not open_region and not _MENTION.search(page.text):
            continue
        lines, first = printed.lines(page), 0
        for i, line in enumerate(lines):
            caption = None if line.amounts else _CAPTION.match(squeeze(line.label))
            ends = not line.amounts and bool(_END.match(squeeze(line.label)))
            if not caption and not ends:
                continue
            if open_region:
                yield _Region(*open_region, (*parts, (page, tuple(lines[first:i]))))
            statement = _STATEMENTS.get(caption["name"]) if caption else None
            open_region, parts, first = (
                (statement, caption["scope"] or "") if caption and statement else None,
                [],
                i + 1,
            )
        if open_region:
            parts.append((page, tuple(lines[first:])))
            if len(parts) >= MAX_PAGES:
                yield _Region(*open_region, tuple(parts))
                open_region, parts = None, []
    if open_region:
        yield _Region(*open_region, tuple(parts))


def _region_facts(region: _Region, source: Source, fields: FieldDictionary, alone: bool) -> list[Fact]:
    """Return a region's facts; a statement without 合并 is the company's own, or the only one there is."""
    scope: FactScope = "consolidated" if region.scope.startswith("合并") or (alone and not region.scope) else "parent"
    heads: list[Column | None] = []
    factor, found, rows = None, list[Fact](), 0
    following = [lines for _, lines in region.pages[1:]] + [()]
    for (page, lines), extents, after in zip(region.pages, _extents(region), following, strict=True):
        if not extents or not any(line.amounts for line in lines):
            factor = unit_factor([page.text[a.start : a.end] for a in lines]) or factor
            continue
        header = header_lines(lines, extents)
        factor = unit_factor([page.text[a.start : a.end] for a in header]) or factor
        default = default_column(scope, source)
        if not heads or len(heads) != len(extents) or _names_columns(header):
            heads = statement_columns(page, header, extents, source, default)
        for row in labelled_rows([*lines, *_leading_labels(after)], region.statement, fields):
            rows += 1
            found += row_facts(row, page, extents, heads, factor or 1.0)
    if rows < MIN_ROWS or not any(fact.field in TOTALS for fact in found):
        return []
    return [replace(fact, statement=region.statement) for fact in found]


def _leading_labels(lines: Sequence[PrintedLine]) -> list[PrintedLine]:
    """Return the lines at the top of a page that may be the rest of a label at the foot of the page before."""
    return [line for line in lines[:1] if line.label and not line.amounts]


def _extents(region: _Region) -> list[list[tuple[float, float]]]:
    """Return the columns of each page: those of all pages together where they agree, else the page's own.

    A page may hold so few amounts that a column is missing on it; it has the columns of the fullest page.
    """
    single = [columns(lines) for _, lines in region.pages]
    fullest = max(single, key=len, default=[])
    together = columns([line for _, lines in region.pages for line in lines])
    if len(together) == len(fullest):
        return [together] * len(single)
    return [own if len(own) == len(fullest) else fullest for own in single]


def default_column(scope: FactScope, source: Source) -> Column:
    """Return what the first column of a report's table is where nothing above it says otherwise."""
    period = {"摘要": "FY", "H1摘要": "H1"}.get(source.period, source.period) or "FY"
    return Column(source.year or 0, period, scope, "current")


def _names_columns(header: Sequence[PrintedLine]) -> bool:
    return any(re.search(r"项\s*目|20\d\d\s*年|期末|本期", line.label) for line in header)


def header_lines(lines: Sequence[PrintedLine], extents: Sequence[tuple[float, float]]) -> list[PrintedLine]:
    """Return the lines above the first amount that stands in a column."""
    for i, line in enumerate(lines[:HEADER_LINES]):
        if any(amount.is_money and column_of(amount, extents) is not None for amount in line.amounts):
            return list(lines[:i])
    return []


def labelled_rows(lines: Sequence[PrintedLine], statement: str, fields: FieldDictionary) -> Iterator[Row]:
    """Yield the rows whose label is known; a label may be wrapped over the lines above and below its amounts."""
    used: set[int] = set()
    within = ""  # the line that the 其中 lines below it belong to
    for i, line in enumerate(lines):
        if not line.amounts:
            section = fields.by_label(line.label, statement)
            within = section.name if section and section.name in fields.parents else within
            continue
        for span in _label_spans(lines, i, used):
            label = "".join(without_note(lines[k].label) for k in span)
            field = fields.by_label(label, statement, within) if label else None
            if field:
                used.update((*span, i))
                within = field.name if field.name in fields.parents else within
                yield Row(field, tuple(lines[k] for k in sorted({*span, i})), line.amounts)
                break


def _label_spans(lines: Sequence[PrintedLine], i: int, used: set[int]) -> Iterator[tuple[int, ...]]:
    """Yield the runs of lines that can hold the label of the amounts in line i, the longest first.

    The longest, because the end of a wrapped label is often another line's name: 归属于母公司股东的 | 净利润.
    """
    above = _label_only(lines, i, -1, used)
    below = _label_only(lines, i, 1, used)
    own = (i,) if without_note(lines[i].label) else ()
    for up in range(len(above), -1, -1):
        for down in range(len(below), -1, -1):
            if own or up or down:
                yield (*reversed(above[:up]), *own, *below[:down])


def _label_only(lines: Sequence[PrintedLine], i: int, step: int, used: set[int]) -> list[int]:
    """Return the lines without amounts that follow each other from line i on, close together, nearest first."""
    found: list[int] = []
    k = i + step
    while 0 <= k < len(lines) and len(found) < WRAPPED_LINES and not lines[k].amounts and k not in used:
        near = lines[k - step]
        if near.page != lines[k].page:
            found.append(k)
            break
        gap = (lines[k].y0 - near.y1) * step if step > 0 else (near.y0 - lines[k].y1)
        if gap > 0.9 * (lines[k].y1 - lines[k].y0) or lines[k].label.rstrip().endswith(("：", ":")):
            break
        found.append(k)
        k += step
    return found


def row_facts(
    row: Row, page: Page, extents: Sequence[tuple[float, float]], heads: Sequence[Column | None], factor: float
) -> Iterator[Fact]:
    """Yield a fact for each amount of a row that stands in a column."""
    here = [line for line in row.lines if line.page == page.number]
    start, end = min(line.start for line in here), max(line.end for line in here)
    scale = factor if row.field.is_money else 1.0
    for amount in row.amounts:
        place = column_of(amount, extents)
        value = number(amount.text)
        head = heads[place] if place is not None and place < len(heads) else None
        if head is None or value is None:
            continue
        yield Fact(
            field=row.field.name,
            value=round(value * scale, 4),
            unit=row.field.unit,
            year=head.year,
            period=_period_of(row.field, head),
            scope=head.scope,
            raw=amount.text,
            page=page.number,
            start=start,
            end=end,
            row=tidy(page.text[start:end]),
            column=head.order,
        )


def _period_of(field: Field, head: Column) -> str:
    """Return a fact's period: the comparative column of a balance is always the end of the year before."""
    return "FY" if field.statement == "balance" and head.order == "prior" else head.period
