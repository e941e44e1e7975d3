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
    """Return the hits with the pages of the statements that state what is asked, in turn from the second place on."""
    asked = asked_lines(question).statements
    # The reasons of a change stand in the text: the statement only shows it.
    most = 1 if any(idiom.name == REASONS for idiom in question.idioms) else STATEMENTS
    found = [statement_pages(library, statement, scope)[:most] for statement in asked]
    pages = [pages[nth] for nth in range(most) for pages in found if nth < len(pages)]
    known = {hit.chunk.id: hit.ranks for hit in hits}
    put_forward = {page.chunk.id for page in pages}
    rest = iter([hit for hit in hits if hit.chunk.id not in put_forward])
    mixed: list[Hit] = []
    for rank, page in enumerate({page.chunk.id: page for page in pages}.values(), start=1):
        mixed += islice(rest, 1)
        score = mixed[-1].score if mixed else page.score
        mixed.append(replace(page, score=score, ranks={**known.get(page.chunk.id, {}), "statement": rank}))
    return [*mixed, *rest]
