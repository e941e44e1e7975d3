"""Answers from running text: the sentences that cover most of a question, with what follows them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vouch.generation.quotes import Quote, Statement
from vouch.generation.relevance import Relevance, similar
from vouch.generation.retrieve import Shelf
from vouch.generation.sections import body_start
from vouch.generation.sentences import Sentence, is_tick_line, running_text, sentences
from vouch.retrieval.question import Question
from vouch.retrieval.tokenize import tokens
from vouch.retrieval.types import Chunk, Hit

PASSAGES = 3
"""At most so many passages are quoted."""
READ = 12
"""Passages whose sentences are weighed."""
ENOUGH = 0.55
"""Share of the question's informative words that passage, headings and title must cover."""
NEARLY_AS_GOOD = 0.88
"""A second passage is quoted when it scores so much of the best."""
WINDOW = {"zh": 260, "en": 620}
"""Characters quoted from one passage."""

_DEFINES = re.compile(
    r"是指|指的是|系指|，指|是一[种类]|定义为|\b(?:is|are)\s+(?:an?|the)\s|\brefers? to\b|\bmeans\b|\bdefined as\b"
)
_DATE = re.compile(r"\d{4}\s*年|\d{1,2}\s*月|\b(?:19|20)\d{2}\b")
_TYPES = {"number": re.compile(r"\d"), "percent": re.compile(r"\d\s*%|百分之"), "date": _DATE, "definition": _DEFINES}
_INTRODUCES = re.compile(r"[:：]$|\b(?:include|including|such as|are)[:：]?$")


@dataclass(frozen=True, slots=True)
class _Choice:
    hit: Hit
    text: str
    found: tuple[Sentence, ...]
    index: int
    score: float
    coverage: float


def passage_statements(shelf: Shelf, question: Question, hits: Sequence[Hit], asks: Relevance) -> list[Statement]:
    """Return the passages that answer, best first; empty where too little of the question is covered."""
    choices = [choice for hit in hits[:READ] if (choice := _best_sentence(shelf, question, hit, asks)) is not None]
    choices = sorted((c for c in choices if c.coverage >= ENOUGH), key=lambda choice: -choice.score)
    if question.wants == "definition":
        choices = [choice for choice in choices if _DEFINES.search(_sentence_text(choice))] or []
    statements: list[Statement] = []
    for choice in choices:
        if choice.score < NEARLY_AS_GOOD * choices[0].score or len(statements) >= PASSAGES:
            break
        statement = _quoted(shelf, choice)
        if all(similar(tokens(statement.text), tokens(other.text)) < 0.5 for other in statements):
            statements.append(statement)
    return statements


def _best_sentence(shelf: Shelf, question: Question, hit: Hit, asks: Relevance) -> _Choice | None:
    chunk = hit.chunk
    page = shelf.page(chunk.source.doc_id, chunk.page)
    found = _units(page.text, chunk)
    if not found or (question.wants == "definition" and chunk.kind == "table"):
        return None
    around = frozenset(tokens(" ".join((chunk.source.title, *chunk.section, chunk.context))))
    whole = around | frozenset(tokens(chunk.text))
    coverage = asks.coverage(whole)
    best, index = -1.0, 0
    for i, sentence in enumerate(found):
        text = page.text[sentence.start : sentence.end]
        own = frozenset(tokens(text))
        score = 0.5 * asks.coverage(own | around) + 0.5 * asks.coverage(own) + _type_bonus(question, text)
        if score > best + 0.02 * (i > 0):
            best, index = score, i
    return _Choice(hit, page.text, tuple(found), index, best + 0.4 * coverage + 0.3 * min(1.0, hit.score), coverage)


def _units(text: str, chunk: Chunk) -> list[Sentence]:
    """Return the sentences of a passage, or the rows of a table, without its headings and tick lines."""
    start = body_start(text, chunk)
    if chunk.kind == "table":
        lines = [
            Sentence(start + m.start(), start + m.end()) for m in re.finditer(r"\S[^\n]*", text[start : chunk.end])
        ]
    else:
        lines = sentences(text, start, chunk.end)
    return [line for line in lines if not is_tick_line(text[line.start : line.end])]


def _type_bonus(question: Question, text: str) -> float:
    pattern = _TYPES.get(question.wants)
    return 0.15 if pattern is not None and pattern.search(text) else 0.0


def _sentence_text(choice: _Choice) -> str:
    sentence = choice.found[choice.index]
    return choice.text[sentence.start : sentence.end]


def _quoted(shelf: Shelf, choice: _Choice) -> Statement:
    """Return the chosen sentence with those after it, as many as a short answer holds."""
    chunk = choice.hit.chunk
    taken = [choice.found[choice.index]]
    room = WINDOW["zh" if chunk.source.language == "zh" else "en"]
    for sentence in choice.found[choice.index + 1 :]:
        introduces = bool(_INTRODUCES.search(choice.text[taken[-1].start : taken[-1].end].rstrip()))
        if sentence.end - taken[0].start > room and not introduces:
            break
        taken.append(sentence)
    page = shelf.page(chunk.source.doc_id, chunk.page)
    quote = Quote(chunk.source, page, taken[0].start, taken[-1].end, chunk.section, min(1.0, choice.coverage))
    return Statement(running_text(choice.text, taken), (quote,))
