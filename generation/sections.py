"""Answers to questions about a topic that reports give a section of its own: what that section says first."""

import re
from collections.abc import Sequence

from vouch.generation.quotes import Quote, Statement
from vouch.generation.retrieve import Shelf, heading_match, topic_headings
from vouch.generation.sentences import Sentence, is_tick_line, is_ticked_not, readable, running_text, sentences
from vouch.retrieval.question import Question
from vouch.retrieval.types import Chunk, Hit

SENTENCES = 6
CHARACTERS = 700
"""About how much of a section is quoted."""
TABLE_LINES = 14
SURE = 0.6
"""Heading match from which a section is the one asked about."""


def section_statements(shelf: Shelf, question: Question, hits: Sequence[Hit]) -> list[Statement]:
    """Return what the section about the question's topic says; empty where none of the hits is in such a section."""
    headings = topic_headings(question)
    best = max(hits, key=lambda hit: (round(heading_match(hit.chunk.section, headings), 1), hit.score), default=None)
    if best is None or heading_match(best.chunk.section, headings) < SURE:
        return []
    depth = _depth(best.chunk.section, headings)
    chunks = _section_chunks(best.chunk, depth, shelf.passages(best.chunk.source.doc_id))
    if all(_says_not_applicable(shelf, chunk) for chunk in chunks):
        return [_not_applicable(shelf, question, chunks[0], depth)]
    return _leading(shelf, [chunk for chunk in chunks if not _says_not_applicable(shelf, chunk)])


def _depth(section: Sequence[str], headings: Sequence[str]) -> int:
    """Return how many headings down the one that matches best stands, the outermost of equals."""
    matches = [heading_match((heading,), headings) for heading in section]
    return matches.index(max(matches)) + 1


def _section_chunks(best: Chunk, depth: int, passages: Sequence[Chunk]) -> list[Chunk]:
    """Return the passages below the same heading, in reading order: the run that holds the best one."""
    prefix = best.section[:depth]
    at = next((i for i, chunk in enumerate(passages) if chunk.id == best.id), None)
    if at is None:
        return [best]
    first = last = at
    while first > 0 and passages[first - 1].section[:depth] == prefix:
        first -= 1
    while last + 1 < len(passages) and passages[last + 1].section[:depth] == prefix:
        last += 1
    return list(passages[first : last + 1])


def body_start(text: str, chunk: Chunk) -> int:
    """Return where a passage goes on after the headings that it begins with; `text` is its page's."""
    at = chunk.start
    for heading in chunk.section:
        wanted, position = re.sub(r"\s+", "", heading), at
        for character in wanted:
            while position < chunk.end and text[position].isspace():
                position += 1
            if position >= chunk.end or text[position] != character:
                break
            position += 1
        else:
            at = position
    return at


def _body(shelf: Shelf, chunk: Chunk) -> tuple[str, list[Sentence]]:
    """Return the page's text and the sentences of a passage without its headings and tick lines."""
    page = shelf.page(chunk.source.doc_id, chunk.page)
    found = sentences(page.text, body_start(page.text, chunk), chunk.end)
    return page.text, [sentence for sentence in found if not is_tick_line(page.text[sentence.start : sentence.end])]


def _says_not_applicable(shelf: Shelf, chunk: Chunk) -> bool:
    """Say whether a passage holds nothing but headings and a tick at 不适用."""
    text, found = _body(shelf, chunk)
    body = text[body_start(text, chunk) : chunk.end]
    ticked = any(is_ticked_not(line) for line in body.split("\n") if is_tick_line(line))
    return ticked and not [s for s in found if not _is_heading_line(text[s.start : s.end])]


def _is_heading_line(text: str) -> bool:
    return (
        len(text) <= 40
        and bool(re.match(r"\s*(?:[一二三四五六七八九十]+、|[(（][一二三四五六七八九十\d]+[)）]|\d+[、.．])", text))
        and not re.search(r"[。；]$", text)
    )


def _not_applicable(shelf: Shelf, question: Question, chunk: Chunk, depth: int) -> Statement:
    page = shelf.page(chunk.source.doc_id, chunk.page)
    end = chunk.end
    for line in re.finditer(r"[^\n]+", page.text[chunk.start : chunk.end]):
        if is_tick_line(line[0]) and is_ticked_not(line[0]):
            end = chunk.start + line.start() + len(line[0].rstrip())
            break
    heading = re.sub(
        r"^[一二三四五六七八九十]+、|^[(（][一二三四五六七八九十]+[)）]|^\d+[、.．]", "", chunk.section[depth - 1]
    ).strip()
    quote = Quote(chunk.source, page, chunk.start, end, chunk.section, 1.0)
    if question.language == "zh":
        return Statement(f"报告在“{readable(heading)}”一节勾选“不适用”，即没有需要披露的情况。", (quote,))
    return Statement(f'The report marks its section "{readable(heading)}" as not applicable.', (quote,))


def _leading(shelf: Shelf, chunks: Sequence[Chunk]) -> list[Statement]:
    """Return the first sentences and table rows of a section, one statement for each passage."""
    readable_ones = [chunk for chunk in chunks if _is_readable(shelf, chunk)] or list(chunks)
    statements: list[Statement] = []
    sentences_left, characters_left = SENTENCES, CHARACTERS
    for chunk in readable_ones:
        if sentences_left <= 0 or characters_left <= 0:
            break
        if chunk.kind == "table" and not _is_prose(_lines(shelf, chunk)):
            statement, used = _from_table(shelf, chunk)
        else:
            statement, used = _from_prose(shelf, chunk, sentences_left, characters_left)
        if statement is not None:
            statements.append(statement)
            sentences_left -= used
            characters_left -= len(statement.text)
    return statements


def _lines(shelf: Shelf, chunk: Chunk) -> list[str]:
    text = shelf.page(chunk.source.doc_id, chunk.page).text
    return [line.strip() for line in text[body_start(text, chunk) : chunk.end].split("\n") if line.strip()]


def _is_prose(lines: Sequence[str]) -> bool:
    """Say whether lines taken for a table read like sentences."""
    return (
        bool(lines) and sum(map(len, lines)) / len(lines) >= 25 and any("。" in line or ". " in line for line in lines)
    )


def _is_readable(shelf: Shelf, chunk: Chunk) -> bool:
    """Say whether a passage makes sense as printed: not a table whose cells are wrapped over many lines."""
    if chunk.kind != "table":
        return True
    lines = _lines(shelf, chunk)
    whole = sum(bool(re.search(r"\S\s+\S|\d", line)) for line in lines)
    return _is_prose(lines) or whole >= 0.6 * len(lines)


def _from_prose(shelf: Shelf, chunk: Chunk, most: int, characters: int) -> tuple[Statement | None, int]:
    text, found = _body(shelf, chunk)
    taken: list[Sentence] = []
    for sentence in found[:most]:
        if taken and sentence.end - taken[0].start > characters:
            break
        taken.append(sentence)
    while len(taken) > 1 and _is_heading_line(text[taken[-1].start : taken[-1].end]):
        taken.pop()  # announces what is not quoted any more
    if not taken:
        return None, 0
    page = shelf.page(chunk.source.doc_id, chunk.page)
    quote = Quote(chunk.source, page, taken[0].start, taken[-1].end, chunk.section, 1.0)
    return Statement(running_text(text, taken), (quote,)), len(taken)


def _from_table(shelf: Shelf, chunk: Chunk) -> tuple[Statement | None, int]:
    page = shelf.page(chunk.source.doc_id, chunk.page)
    start = body_start(page.text, chunk)
    lines = [m for m in re.finditer(r"[^\n]+", page.text[start : chunk.end]) if m[0].strip() and not is_tick_line(m[0])]
    lines = lines[:TABLE_LINES]
    if not lines:
        return None, 0
    shown = "\n".join(readable(line[0]) for line in lines)
    quote = Quote(chunk.source, page, start + lines[0].start(), start + lines[-1].end(), chunk.section, 1.0)
    return Statement(shown, (quote,)), 2
