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
READ_FOR_DEFINITION = 40
ENOUGH, LEAST, EACH = 0.6, 0.42, 0.03
"""Share of a question's informative words that passage, headings and title must cover: less for each word past two.

Measured on the medical and financial documents: questions about other subjects reach 0.48 at most with two or three
words and 0.42 with more (three flukes of twenty-one apart), answerable ones 0.69 to 1.
"""
UNDER_HEADING = 0.85
"""Share of the question from which headings alone say that a passage is about it."""
NEW_WORDS = 3
"""A sentence that answers has so many words that neither question nor headings have."""
NEARLY_AS_GOOD = 0.88
"""A second passage is quoted when it scores so much of the best."""
WINDOW = {"zh": 260, "en": 620}
"""Characters quoted from one passage."""

_DEFINES = re.compile(
    r"是指|指的是|系指|，指|是一[种类]|定义为|\b(?:is|are)\s+(?:an?|the)\s|\brefers? to\b|\bmeans\b|\bdefined as\b"
)
_DATE = re.compile(r"\d{4}\s*年|\d{1,2}\s*月|\b(?:19|20)\d{2}\b")
_TYPES = {
    "number": re.compile(
        r"\d|[一二两三四五六七八九十百千]\s*[个家人名项种次期]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen)\b",
        re.IGNORECASE,
    ),
    "percent": re.compile(r"\d\s*%|百分之"),
    "date": _DATE,
}
_SOURCE = re.compile(r"Source:|(?:https?://|www\.)\S+$")
_INTRODUCES = re.compile(r"[:：]$|\b(?:include|including|such as|are)[:：]?$")


@dataclass(frozen=True, slots=True)
class _Choice:
    hit: Hit
    text: str
    found: tuple[Sentence, ...]
    index: int
    score: float
    coverage: float
    defines: bool


def passage_statements(shelf: Shelf, question: Question, hits: Sequence[Hit], asks: Relevance) -> list[Statement]:
    """Return the passages that answer, best first; empty where too little of the question is covered."""
    read = READ_FOR_DEFINITION if question.wants == "definition" else READ
    choices = [choice for hit in hits[:read] if (choice := _best_sentence(shelf, question, hit, asks)) is not None]
    choices = sorted((c for c in choices if c.coverage >= enough(asks)), key=lambda choice: -choice.score)
    statements: list[Statement] = []
    for choice in choices:
        if choice.score < NEARLY_AS_GOOD * choices[0].score or len(statements) >= PASSAGES:
            break
        statement = _quoted(shelf, choice)
        if all(similar(tokens(statement.text), tokens(other.text)) < 0.5 for other in statements):
            statements.append(statement)
    return statements


def enough(asks: Relevance) -> float:
    """Return the coverage from which a passage may answer: long questions carry words that no answer repeats."""
    return max(LEAST, ENOUGH - EACH * max(0, len(asks.facets) - 2))


def _best_sentence(shelf: Shelf, question: Question, hit: Hit, asks: Relevance) -> _Choice | None:
    chunk = hit.chunk
    page = shelf.page(chunk.source.doc_id, chunk.page)
    found = _units(page.text, chunk, question, asks)
    headings = frozenset(tokens(" ".join((*chunk.section, chunk.context))))
    around = headings | frozenset(tokens(chunk.source.title))
    coverage = asks.coverage(around | frozenset(tokens(chunk.text)))
    # A report's notes under a term apply it; a guideline's chapter on a disease says what it is.
    about_it = chunk.source.kind != "report" and asks.coverage(headings) >= ENOUGH
    best, index = 0.0, -1
    for i, sentence in enumerate(found):
        text = page.text[sentence.start : sentence.end]
        own = frozenset(tokens(text))
        if question.wants == "definition" and not (about_it or _defines(text, asks)):
            continue
        score = 0.5 * asks.coverage(own | around) + 0.5 * asks.coverage(own) + _type_bonus(question, text, asks)
        if len(own - around - asks.tokens) < NEW_WORDS:
            score -= 0.4  # repeats the question and says nothing
        if score > best + 0.02 * (i > 0):
            best, index = score, i
    kind = _TYPES.get(question.wants)
    of_kind = kind is None or kind.search(page.text, chunk.start, chunk.end) is not None
    if question.wants != "definition" and of_kind and index >= 0 and asks.coverage(around) >= UNDER_HEADING:
        # The section is about the question: it is answered from its start.
        starts_here = body_start(page.text, chunk) > chunk.start
        best, index = max(best, 1.0) + 0.1 * starts_here, 0 if starts_here and best <= 1 else index
    if index < 0 or (question.wants == "definition" and chunk.kind == "table"):
        return None
    return _Choice(
        hit,
        page.text,
        tuple(found),
        index,
        best + 0.4 * coverage + 0.3 * min(1.0, hit.score),
        coverage,
        question.wants == "definition",
    )


def _defines(text: str, asks: Relevance) -> bool:
    """Say whether a sentence says what the thing asked about is: its name, then 是指 or is a."""
    cue = _DEFINES.search(text)
    return cue is not None and cue.start() <= 120 and asks.coverage(frozenset(tokens(text[: cue.start()]))) >= ENOUGH


def _units(text: str, chunk: Chunk, question: Question, asks: Relevance) -> list[Sentence]:
    """Return the sentences of a passage, or the rows of a table, without tick lines and headings.

    A heading that itself says the number or date asked for is kept.
    """
    start = body_start(text, chunk)
    if chunk.kind == "table":
        lines = [
            Sentence(start + m.start(), start + m.end()) for m in re.finditer(r"\S[^\n]*", text[start : chunk.end])
        ]
    else:
        lines = sentences(text, start, chunk.end)
    kind, heading = _TYPES.get(question.wants), text[chunk.start : start].rstrip()
    if kind and kind.search(heading) and asks.coverage(frozenset(tokens(heading))) >= ENOUGH:
        lines = [Sentence(chunk.start, chunk.start + len(heading)), *lines]
    return [line for line in lines if not _is_apart(text[line.start : line.end])]


def _is_apart(text: str) -> bool:
    """Say whether a sentence belongs to the document's frame: a tick line, the address of a source."""
    return is_tick_line(text) or bool(_SOURCE.match(text))


def _type_bonus(question: Question, text: str, asks: Relevance) -> float:
    if question.wants == "definition":
        return 0.5 if _defines(text, asks) else 0.0
    pattern = _TYPES.get(question.wants)
    return 0.15 if pattern is not None and pattern.search(text) else 0.0


def _quoted(shelf: Shelf, choice: _Choice) -> Statement:
    """Return the chosen sentence with those after it, as many as a short answer holds."""
    chunk = choice.hit.chunk
    room = WINDOW["zh" if chunk.source.language == "zh" else "en"]
    whole = choice.found[-1].end - choice.found[0].start <= room and chunk.kind != "table" and not choice.defines
    first = 0 if whole else choice.index
    taken = [choice.found[first]]
    for sentence in choice.found[first + 1 :]:
        introduces = bool(_INTRODUCES.search(choice.text[taken[-1].start : taken[-1].end].rstrip()))
        if sentence.end - taken[0].start > room and not introduces:
            break
        taken.append(sentence)
    page = shelf.page(chunk.source.doc_id, chunk.page)
    quote = Quote(chunk.source, page, taken[0].start, taken[-1].end, chunk.section, min(1.0, choice.coverage))
    return Statement(running_text(choice.text, taken), (quote,))
