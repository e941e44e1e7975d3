"""利润分配: what the board proposes to pay out, from its table or else from the proposal's words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vouch.ingest.facts.printed import PrintedLine, PrintedPages, number
from vouch.ingest.facts.running_text import RunningText
from vouch.ingest.facts.statement_columns import unit_factor
from vouch.ingest.facts.statements import labelled_rows
from vouch.ingest.rejoin import rows as tidy
from vouch.ingest.rejoin import squeeze
from vouch.retrieval.facts import Fact
from vouch.retrieval.fields import Field, FieldDictionary
from vouch.retrieval.types import Page, Source

STATEMENT = "dividend"
PLAN = "利润分配预案"
OPENING_PAGES = 5
MAX_PLAN = 900
"""Characters; the words of a proposal are shorter."""
MAX_HEAD_LINES = 25

_TABLE_PAGE = re.compile(r"派\s*息\s*数|送\s*红\s*股\s*数|现金分红金额|现金分红的数额")
_TABLE_START = re.compile(r"利润分配(?:预案|方案)?(?:及|和|、)?资本公积金?转增股本|现金分红方案|分红年度")
_TABLE_END = re.compile(r"最近三个会计年度|本次现金分红情况|回购股份计入现金分红的情况|股权激励")
_OLD_HEAD = re.compile(r"送.{0,6}红股数.*派.{0,6}息数.*转.{0,6}增数.*现金分红的数额.*净利润.*比率")
_OLD_COLUMNS = ("每10股送红股数", "每10股派息数", "每10股转增数", "现金分红金额", "", "现金分红占归母净利润的比率(%)")
"""What the columns of the table of several years are; the net profit stands in the statements."""
_OLD_YEAR = re.compile(r"(20\d\d)年度?$")
_PLAN_HEADING = re.compile(r"利润分配(?:预案|方案)或公积金转增股本(?:的)?(?:预案|方案)")
_PLAN_WORDS = re.compile(
    r"(?:公司)?经[^。]{0,40}(?:审议|董事会)[^。]{0,20}(?:利润分配|权益分派)(?:的)?(?:预案|方案)为|公司计划不派发现金红利"
)
_PLAN_END = re.compile(
    r"董事会决议通过的本报告期优先股|[（(]?[二三四五六七八九十]{1,2}[）)]?、|第[一二]节|目录|二[、.]?公司基本情况|前瞻性陈述"
)
_BOXES = re.compile(r"^(?:[\W_]*不?适用){1,2}(?:是否以公积金转增股本[\W_]*是[\W_]*否)?")
_IN_WORDS = (
    ("每10股派息数", re.compile(r"每10股(?:派发?|派送|分配|发放)(?:现金)?(?:红利|股利|股息)?(?:人民币)?([\d.]+)元")),
    ("每10股送红股数", re.compile(r"(?:送红股|每10股送)([\d.]+)股")),
    ("每10股转增数", re.compile(r"每10股(?:以资本公积金?)?转增([\d.]+)股")),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Lines of a page."""

    page: Page
    start: int
    end: int


def dividend_facts(printed: PrintedPages, source: Source, fields: FieldDictionary) -> list[Fact]:
    """Return the facts of the proposal; the table's before those of its words."""
    found: dict[tuple[str, int], Fact] = {}
    for fact in (*_tables(printed, source, fields), *_plan(printed.running(OPENING_PAGES), source, fields)):
        found.setdefault((fact.field, fact.year), fact)
    return list(found.values())


def _tables(printed: PrintedPages, source: Source, fields: FieldDictionary) -> Iterator[Fact]:
    begun = False
    for page in printed.pages:
        if not _TABLE_PAGE.search(page.text):
            begun = False
            continue
        lines = printed.lines(page)
        inside: list[PrintedLine] = []
        for line in lines:
            text = squeeze(page.text[line.start : line.end])
            if not line.amounts and _TABLE_START.search(text):
                begun = True
            elif not line.amounts and _TABLE_END.search(text):
                begun = False
            if begun:
                inside.append(line)
        yield from _rows(page, inside, source, fields)
        yield from _years(page, lines, source, fields)


def _rows(page: Page, lines: Sequence[PrintedLine], source: Source, fields: FieldDictionary) -> Iterator[Fact]:
    """Yield the amount of each known row; the table states one year."""
    factor = unit_factor([page.text[line.start : line.end] for line in lines if not line.amounts]) or 1.0
    for row in labelled_rows(lines, STATEMENT, fields):
        value = number(row.amounts[0].text)
        if value is not None and not row.field.is_text and len(row.amounts) == 1:
            span = _Place(page, min(a.start for a in row.lines), max(a.end for a in row.lines))
            scale = factor if row.field.is_money and not re.search(r"[（(]元[)）]", row.lines[0].label) else 1.0
            yield _fact(row.field, row.amounts[0].text, span, source, value=round(value * scale, 4))


def _years(page: Page, lines: Sequence[PrintedLine], source: Source, fields: FieldDictionary) -> Iterator[Fact]:
    """Yield the rows of the table of several years, whose columns the regulator prescribed until 2021."""
    for i, line in enumerate(lines):
        year = _OLD_YEAR.match(squeeze(line.label))
        if not year or len(line.amounts) != len(_OLD_COLUMNS):
            continue
        head = squeeze("".join(page.text[a.start : a.end] for a in lines[max(0, i - MAX_HEAD_LINES) : i]))
        if not _OLD_HEAD.search(head):
            continue
        for name, amount in zip(_OLD_COLUMNS, line.amounts, strict=True):
            field, value = fields.by_name(name), number(amount.text)
            if field is not None and value is not None:
                fact = _fact(field, amount.text, _Place(page, line.start, line.end), source, value=value)
                own = int(year[1]) == source.year
                yield replace(fact, year=int(year[1]), column="current" if own else "prior")


def _plan(opening: Sequence[RunningText], source: Source, fields: FieldDictionary) -> Iterator[Fact]:
    """Yield the proposal as the opening pages word it, and the numbers in its words."""
    plan, field = _plan_words(opening), fields.by_name(PLAN)
    if plan is None or field is None:
        return
    words, place = plan
    yield replace(_fact(field, words, place, source), text=words)
    for name, pattern in _IN_WORDS:
        said, match = fields.by_name(name), pattern.search(words)
        if said is not None and match:
            yield _fact(said, match[1], place, source, value=float(match[1]))


def _plan_words(opening: Sequence[RunningText]) -> tuple[str, _Place] | None:
    """Return the words of the proposal and the lines in which they begin; they may go on overleaf."""
    for i, running in enumerate(opening):
        match = _PLAN_HEADING.search(running.text) or _PLAN_WORDS.search(running.text)
        if not match:
            continue
        begin = match.end() if _PLAN_HEADING.match(match.group()) else match.start()
        begin += len(boxes.group()) if (boxes := _BOXES.match(running.text[begin:])) else 0
        overleaf = opening[i + 1].text if i + 1 < len(opening) else ""
        words = _until_end(running.text[begin:] + overleaf)
        if words:
            last = min(begin + len(words), len(running.text))
            return words, _Place(running.page, *running.lines(begin, last))
    return None


def _until_end(text: str) -> str:
    """Return the words up to the next heading, or else up to the last whole sentence."""
    text = text[:MAX_PLAN]
    end = _PLAN_END.search(text)
    return text[: end.start()] if end else text[: text.rfind("。") + 1]


def _fact(field: Field, raw: str, place: _Place, source: Source, value: float | None = None) -> Fact:
    return Fact(
        field=field.name,
        value=value,
        unit=field.unit,
        year=source.year or 0,
        period=source.period.replace("摘要", "") or "FY",
        scope="",
        raw=raw,
        page=place.page.number,
        start=place.start,
        end=place.end,
        row=tidy(place.page.text[place.start : place.end]),
        statement=STATEMENT,
    )
