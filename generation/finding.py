"""Passages for a question without an answer: what `vouch ask` would read, and what was inferred to find it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from vouch.generation.retrieve import DEPTH, Shelf, retrieve, suited_mode
from vouch.retrieval.inferred import Inferred, inferred
from vouch.retrieval.question import Question, understand
from vouch.retrieval.types import EVERYTHING, Hit, Scope, SearchMode


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many passages are wanted, how they are ranked and where they may come from."""

    k: int = 10
    mode: SearchMode | None = "hybrid"
    """None: what suits the question."""
    scope: Scope = EVERYTHING
    infer: bool = True
    """Read company, time and kind of document from the question; otherwise its words alone are searched for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Ranked passages and what was read from the question to rank them."""

    hits: tuple[Hit, ...]
    mode: SearchMode
    inferred: Inferred = field(default_factory=Inferred)


def find(shelf: Shelf, query: str, wanted: Wanted) -> Finding:
    """Return the best passages: those of the documents that the question means first, then those of all in scope."""
    if not wanted.infer:
        mode = wanted.mode or "hybrid"
        return Finding(tuple(shelf.search(query, wanted.k, mode, wanted.scope)), mode)
    asked = understand(query, shelf.documents(wanted.scope))
    mode = wanted.mode or suited_mode(asked)
    found: dict[str, Hit] = {}
    for hit in _in_turn(shelf, asked, wanted, mode):
        found.setdefault(hit.chunk.id, hit)
        if len(found) >= wanted.k:
            break
    return Finding(tuple(found.values()), mode, inferred(asked))


def _in_turn(shelf: Shelf, asked: Question, wanted: Wanted, mode: SearchMode) -> Iterator[Hit]:
    """Yield the passages of each scope of a question, the narrowest first, then those of the whole scope."""
    for narrower in dict.fromkeys((*asked.scopes, EVERYTHING)):
        inside = wanted.scope if narrower.is_everything else narrower
        yield from retrieve(shelf, asked, inside, max(wanted.k, DEPTH), mode)
