"""Passages with what stands around them: their neighbours under the same heading, as far as there is room.

A passage grows on its own page only, so that it is still one span that can be quoted and shown.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from vouch.retrieval.types import Chunk, Hit


class Documents(Protocol):
    """What passages are taken from."""

    def passages(self, doc_id: str) -> list[Chunk]: ...


def with_context(documents: Documents, hits: Sequence[Hit], characters: int) -> list[Hit]:
    """Return the hits with passages of up to so many characters; one that a better hit has taken in is left out."""
    if not characters:
        return list(hits)
    of_document: dict[str, list[Chunk]] = {}
    grown: list[Hit] = []
    for hit in hits:
        doc_id = hit.chunk.source.doc_id
        if any(_holds(other.chunk, hit.chunk) for other in grown):
            continue
        if doc_id not in of_document:
            of_document[doc_id] = documents.passages(doc_id)
        grown.append(replace(hit, chunk=_grown(hit.chunk, of_document[doc_id], characters)))
    return grown


def _grown(chunk: Chunk, passages: Sequence[Chunk], characters: int) -> Chunk:
    """Return a passage joined with its neighbours: what follows first, then what stands before, in turn."""
    at = next((i for i, other in enumerate(passages) if other.id == chunk.id), None)
    if at is None:
        return chunk
    first = last = at
    length = len(chunk.text)
    open_ends = [1, -1]
    while open_ends:
        step = open_ends.pop(0)
        nearest = last + 1 if step > 0 else first - 1
        if not 0 <= nearest < len(passages) or not _belongs(chunk, passages[nearest]):
            continue
        if length + len(passages[nearest].text) > characters:
            continue
        length += len(passages[nearest].text)
        first, last = (first, nearest) if step > 0 else (nearest, last)
        open_ends.append(step)
    run = passages[first : last + 1]
    if len(run) == 1:
        return chunk
    context = run[0].context if run[0].kind == chunk.kind else ""
    text = "\n".join(part.text for part in run)
    return replace(chunk, start=run[0].start, end=run[-1].end, text=text, context=context)


def _belongs(chunk: Chunk, neighbour: Chunk) -> bool:
    """Say whether a neighbour stands on the same page and under the same heading or one below it."""
    if neighbour.page != chunk.page or neighbour.kind in ("toc", "qa"):
        return False
    depth = min(len(chunk.section), len(neighbour.section))
    return chunk.section[:depth] == neighbour.section[:depth] and depth >= len(chunk.section) - 1


def _holds(outer: Chunk, inner: Chunk) -> bool:
    same_page = outer.source.doc_id == inner.source.doc_id and outer.page == inner.page
    return same_page and outer.start <= inner.start and inner.end <= outer.end
