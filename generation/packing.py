"""Passages as a model reads them, numbered, as many as its window holds. Knows no prompt and no model.

A passage goes in whole or not at all, tables above all; only where not even the best one fits is prose cut, at the end
of a sentence. What a document prints like our own marks ([3], </资料>) is shown in other brackets, so that it can
neither pass for a citation nor end the passages.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vouch.generation.drafts import Evidence
from vouch.generation.phrases import Language, report_name
from vouch.generation.quotes import Quote
from vouch.generation.retrieve import Shelf
from vouch.generation.sentences import sentences
from vouch.retrieval.types import Chunk, Hit, Source

CountTokens = Callable[[str], int]

_OWN_MARKS = re.compile(r"[\[［【](\s*\d{1,3}(?:\s*[,，、-]\s*\d{1,3})*\s*)[\]］】]")
_OWN_TAGS = re.compile(r"<(/?\s*(?:资料|passages?|documents?)\s*)>", re.IGNORECASE)
_LEAST_PROSE = 40
"""Tokens that a piece of a passage must have to be worth reading."""
_REMEMBERED = 4096


class TokenCounts:
    """Token counts of texts, each counted once: passages come up again with every question about a document."""

    def __init__(self, count: CountTokens) -> None:
        self._count = count
        self._known: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        """Return how many tokens a text takes."""
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[text] = self._count(text)
        return known


@dataclass(frozen=True, slots=True)
class Piece:
    """What is shown of a hit: `[start:end]` of its page."""

    hit: Hit
    start: int
    end: int

    def evidence(self, shelf: Shelf) -> Evidence:
        """Return what may be cited for it; its page is read here, when a reply is there to be checked."""
        chunk = self.hit.chunk
        page = shelf.page(chunk.source.doc_id, chunk.page)
        score = min(1.0, max(0.0, self.hit.score))
        return Evidence(
            Quote(chunk.source, page, self.start, self.end, chunk.section, score), chunk.context, chunk.kind
        )


@dataclass(frozen=True, slots=True)
class Packed:
    """What a model gets to read; passage `[n]` is `pieces[n - 1]`."""

    text: str
    pieces: tuple[Piece, ...]
    tokens: int
    left_out: int
    """Passages that were found and did not fit."""


def packed(shelf: Shelf, hits: Sequence[Hit], room: int, count: CountTokens, language: Language) -> Packed:
    """Return the passages of hits, best first, that fit into `room` tokens."""
    shown: list[str] = []
    pieces: list[Piece] = []
    used = left_out = 0
    for hit in _distinct(hits):
        text = rendered(hit.chunk, len(shown) + 1, language)
        tokens = count(text)
        if used + tokens > room and not shown and hit.chunk.kind != "table":
            shortened = _shortened(shelf, hit, room, count, language)
            if shortened:
                text, piece = shortened
                shown.append(text)
                pieces.append(piece)
                used += count(text)
                continue
        if used + tokens > room:
            left_out += 1
            continue
        shown.append(text)
        pieces.append(Piece(hit, hit.chunk.start, hit.chunk.end))
        used += tokens
    return Packed("\n\n".join(shown), tuple(pieces), used, left_out)


def rendered(chunk: Chunk, number: int, language: Language, text: str | None = None) -> str:
    """Return a passage with its number, whose and from where it is, and what stands above a table."""
    parts = [f"[{number}] {place_line(chunk.source, chunk.page, chunk.section, language)}"]
    if chunk.context:
        parts.append(as_data(chunk.context))
    parts.append(as_data(chunk.text if text is None else text))
    return "\n".join(parts)


def place_line(source: Source, page: int, section: Sequence[str], language: Language) -> str:
    """Return company, year, kind of report, document, page and headings in one line."""
    report = report_name(source, language) if source.company else source.title or source.name
    where = f"第{page}页" if language == "zh" else f"p. {page}"
    headings = " › ".join(section)
    parts = dict.fromkeys((report, source.name, where, headings))
    return as_data(" | ".join(part for part in parts if part)).replace("\n", " ")


def as_data(text: str) -> str:
    """Return a document's text with what looks like our own marks in other brackets."""
    return _OWN_TAGS.sub(r"‹\1›", _OWN_MARKS.sub(r"〔\1〕", text))


def _distinct(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits without those whose span lies inside that of a better one."""
    kept: list[Hit] = []
    for hit in hits:
        chunk = hit.chunk
        inside = any(
            other.chunk.source.doc_id == chunk.source.doc_id
            and other.chunk.page == chunk.page
            and other.chunk.start <= chunk.start
            and chunk.end <= other.chunk.end
            for other in kept
        )
        if not inside:
            kept.append(hit)
    return kept


def _shortened(shelf: Shelf, hit: Hit, room: int, count: CountTokens, language: Language) -> tuple[str, Piece] | None:
    """Return as many leading sentences of a passage as fit; None where that is next to nothing."""
    chunk = hit.chunk
    page = shelf.page(chunk.source.doc_id, chunk.page)
    best: tuple[str, Piece] | None = None
    for sentence in sentences(page.text, chunk.start, chunk.end):
        text = rendered(chunk, 1, language, page.text[chunk.start : sentence.end])
        tokens = count(text)
        if tokens > room:
            break
        if tokens >= _LEAST_PROSE:
            best = text, Piece(hit, chunk.start, sentence.end)
    return best
