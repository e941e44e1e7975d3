"""Answers to questions for values: the row of a report whose label is what was asked, in its first column.

Looks at whole pages, because tables are cut into passages and labels are wrapped over lines.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from vouch.generation.profile_rows import profile_rows
from vouch.generation.quotes import Quote, Statement
from vouch.generation.retrieve import Shelf
from vouch.generation.rows import Row, plain_label, rows
from vouch.generation.statement_titles import Title, title_above, unit_above
from vouch.generation.value_wording import Value, worded
from vouch.retrieval.lexicon import LINE_KINDS, STATEMENT_KINDS, Mention, default_lexicon
from vouch.retrieval.question import Question
from vouch.retrieval.types import Hit, Page, Scope

PAGES = 16
"""Pages that are read for one item."""
GOOD = 2.5
"""Score from which a row answers: its label is the item asked for."""
VALUE_KINDS = LINE_KINDS | {"profile", "people", "metrics"}

_PROFILE = re.compile(r"公司简介|公司信息|基本情况简介|联系人和联系方式|公司股票简况|公司基本情况")
_COUNTING_TAIL = re.compile(r"(?:人数|数量|合计|总计|总额|总数|数|人员)$")
_WHOSE = re.compile(
    r" (?:before allocation to|including) non-?controlling interests?$| attributable to (?!non-?controlling)"
)
_PLACE = {"consolidated": 1.5, "main": 0.8, "statement": 0.6, "quarters": -1.5, "parent": -1.5, "": 0.0}
"""Consolidated statements come first, the parent company's own last."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    row: Row
    page: Page
    hit: Hit
    title: Title
    score: float


def value_statements(shelf: Shelf, question: Question, scope: Scope) -> list[Statement]:
    """Return one statement for each item and year that a question asks for, as far as rows were found."""
    statements: list[Statement] = []
    for mention in asked_items(question):
        hits = _hits(shelf, question, mention, scope)
        for company in question.companies or ("",):
            own = [hit for hit in hits if not company or hit.chunk.source.company == company]
            for year in question.years or (None,):
                statement = _statement(shelf, question, mention, own, year)
                if statement and all(statement.text != other.text for other in statements):
                    statements.append(statement)
    return statements


def asked_items(question: Question) -> list[Mention]:
    """Return the terms of a question that stand for a value in reports."""
    return [mention for mention in question.mentions if mention.group.kind in VALUE_KINDS]


def _hits(shelf: Shelf, question: Question, mention: Mention, scope: Scope) -> list[Hit]:
    """Return passages about an item, those of its financial statement and those that name it most in turn."""
    query = " ".join(dict.fromkeys((question.text[mention.start : mention.end], mention.group.name)))
    named = shelf.search(query, 4 * PAGES, "hybrid", scope)
    if mention.group.kind not in STATEMENT_KINDS | {"profile", "people"}:
        return named
    # A page of a statement holds most lines of that statement: few other pages do.
    siblings = " ".join(default_lexicon().names(mention.group.kind))
    statement = shelf.search(siblings, 4 * PAGES, "lexical", scope)
    return [hit for pair in zip_longest(named, statement) for hit in pair if hit is not None]


def _statement(
    shelf: Shelf, question: Question, mention: Mention, hits: Sequence[Hit], year: int | None
) -> Statement | None:
    """Return what the report of a year says, or else the next year's report in its comparative column."""
    best, years_back = _best(shelf, mention, [hit for hit in hits if year in (None, hit.chunk.source.year)]), 0
    if best is None and year is not None:
        later = [hit for hit in hits if hit.chunk.source.year == year + 1]
        best, years_back = _best(shelf, mention, later, columns=2), 1
    if best is None:
        return None
    source = best.hit.chunk.source
    unit = unit_above(best.page, best.row.start, lambda number: shelf.page(source.doc_id, number))
    value = Value(question.text[mention.start : mention.end], mention.group.kind, best.row, source, best.title, unit)
    quote = Quote(source, best.page, best.row.start, best.row.end, _section(best), min(1.0, best.score / 5))
    return Statement(worded(value, years_back, question), (quote,))


def _section(best: _Candidate) -> tuple[str, ...]:
    chunk = best.hit.chunk
    if best.title.kind in ("consolidated", "parent", "statement"):
        return (*chunk.section[:1], best.title.text)
    return chunk.section if chunk.start <= best.row.start < chunk.end else chunk.section[:1]


def _best(shelf: Shelf, mention: Mention, hits: Sequence[Hit], columns: int = 1) -> _Candidate | None:
    candidates = [c for c in _candidates(shelf, mention, hits) if c.score >= GOOD and len(c.row.values) >= columns]
    return max(candidates, key=lambda candidate: candidate.score, default=None)


def _candidates(shelf: Shelf, mention: Mention, hits: Sequence[Hit]) -> Iterator[_Candidate]:
    """Yield the rows of the first pages whose label is the item, with how surely they answer."""
    pages: dict[tuple[str, int], Hit] = {}
    for hit in hits:
        pages.setdefault((hit.chunk.source.doc_id, hit.chunk.page), hit)
    for rank, ((doc_id, number), hit) in enumerate(list(pages.items())[:PAGES]):
        page = shelf.page(doc_id, number)
        early = 0.5 * (1 - rank / PAGES)
        if mention.group.kind == "profile":
            own = 3.0 if _PROFILE.search(" ".join(hit.chunk.section)) else GOOD
            for row in profile_rows(page, mention.group.terms):
                yield _Candidate(row, page, hit, Title(), own + early)
            continue
        for row in rows(page):
            score = _label_score(row, mention)
            if score <= 0:
                continue
            title = Title()
            if mention.group.kind in LINE_KINDS:
                title = title_above(page, row.start, lambda n, doc_id=doc_id: shelf.page(doc_id, n))  # type: ignore[misc]
                score += _PLACE[title.kind] + (0.3 if len(row.values) >= 2 else 0.0)
            yield _Candidate(row, page, hit, title, score + early)


def _label_score(row: Row, mention: Mention) -> float:
    """Return how surely a row's label is the item: 3 for its name, less for a label that only holds it."""
    if any(_is_another_item(label, mention) for label in row.long_labels):
        return 0.0
    name, *others = [plain_label(term) for term in mention.group.terms]
    if row.label == name:
        return 3.0
    if row.label in others:
        return 2.9
    if any(label == name or label in others for label in row.long_labels):
        return 2.8
    return _like(row.label, (name, *others))


def _like(label: str, terms: Sequence[str]) -> float:
    """Return how surely a label that is none of the terms still means the same."""
    if any(_for_the_owners(label, term) for term in terms):
        return 2.7
    return 2.6 if _COUNTING_TAIL.sub("", label) in {_COUNTING_TAIL.sub("", term) for term in terms} else 0.0


def _for_the_owners(label: str, term: str) -> bool:
    """Say whether an English label is the term and to whom it belongs, the minority apart."""
    rest = label.removeprefix(term)
    return rest != label and _WHOSE.match(rest) is not None


def _is_another_item(label: str, mention: Mention) -> bool:
    """Say whether a label taken together with the line above it is an item of its own, not the one asked for."""
    group = default_lexicon().group(label)
    return group is not None and group is not mention.group
