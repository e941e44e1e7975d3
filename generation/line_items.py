"""Answers to questions for values: the row of a report whose label is what was asked, in its first column.

Looks at whole pages, because tables are cut into passages and labels are wrapped over lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vouch.generation.phrases import Language, period_name
from vouch.generation.profile_rows import profile_rows
from vouch.generation.quotes import Quote, Statement
from vouch.generation.retrieve import Shelf
from vouch.generation.rows import Row, plain_label, rows
from vouch.generation.sentences import readable
from vouch.retrieval.lexicon import Mention
from vouch.retrieval.question import Question
from vouch.retrieval.types import Hit, Page, Scope, Source

PAGES = 10
"""Pages that are read for one item."""
GOOD = 2.5
"""Score from which a row answers: its label is the item asked for."""
VALUE_KINDS = frozenset({"lines", "profile", "people", "metrics"})

_STATEMENT = re.compile(
    r"(合并|母公司|公司)?\s*(资产负债表|利润表|现金流量表|所有者权益变动表|股东权益变动表)(?!日|项目|相关)"
)
_MAIN_FIGURES = re.compile(r"主要会计数据|主要财务数据")
_QUARTERS = re.compile(r"分季度|第一季度\s*第二季度")
_UNIT = re.compile(r"单位[:：]?\s*(?:人民币)?\s*(百万元|万元|千元|亿元|元)|[(（]人民币?(万元|千元|元)[)）]")
_UNIT_EN = re.compile(r"\(?(?:dollars |amounts )?in (millions|thousands|billions)", re.IGNORECASE)
_BOTH_COLUMNS = re.compile(r"增长|变化|变动|相比|同比|比上年|较上年|上年|去年|下降|上升|change|growth|grow|compared")


@dataclass(frozen=True, slots=True)
class _Candidate:
    row: Row
    page: Page
    source: Source
    section: tuple[str, ...]
    score: float


def value_statements(shelf: Shelf, question: Question, scope: Scope) -> list[Statement]:
    """Return one statement for each item and year that a question asks for, as far as rows were found."""
    asked = [mention for mention in question.mentions if mention.group.kind in VALUE_KINDS]
    statements: list[Statement] = []
    for mention in asked:
        query = " ".join(dict.fromkeys((question.text[mention.start : mention.end], mention.group.name)))
        hits = shelf.search(query, 4 * PAGES, "hybrid", scope)
        for company in question.companies or ("",):
            own = [hit for hit in hits if not company or hit.chunk.source.company == company]
            for year in question.years or (None,):
                statement = _statement(shelf, question, mention, own, year)
                if statement and statement not in statements:
                    statements.append(statement)
    return statements


def _statement(
    shelf: Shelf, question: Question, mention: Mention, hits: Sequence[Hit], year: int | None
) -> Statement | None:
    own = [hit for hit in hits if year is None or hit.chunk.source.year == year]
    column = 0
    best = _best(shelf, mention, own)
    if best is None and year is not None:
        column, best = 1, _best(shelf, mention, [hit for hit in hits if hit.chunk.source.year == year + 1], columns=2)
    if best is None:
        return None
    section = (
        (*best.section, title) if (title := _title(shelf, best.source, best.page, best.row.start)[1]) else best.section
    )
    quote = Quote(best.source, best.page, best.row.start, best.row.end, section, min(1.0, best.score / 5))
    return Statement(_worded(question, mention, best, column, _unit(shelf, best, mention)), (quote,))


def _best(shelf: Shelf, mention: Mention, hits: Sequence[Hit], columns: int = 1) -> _Candidate | None:
    pages: dict[tuple[str, int], Hit] = {}
    for hit in hits:
        if len(pages) < PAGES:
            pages.setdefault((hit.chunk.source.doc_id, hit.chunk.page), hit)
    best: _Candidate | None = None
    for rank, hit in enumerate(pages.values()):
        source = hit.chunk.source
        page = shelf.page(source.doc_id, hit.chunk.page)
        profile = mention.group.kind == "profile"
        for row in profile_rows(page, mention.group.terms) if profile else rows(page):
            score = _label_score(row, mention) if not profile else 3.0
            if score <= 0 or len(row.values) < columns:
                continue
            score += 0.5 * (1 - rank / PAGES) + (0.3 if len(row.values) >= 2 and mention.group.kind == "lines" else 0)
            score += _place_score(shelf, source, page, row) if mention.group.kind == "lines" else 0
            if score >= GOOD and (best is None or score > best.score):
                best = _Candidate(row, page, source, hit.chunk.section, score)
    return best


def _label_score(row: Row, mention: Mention) -> float:
    """Return how surely a row's label is the item: 3 for its name, less for a label that only holds it."""
    terms = [plain_label(term) for term in mention.group.terms]
    for score, label in ((3.0, row.label), (2.9, row.long_label)):
        if label in terms:
            return score
    stripped = {re.sub(r"(?:人数|数量|合计|总计|总额|总数|数|人员)$", "", term) for term in terms}
    if re.sub(r"(?:人数|数量|合计|总计|总额|总数|数|人员)$", "", row.label) in stripped:
        return 2.6
    if any(row.label.startswith(term) and len(row.label) <= len(term) + 4 for term in terms):
        return 2.2
    return 0.0


def _place_score(shelf: Shelf, source: Source, page: Page, row: Row) -> float:
    """Return what the kind of table says: consolidated statements first, the parent company's own last."""
    kind, _ = _title(shelf, source, page, row.start)
    return {"consolidated": 1.5, "main": 0.8, "statement": 0.6, "quarters": -1.5, "parent": -1.5}.get(kind, 0.0)


def _title(shelf: Shelf, source: Source, page: Page, position: int) -> tuple[str, str]:
    """Return the kind and the printed title of the statement that a place belongs to, up to two pages back."""
    text, number = page.text[:position], page.number
    for _ in range(3):
        found = [m for pattern in (_STATEMENT, _MAIN_FIGURES, _QUARTERS) for m in pattern.finditer(text)]
        titles = sorted((m for m in found if _is_title_line(text, m)), key=lambda m: m.start())
        if titles:
            return _kind(titles[-1]), readable(titles[-1][0])
        number -= 1
        if number < 1:
            break
        text = shelf.page(source.doc_id, number).text
    return "", ""


def _is_title_line(text: str, match: re.Match[str]) -> bool:
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    return len(text[start : end if end >= 0 else len(text)].strip()) <= 30


def _kind(title: re.Match[str]) -> str:
    if title.re is _QUARTERS:
        return "quarters"
    if title.re is _MAIN_FIGURES:
        return "main"
    return {"合并": "consolidated", "母公司": "parent", "公司": "parent"}.get(title[1] or "", "statement")


def _unit(shelf: Shelf, best: _Candidate, mention: Mention) -> str:
    """Return the unit printed nearest above a row; people have none, ratios carry theirs in the label."""
    if mention.group.kind == "people":
        return "人" if best.source.language == "zh" else ""
    if mention.group.kind != "lines" or "每股" in best.row.label:
        return "元/股" if "每股" in best.row.label else ""
    if re.search(r"率|比例", best.row.label) or best.row.values[0].endswith("%"):
        return "" if best.row.values[0].endswith("%") else "%"
    text = best.page.text[: best.row.start]
    if best.page.number > 1 and not (_UNIT.search(text) or _UNIT_EN.search(text)):
        text = shelf.page(best.source.doc_id, best.page.number - 1).text
    found = [match[1] or match[2] for match in _UNIT.finditer(text)]
    english = [match[0].strip("( ") for match in _UNIT_EN.finditer(text)]
    return (found or english or ["元" if best.source.language == "zh" else ""])[-1]


def _worded(question: Question, mention: Mention, best: _Candidate, column: int, unit: str) -> str:
    language: Language = question.language
    asked = question.text[mention.start : mention.end]
    values = best.row.values
    value = values[min(column, len(values) - 1)]
    when = period_name(best.source, language) if column == 0 else _year_before(best.source, language)
    name = best.source.short_name or best.source.company
    if language == "zh":
        text = f"{name}{when}{asked}为 {value}{f' {unit}' if unit else ''}"
        if _BOTH_COLUMNS.search(question.text) and column == 0 and len(values) > 1 and mention.group.kind == "lines":
            text += f"，上年为 {values[1]}{f' {unit}' if unit else ''}"
        return f"{text}。"
    text = f"{name} {when}, {asked}: {value}{f' ({unit})' if unit else ''}"
    if _BOTH_COLUMNS.search(question.text) and column == 0 and len(values) > 1:
        text += f"; next column: {values[1]}"
    return f"{text}."


def _year_before(source: Source, language: Language) -> str:
    year = (source.year or 0) - 1
    return f"{year}年" if language == "zh" else str(year)
