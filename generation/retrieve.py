"""The passages that may answer a question, best first: searched in each scope that the question allows."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from vouch.generation.report_search import report_headings, report_words, with_statements
from vouch.retrieval.lexicon import fold
from vouch.retrieval.question import Question
from vouch.retrieval.types import EVERYTHING, Chunk, Hit, LexicalIndex, Page, Scope, SearchMode, StoredDocument

DEPTH = 40
"""Passages drawn from the library for one question; the best few of them are quoted."""
EXPANSION_WEIGHT = 0.6
HEADING_BONUS = 0.5
REPORT_HEADING_BONUS = 0.3
"""Less than for reports in Chinese, whose headings are prescribed; measured: 0.1 to 0.5 gain one question of 31."""

_NUMBERING = re.compile(
    r"^\s*(?:第[一二三四五六七八九十\d]+[章节]|[一二三四五六七八九十]{1,3}\s*[、．.]|[(（]\s*[一二三四五六七八九十\d]{1,3}\s*[)）]\s*[.．、]?"
    r"|\d{1,2}\s*[、．.](?!\d)|\d{1,2}(?:\.\d{1,2})+)\s*"
)


class Shelf(Protocol):
    """What a generator needs of a library."""

    @property
    def lexical(self) -> LexicalIndex: ...

    def documents(self, scope: Scope = EVERYTHING) -> list[StoredDocument]: ...

    def search(self, query: str, k: int = 10, mode: SearchMode = "hybrid", scope: Scope = EVERYTHING) -> list[Hit]: ...

    def page(self, doc_id: str, number: int) -> Page: ...

    def passages(self, doc_id: str) -> list[Chunk]: ...


Retrieve = Callable[[Shelf, Question, Scope], list[Hit]]
"""How passages are found for a question in one scope, best first."""


def retrieve(
    shelf: Shelf, question: Question, scope: Scope, depth: int = DEPTH, mode: SearchMode = "hybrid"
) -> list[Hit]:
    """Return the passages found for a question in one scope, those under a heading about its topic first."""
    in_report = question.language == "en" and question.about_report
    asked = _asked_words(question)
    others = (*question.expansions, *report_words(question)) if in_report else question.expansions
    found = shelf.search(asked, depth, mode, scope)
    if others and (in_report or not _is_plain(question)):
        found = _mixed(found, shelf.search(" ".join((asked, *others)), depth, mode, scope))
    headings = topic_headings(question)
    if headings:
        found = sorted(found, key=lambda hit: -(hit.score + HEADING_BONUS * heading_match(hit.chunk.section, headings)))
    return with_statements(shelf, question, scope, under_headings(found, question)) if in_report else found


def retrieve_suited(shelf: Shelf, question: Question, scope: Scope) -> list[Hit]:
    """Return what `retrieve` finds in the mode that suits the question."""
    return retrieve(shelf, question, scope, mode=suited_mode(question))


def suited_mode(question: Question) -> SearchMode:
    """Return how a question is best searched for: read again, but for those about a report or what stands in one.

    Measured with the light reranker: nDCG@10 of medical questions 0.224 to 0.246 in Chinese, 0.671 to 0.696 in English;
    the right page first for 0.909 of the open questions about reports without it, 0.890 with it.
    """
    of_reports = question.about_report or any(mention.group.kind != "medical" for mention in question.mentions)
    return "hybrid" if of_reports else "hybrid+rerank"


def _is_plain(question: Question) -> bool:
    """Say whether a question in Chinese asks for no report: patients' words are best searched for as they stand.

    Measured as nDCG@10 on the medical set: 0.214 as they stand, 0.208 without filler, 0.204 with the other words for
    its terms as well, which the lexical index knows at a lower weight. In English 0.619, 0.623 and 0.629.
    """
    return question.language == "zh" and not question.about_report and not question.speaks_another_language


def _asked_words(question: Question) -> str:
    if question.wants == "definition" and question.language == "zh":
        return f"{question.query} 是指"
    return question.text if _is_plain(question) else question.query


def topic_headings(question: Question) -> tuple[str, ...]:
    """Return what the sections about the topics of a question are called, bare of numbering and marks."""
    names = [heading for mention in question.mentions for heading in mention.group.headings]
    return tuple(dict.fromkeys(bare_heading(name) for name in names))


def under_headings(hits: Sequence[Hit], question: Question) -> list[Hit]:
    """Return the hits of a report in English with those right under a heading about what is asked further up."""
    headings = tuple(map(bare_heading, report_headings(question)))
    return sorted(hits, key=lambda h: -(h.score + REPORT_HEADING_BONUS * heading_match(h.chunk.section[-1:], headings)))


def heading_match(section: Sequence[str], headings: Sequence[str]) -> float:
    """Return 1 where a heading above a passage is one of those wanted, less where it only holds or is held by one."""
    best = 0.0
    for heading in map(bare_heading, section):
        for wanted in headings:
            if heading == wanted:
                return 1.0
            if wanted in heading or (len(heading) >= 4 and heading in wanted):
                best = max(best, 0.8 * min(len(heading), len(wanted)) / max(len(heading), len(wanted)))
    return best


def bare_heading(heading: str) -> str:
    """Return a heading as it is compared: half width, without numbering, white space and marks."""
    return re.sub(r"[\W_]+", "", _NUMBERING.sub("", fold(heading)))


def _mixed(plain: Sequence[Hit], wider: Sequence[Hit]) -> list[Hit]:
    """Return the hits of both searches, their scores put on one scale; the wider search weighs less.

    Ranks stay those of the plain search; the place in the wider one stands beside them as `expanded`.
    """
    scores: dict[str, float] = {}
    hits = {hit.chunk.id: hit for hit in plain}
    for rank, hit in enumerate(wider, start=1):
        ranks = hits[hit.chunk.id].ranks if hit.chunk.id in hits else {}
        hits[hit.chunk.id] = replace(hit, ranks={**ranks, "expanded": rank})
    for found, weight in ((plain, 1.0), (wider, EXPANSION_WEIGHT)):
        low, high = min((hit.score for hit in found), default=0.0), max((hit.score for hit in found), default=1.0)
        for hit in found:
            share = (hit.score - low) / (high - low) if high > low else 1.0
            scores[hit.chunk.id] = scores.get(hit.chunk.id, 0.0) + weight * share / (1 + EXPANSION_WEIGHT)
    mixed = [replace(hit, score=scores[key]) for key, hit in hits.items()]
    return sorted(mixed, key=lambda hit: (-hit.score, hit.chunk.page, hit.chunk.start))
