"""Where a report in English answers: its own words, those that reports use for what is asked, and its statements."""

from collections.abc import Sequence
from dataclasses import replace

from vouch.generation.asked_statements import asked_lines
from vouch.generation.statement_pages import Searchable, statement_pages
from vouch.retrieval.question import Question
from vouch.retrieval.types import Hit, Scope

REPORT_WEIGHT = 0.6
STATEMENTS = 2
"""At most so many pages of each statement are put forward."""


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
    found = [statement_pages(library, statement, scope)[:STATEMENTS] for statement in asked]
    pages = [hit for nth in range(STATEMENTS) for hits_ in found for hit in hits_[nth : nth + 1]]
    mixed: list[Hit] = []
    rest = list(hits)
    taken: set[str] = set()
    for page in pages:
        while rest and rest[0].chunk.id in taken:
            rest.pop(0)
        if rest:
            mixed.append(rest.pop(0))
            taken.add(mixed[-1].chunk.id)
        if page.chunk.id not in taken:
            score = mixed[-1].score if mixed else page.score
            mixed.append(replace(page, score=score))
            taken.add(page.chunk.id)
    return [*mixed, *(hit for hit in rest if hit.chunk.id not in taken)]
