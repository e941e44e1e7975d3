"""Company profile of an annual report: who, where, how to reach it, who audits it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vouch.ingest.facts.printed import PrintedPages
from vouch.ingest.headings import numbered_level
from vouch.ingest.rejoin import prose, squeeze
from vouch.ingest.rejoin import rows as tidy
from vouch.retrieval.facts import Fact
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.types import Line, Page, Source

STATEMENT = "company"
MAX_PAGES = 4
FIRST_PAGES = 30
MAX_LABEL_TOKENS = 4

_START = re.compile(
    r"(?:[一二三四五六七八九十]+[、.．])?(?:公司(?:基本)?(?:信息|情况简介|简介)|公司简介和主要财务指标)$"
)
_END = re.compile(r"(?:[一二三四五六七八九十]+[、.．])?.{0,8}主要会计数据")
_AUDITOR = re.compile(r"[\u4e00-\u9fff]{2,12}会计师事务所(?:[（(]特殊普通合伙[)）])?")
_TOKEN = re.compile(r"\S+")
_NAME = re.compile(r"[\u4e00-\u9fff·]{2,6}$")
_NONE = re.compile(r"(?:无|不适用|[-—–/]+)$")


@dataclass(frozen=True, slots=True)
class _Printed:
    """A line of the profile with its words and where each begins."""

    page: Page
    line: Line
    tokens: tuple[tuple[str, int], ...]

    def x0(self, start: int) -> float:
        return float(self.page.char_x[start, 0]) / 10 if self.page.char_x is not None else 0.0


def company_facts(printed: PrintedPages, source: Source, fields: FieldDictionary) -> list[Fact]:
    """Return the facts of the profile section; the first value of a field counts."""
    pages = printed.pages
    lines = list(_profile(pages, printed.furniture))
    found: dict[str, Fact] = {}
    for fact in (*_pairs(lines, source, fields), *_secretary(lines, source), *_auditor(lines, source)):
        if not _NONE.match(fact.text):
            found.setdefault(fact.field, fact)
    for fact in _identity(pages, lines, source):
        found[fact.field] = fact
    return list(found.values())


def _profile(pages: Sequence[Page], furniture: Mapping[int, frozenset[int]]) -> Iterator[_Printed]:
    """Yield the lines of the profile section."""
    begun: int | None = None
    for page in pages[:FIRST_PAGES]:
        for i, line in enumerate(page.lines):
            text = page.text[line.start : line.end]
            if i in furniture.get(page.number, ()):
                continue
            plain = squeeze(text)
            if begun is None and _START.search(plain) and "..." not in plain:
                begun = page.number
            elif begun is not None and (_END.match(plain) or page.number - begun >= MAX_PAGES):
                return
            elif begun is not None:
                tokens = tuple((m.group(), line.start + m.start()) for m in _TOKEN.finditer(text))
                yield _Printed(page, line, tokens)


def _pairs(lines: Sequence[_Printed], source: Source, fields: FieldDictionary) -> Iterator[Fact]:
    """Yield what stands beside each known label, with the lines it is wrapped over."""
    for i, printed in enumerate(lines):
        for first, last, name in _labels(printed, fields):
            at, value = i, printed.tokens[first:last]
            if not value:
                at, value = i + 1, _beside_rest(lines, i, name, fields)
            if not value:
                continue
            whole = last == len(printed.tokens)
            end, text = _with_rest(lines, at, value, fields) if whole else _joined(value)
            if text:
                yield _fact(name, text, printed.page, printed.line.start, end, source)


def _beside_rest(lines: Sequence[_Printed], i: int, name: str, fields: FieldDictionary) -> tuple[tuple[str, int], ...]:
    """Return the value beside the second line of a wrapped label, none where the label is whole."""
    if i + 1 >= len(lines) or lines[i + 1].page is not lines[i].page or len(lines[i + 1].tokens) < 2:
        return ()
    below = lines[i + 1].tokens
    whole = fields.by_label("".join(word for word, _ in lines[i].tokens) + below[0][0], STATEMENT)
    return below[1:] if whole and whole.name == name and not _labels(lines[i + 1], fields) else ()


def _labels(printed: _Printed, fields: FieldDictionary) -> list[tuple[int, int, str]]:
    """Return (first value word, word after the value, field) for each label of a line."""
    marks: list[tuple[int, int, str]] = []
    i, words = 0, [word for word, _ in printed.tokens]
    while i < len(words):
        for count in range(min(MAX_LABEL_TOKENS, len(words) - i), 0, -1):
            field = fields.by_label("".join(words[i : i + count]), STATEMENT)
            if field:
                marks.append((i, i + count, field.name))
                i += count - 1
                break
        i += 1
    ends = [*(mark[0] for mark in marks), len(words)][1:]
    return [(start, end, name) for (_, start, name), end in zip(marks, ends, strict=True)]


def _joined(value: Sequence[tuple[str, int]]) -> tuple[int, str]:
    word, start = value[-1]
    return start + len(word), " ".join(word for word, _ in value)


def _with_rest(
    lines: Sequence[_Printed], i: int, value: Sequence[tuple[str, int]], fields: FieldDictionary
) -> tuple[int, str]:
    """Return a value with the lines below that go on in its column."""
    printed, left = lines[i], lines[i].x0(value[0][1])
    end, text = printed.line.end, printed.page.text[value[0][1] : printed.line.end]
    for below in lines[i + 1 : i + 3]:
        in_column = below.tokens and below.x0(below.tokens[0][1]) >= left - 3
        heading = numbered_level(below.page.text[below.line.start : below.line.end])
        if below.page is not printed.page or not in_column or heading or _labels(below, fields):
            break
        end, text = below.line.end, text + "\n" + below.page.text[below.line.start : below.line.end]
    return end, prose(text)


def _secretary(lines: Sequence[_Printed], source: Source) -> Iterator[Fact]:
    """Yield the secretary's name: below the column head, in the row 姓名."""
    for head, row in ((a, b) for i, a in enumerate(lines) for b in lines[i + 1 : i + 3]):
        heads = [start for word, start in head.tokens if word == "董事会秘书"]
        if not heads or not row.tokens or row.tokens[0][0] != "姓名" or row.page is not head.page:
            continue
        names = [(word, start) for word, start in row.tokens[1:] if _NAME.match(word)]
        if names:
            name, _ = min(names, key=lambda found: abs(row.x0(found[1]) - head.x0(heads[0])))
            yield _fact("董事会秘书", name, row.page, row.line.start, row.line.end, source)
            return


def _auditor(lines: Sequence[_Printed], source: Source) -> Iterator[Fact]:
    for printed in lines:
        text = printed.page.text[printed.line.start : printed.line.end]
        if match := _AUDITOR.search(text.replace("公司聘请的会计师事务所", "")):
            if "名称" in match.group():
                continue
            yield _fact("会计师事务所", match.group(), printed.page, printed.line.start, printed.line.end, source)
            return


def _identity(pages: Sequence[Page], lines: Sequence[_Printed], source: Source) -> Iterator[Fact]:
    """Yield name, short name and code as identified, cited from the profile or else from the first pages."""
    opening = [(page, line) for page in pages[:3] for line in page.lines]
    places = [(printed.page, printed.line) for printed in lines] + opening
    for field, value in (("企业名称", source.company), ("证券简称", source.short_name), ("证券代码", source.code)):
        stated = ((p, line) for p, line in places if value and value in p.text[line.start : line.end])
        if first := next(stated, None):
            yield _fact(field, value, first[0], first[1].start, first[1].end, source)


def _fact(field: str, text: str, page: Page, start: int, end: int, source: Source) -> Fact:
    return Fact(
        field=field,
        value=None,
        unit="",
        year=source.year or 0,
        period=source.period.replace("摘要", "") or "FY",
        scope="",
        text=text,
        raw=text,
        page=page.number,
        start=start,
        end=end,
        row=tidy(page.text[start:end]),
        statement=STATEMENT,
    )
