"""主要会计数据和财务指标: the table of several years that opens reports, abridged and quarterly ones included."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from vouch.ingest.facts.printed import PrintedLine, PrintedPages, column_of, columns, number
from vouch.ingest.facts.statement_columns import UNITS, Column, prior, unit_factor
from vouch.ingest.facts.statements import Row, labelled_rows
from vouch.ingest.rejoin import rows as tidy
from vouch.ingest.rejoin import squeeze
from vouch.retrieval.facts import Fact
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.types import Page, Source

STATEMENT = "key_figures"
FIRST_PAGES = 30
MAX_PAGES = 3
WORD_SHARE = 0.42
"""A word of the head belongs to every column that it covers with this share of its width."""

_START = re.compile(r"主要(?:会计数据|财务数据|财务指标)(?:[和及与、](?:主要)?财务指标)?(?:情况|摘要)?$")
_END = re.compile(
    r"分季度|境内外会计准则|非经常性损益(?:的)?项目|股本及股东|股东(?:信息|情况)|发生变动的(?:情况|原因)|补充财务指标"
)
_MENTION = re.compile(r"主\s*要\s*(?:会\s*计|财\s*务)")
_HEAD = re.compile(r"20\d\d\s*年|本报告期|期末|年度?末|年初至|调整[前后]|增减|本期|上年同期")
_CHANGE = re.compile(r"增减|变动|同比|比上年|幅度|百分点|调整前")
_UNIT_IN_LABEL = re.compile(r"[（(](百万元|千元|万元|亿元|元)[)）]")
_BARE_UNIT = re.compile(r"(百万元|千元|万元|亿元|元)$")


@dataclass(frozen=True, slots=True)
class _Segment:
    """A head and the rows below it, on one page."""

    page: Page
    lines: tuple[PrintedLine, ...]
    head: tuple[PrintedLine, ...]


def key_figure_facts(printed: PrintedPages, source: Source, fields: FieldDictionary) -> list[Fact]:
    """Return the facts of the table; columns of changes and of figures before restatement are left out."""
    found: dict[tuple[str, int, str], Fact] = {}
    heads: list[Column | None] = []
    for segment in _segments(printed):
        extents = columns(segment.lines)
        named = _columns(segment, extents, source)
        if any(named):
            heads = named
        if len(heads) != len(extents):
            continue
        factor = _factor(segment)
        for row in labelled_rows(segment.lines, STATEMENT, fields):
            for fact in _row_facts(row, segment.page, list(zip(extents, heads, strict=True)), factor):
                found.setdefault((fact.field, fact.year, fact.period), fact)
    return list(found.values())


def _segments(printed: PrintedPages) -> Iterator[_Segment]:
    """Yield the tables of the section, one for each head."""
    begun: int | None = None
    for page in printed.pages[:FIRST_PAGES]:
        if begun is None and not _MENTION.search(page.text):
            continue
        if begun is not None and page.number - begun >= MAX_PAGES:
            return
        lines: list[PrintedLine] = []
        for line in printed.lines(page):
            plain = squeeze(page.text[line.start : line.end])
            if begun is not None and not line.amounts and len(plain) < 40 and _END.search(plain):
                yield from _cut(page, lines)
                return
            if not line.amounts and len(plain) < 30 and _START.search(plain) and "..." not in plain:
                yield from _cut(
                    page, lines
                )  # a heading within the section; what stood above it is no head of its table
                begun, lines = begun or page.number, []
            elif begun is not None:
                lines.append(line)
        yield from _cut(page, lines)


def _cut(page: Page, lines: Sequence[PrintedLine]) -> Iterator[_Segment]:
    start, rows_seen = 0, False
    for i, line in enumerate(lines):
        if line.amounts:
            rows_seen = True
        elif rows_seen and _HEAD.search(line.label):
            yield _segment(page, lines[start:i])
            start, rows_seen = i, False
    if rows_seen:
        yield _segment(page, lines[start:])


def _segment(page: Page, lines: Sequence[PrintedLine]) -> _Segment:
    first = next(i for i, line in enumerate(lines) if line.amounts)
    return _Segment(page, tuple(lines), tuple(lines[:first]))


def _columns(segment: _Segment, extents: Sequence[tuple[float, float]], source: Source) -> list[Column | None]:
    """Return what each column is by the words above it; None for changes and restated originals."""
    words = _words_above(segment, extents)
    period = source.period.replace("摘要", "") or "FY"
    now = Column(source.year or 0, period, "consolidated", "current")
    return [_column(text, now) for text in words]


def _words_above(segment: _Segment, extents: Sequence[tuple[float, float]]) -> list[str]:
    """Return, for each column, the words of the head that stand above it, joined."""
    middles = [(a[1] + b[0]) / 2 for a, b in pairwise(extents)]
    first = extents[0][0] - (extents[0][1] - extents[0][0]) if extents else 0.0
    zones = list(zip([first, *middles], [*middles, float("inf")], strict=True)) if extents else []
    words = [""] * len(zones)
    for line in segment.head:
        for x0, x1, text in _placed_words(segment.page, line):
            for i, (left, right) in enumerate(zones):
                if min(x1, right) - max(x0, left) >= WORD_SHARE * (x1 - x0) > 0:
                    words[i] += text
    return words


def _placed_words(page: Page, line: PrintedLine) -> Iterator[tuple[float, float, str]]:
    """Yield the words of a line with their extent; a year stays with its 年."""
    assert page.char_x is not None
    text = page.text[line.start : line.end]
    for match in re.finditer(r"20\d\d\s*年(?:\s*\d+\s*月(?:\s*\d+\s*日)?)?\S*|\S+", text):
        edges = page.char_x[line.start + match.start() : line.start + match.end()]
        edges = edges[edges[:, 1] > edges[:, 0]]
        if len(edges):
            yield float(edges[:, 0].min()) / 10, float(edges[:, 1].max()) / 10, squeeze(match.group())


def _column(text: str, now: Column) -> Column | None:
    if not text or _CHANGE.search(text):
        return None
    if year := re.search(r"20\d\d", text):
        return replace(now, year=int(year.group()), order="current" if int(year.group()) == now.year else "prior")
    if re.search(r"上年|上期|年初余额|期初", text):
        return prior(now)
    if "年初至" in text or "期末" in text or "年末" in text:
        return now
    if "本报告期" in text or "本期" in text:
        return replace(now, period=f"{now.period}-single") if now.period == "Q3" else now
    return None


def _factor(segment: _Segment) -> float:
    texts = [segment.page.text[line.start : line.end].strip() for line in segment.head]
    bare = (_BARE_UNIT.match(text) for text in texts)
    return unit_factor(texts) or next((UNITS[match[1]] for match in bare if match), 1.0)


def _row_facts(
    row: Row, page: Page, heads: Sequence[tuple[tuple[float, float], Column | None]], factor: float
) -> Iterator[Fact]:
    start, end = min(line.start for line in row.lines), max(line.end for line in row.lines)
    unit = _UNIT_IN_LABEL.search(squeeze(page.text[start:end]))
    scale = (UNITS[unit[1]] if unit else factor) if row.field.is_money else 1.0
    for amount in row.amounts:
        place, value = column_of(amount, [extent for extent, _ in heads]), number(amount.text)
        head = heads[place][1] if place is not None else None
        if head is None or value is None:
            continue
        balance_before = row.field.statement == "balance" and head.order == "prior"
        yield Fact(
            field=row.field.name,
            value=round(value * scale, 4),
            unit=row.field.unit,
            year=head.year,
            period="FY" if balance_before else head.period,
            raw=amount.text,
            page=page.number,
            start=start,
            end=end,
            row=tidy(page.text[start:end]),
            statement=STATEMENT,
            column=head.order,
        )
