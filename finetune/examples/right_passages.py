"""The passages that an answer needs among those that a search found: put in where it missed them, or taken out."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from vouch.finetune.examples.unfit import Unfit
from vouch.generation.drafts import Task
from vouch.generation.packing import Piece
from vouch.retrieval.types import Chunk, Hit


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a page that an answer stands on."""

    doc_id: str
    page: int
    start: int
    end: int

    def is_in(self, chunk: Chunk, start: int, end: int) -> bool:
        """Say whether `[start:end]` of a passage's page holds the span."""
        same = chunk.source.doc_id == self.doc_id and chunk.page == self.page
        return same and start <= self.start and self.end <= end


def with_places(task: Task, places: Iterable[Place], read: int, chance: random.Random) -> Task:
    """Return the task with the passages of these places among the first `read`, at chance ranks where they were not.

    Unfit where the library has no passage of a place, or they are too many.
    """
    hits = list(task.hits)
    wanted: dict[str, Chunk] = {}
    for place in places:
        chunk = _passage(task, place)
        wanted[chunk.id] = chunk
    if len(wanted) > read:
        raise Unfit("the answer needs more passages than are read")
    missing = [chunk for id_, chunk in wanted.items() if all(hit.chunk.id != id_ for hit in hits[:read])]
    for chunk in missing:
        hits = [hit for hit in hits if hit.chunk.id != chunk.id]
        free = [n for n, hit in enumerate(hits[:read]) if hit.chunk.id not in wanted]
        if len(hits) < read:
            at = chance.randint(0, len(hits))
        else:
            at = chance.choice(free)
            del hits[at]
        score = hits[min(at, len(hits) - 1)].score if hits else 1.0
        hits.insert(at, Hit(chunk, score))
    return replace(task, hits=hits)


def without(task: Task, says: Callable[[Chunk], bool]) -> Task:
    """Return the task without the passages that say what is asked, and without the others on their pages.

    A prompt shows a passage with what stands around it on its page.
    """
    pages = {(hit.chunk.source.doc_id, hit.chunk.page) for hit in task.hits if says(hit.chunk)}
    kept = [hit for hit in task.hits if (hit.chunk.source.doc_id, hit.chunk.page) not in pages]
    return replace(task, hits=kept)


def number_of(pieces: Sequence[Piece], place: Place) -> int:
    """Return the number under which a prompt shows a place; Unfit where it does not."""
    for number, piece in enumerate(pieces, start=1):
        if place.is_in(piece.hit.chunk, piece.start, piece.end):
            return number
    raise Unfit("a passage that the answer needs did not fit into the window")


def _passage(task: Task, place: Place) -> Chunk:
    found = [hit.chunk for hit in task.hits if place.is_in(hit.chunk, hit.chunk.start, hit.chunk.end)]
    if found:
        return found[0]
    for chunk in task.shelf.passages(place.doc_id):
        if place.is_in(chunk, chunk.start, chunk.end):
            return chunk
    raise Unfit("no passage of the library holds the row")
