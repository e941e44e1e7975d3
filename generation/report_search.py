"""Where a report in English answers: its own words, those that reports use for what is asked, and its statements."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from vouch.generation.asked_statements import asked_lines
from vouch.generation.statement_pages import Searchable, statement_pages
from vouch.retrieval.question import Question
from vouch.retrieval.report_idioms import REASONS
from vouch.retrieval.types import Hit, Scope

STATEMENTS = 2
"""At most so many pages of each statement are put forward: of two years, or of a report and a release."""


def report_words(question: Question) -> tuple[str, ...]:
    """Return what reports call the things that a question asks about: labels of lines and words of idioms."""
    lines = asked_lines(question)
    words = [word for idiom in question.idioms for word in idiom.search]
    return tuple(dict.fromkeys((*lines.labels, *words)))


def report_headings(question: Question) -> tuple[str, ...]:
    """Return what the sections about a question's idioms are called."""
    return tuple(dict.fromkeys(heading for idiom in question.idioms for heading in idiom.headings))


def with_statements(library: Searchable, question: Question, scope: Scope, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits with the pages of the statements that state what is asked, in turn with the others.

    A statement comes first where one of its lines or a ratio is asked for. The reasons of a change stand in the text,
    and the statement, which only shows it, second.
    """
    lines = asked_lines(question)
    reasons = any(idiom.name == REASONS for idiom in question.idioms)
    pages = _pages(library, lines.statements, scope, 1 if reasons else STATEMENTS)
    known = {hit.chunk.id: hit.ranks for hit in hits}
    rest = iter([hit for hit in hits if hit.chunk.id not in pages])
    score = max((hit.score for hit in hits), default=1.0)
    mixed: list[Hit] = []
    for rank, page in enumerate(pages.values(), start=1):
        if rank > 1 or reasons or not lines.labels:
            mixed += islice(rest, 1)
        score = mixed[-1].score if mixed else score
        mixed.append(replace(page, score=score, ranks={**known.get(page.chunk.id, {}), "statement": rank}))
    return [*mixed, *rest]


def _pages(library: Searchable, statements: Sequence[str], scope: Scope, most: int) -> dict[str, Hit]:
    """Return the first passages of statements by their ids: the surest page of each, then the next."""
    found = [statement_pages(library, statement, scope)[:most] for statement in statements]
    in_turn = (pages[nth] for nth in range(most) for pages in found if nth < len(pages))
    return {hit.chunk.id: hit for hit in in_turn}
