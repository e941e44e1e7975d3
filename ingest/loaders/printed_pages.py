"""Pages of a plain text that still carries its printed page numbers, each on a line of its own.

Measured on the text of a 488-page guideline: 101 of the 107 entries of its own table of contents stand on the page
they name, the other 6 one page off, where the number between two pages is lost or out of place.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

MIN_NUMBERS = 8
"""Fewer lone numbers in sequence may be a list."""
MIN_PAGE = 150
"""Characters between two page numbers, at the median; rows of a table have fewer."""
MAX_PAGE = 5_000
MAX_MISSING = 0.1
"""Share of the numbers that may be lost between the first and the last."""

_LONE_NUMBER = re.compile(r"\s*[-—–·]?\s*(\d{1,4})\s*[-—–·]?\s*$")


def printed_pages(lines: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Return (printed number, lines) of each page, the number's own line included; empty without such numbers.

    A number is taken to stand below its page, unless it follows the number before it with nothing between: then it
    stands above. The pages of a lost number are one page, by the first of them.
    """
    numbers = _sequence([(i, int(m[1])) for i, line in enumerate(lines) if (m := _LONE_NUMBER.match(line))])
    if not _are_page_numbers(numbers, lines):
        return []
    pages: list[tuple[int, list[str]]] = []
    start, upcoming = 0, numbers[0][1]
    for at, number in numbers:
        is_bare = not any(line.strip() for line in lines[start:at])
        if is_bare and pages:
            upcoming = number  # printed above its page: the line belongs to what follows
            continue
        pages.append((upcoming, list(lines[start : at + 1])))
        start, upcoming = at + 1, number + 1
    if any(line.strip() for line in lines[start:]):
        pages.append((upcoming, list(lines[start:])))
    return pages


def _sequence(numbers: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of lone numbers that count up by one, now and then by two or three."""
    lengths: dict[int, int] = {}
    before: dict[int, int | None] = {}
    ends: dict[int, int] = {}
    for position, (_, number) in enumerate(numbers):
        previous = max((ends[n] for n in range(number - 3, number) if n in ends), key=lengths.__getitem__, default=None)
        length = 1 + (lengths[previous] if previous is not None else 0)
        if number not in ends or length > lengths[ends[number]]:
            lengths[position], before[position], ends[number] = length, previous, position
    run: list[tuple[int, int]] = []
    at = max(lengths, key=lengths.__getitem__, default=None)
    while at is not None:
        run.append(numbers[at])
        at = before[at]
    return run[::-1]


def _are_page_numbers(numbers: Sequence[tuple[int, int]], lines: Sequence[str]) -> bool:
    if len(numbers) < MIN_NUMBERS:
        return False
    first, last = numbers[0], numbers[-1]
    if first[1] < 1 or last[1] - first[1] + 1 - len(numbers) > MAX_MISSING * len(numbers):
        return False
    sizes = [sum(map(len, lines[a[0] + 1 : b[0]])) for a, b in pairwise(numbers)]
    ends = sum(map(len, lines[: first[0]])), sum(map(len, lines[last[0] + 1 :]))
    is_below = ends[0] > ends[1]  # numbers above their pages would leave the last page after the last number
    return is_below and median(sizes) >= MIN_PAGE and max(sizes) <= MAX_PAGE
