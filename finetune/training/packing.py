"""Which sequences go together: several in one row, rows of alike length in one batch. Knows lengths only."""

import random
from bisect import bisect_left, insort
from collections.abc import Sequence

from vouch.retrieval.errors import TrainingFailed

POOL = 50
"""Batches that are sorted together: enough for hardly any padding, few enough that epochs differ."""


def packed(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Return rows of places whose lengths add up to at most `capacity` tokens each.

    Best fit decreasing: the longest first, each into the fullest row that has room. At worst some 11/9 of the fewest
    rows possible (Johnson 1974).
    """
    rows: list[list[int]] = []
    room: list[tuple[int, int]] = []
    """(what is left, row), sorted."""
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        length = lengths[place]
        if length > capacity:
            raise TrainingFailed(f"a sequence of {length} tokens fits into no row of {capacity}: leave it out first")
        at = bisect_left(room, (length, -1))
        if at == len(room):
            rows.append([place])
            insort(room, (capacity - length, len(rows) - 1))
        else:
            left, row = room.pop(at)
            rows[row].append(place)
            insort(room, (left - length, row))
    return rows


def batches(lengths: Sequence[int], rows: int, seed: int) -> list[list[int]]:
    """Return all places in batches of `rows`, those of alike length together, in an order that the seed decides.

    The batch with the longest comes first: where memory is too small for it, that shows at the first step. Every batch
    is full but the last, which may be smaller: the places are as many as they are.
    """
    drawn = random.Random(seed)  # noqa: S311 - an order, no secret
    order = list(range(len(lengths)))
    drawn.shuffle(order)
    sorted_pools: list[int] = []
    for start in range(0, len(order), POOL * rows):
        sorted_pools += sorted(order[start : start + POOL * rows], key=lambda place: -lengths[place])
    made = [sorted_pools[start : start + rows] for start in range(0, len(sorted_pools), rows)]
    if not made:
        return []
    rest = [made.pop()] if len(made[-1]) < rows else []
    drawn.shuffle(made)
    if made:
        longest = max(range(len(made)), key=lambda at: max(lengths[place] for place in made[at]))
        made.insert(0, made.pop(longest))
    return made + rest
