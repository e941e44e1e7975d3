"""How much texts have in common, by character n-grams: every pair that is alike, found without comparing them all.

Texts are compared folded (half width, lower case) and without white space and marks, so Chinese and English alike.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt

Grams = npt.NDArray[np.uint64]
"""Hashes of the n-grams of a text, sorted, each once."""
Weights = npt.NDArray[np.float64]

_MARKS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_HAN = re.compile(r"[\u3400-\u9fff]")
_UNIT = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
_PRIME = np.uint64(0x9E3779B97F4A7C15)


def folded(text: str) -> str:
    """Return a text as it is compared: half width, lower case, letters and digits only."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())


def numbers(text: str) -> tuple[str, ...]:
    """Return the numbers of a text in order, as digits: 1,200.00 is 1200."""
    plain = unicodedata.normalize("NFKC", text)
    return tuple(_digits(found[0]) for found in _NUMBER.finditer(plain))


def grams(plain: str, n: int) -> Grams:
    """Return the n-grams of a folded text; one of the whole text where it is shorter."""
    codes = np.frombuffer(plain.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if not len(codes):
        return np.zeros(0, dtype=np.uint64)
    n = min(n, len(codes))
    hashed = np.zeros(len(codes) - n + 1, dtype=np.uint64)
    for place in range(n):  # a polynomial in the character codes, modulo 2**64
        hashed = (hashed + codes[place : len(codes) - n + 1 + place]) * _PRIME
        hashed ^= hashed >> np.uint64(29)
    return np.unique(hashed)


def question_grams(question: str) -> Grams:
    """Return what a question is compared by: pairs of Chinese characters, other words whole."""
    hashed = [crc32(gram.encode()) for gram, _ in _placed_grams(_units(question))]
    return np.unique(np.array(hashed, dtype=np.uint64))


def longest_gap(question: str, other: str) -> int:
    """Return how much of a question in a row another text has not: a name, or only a turn of phrase.

    In Chinese characters; two letters of other words count as one.
    """
    units, held = _units(question), {gram for gram, _ in _placed_grams(_units(other))}
    covered = {place for gram, places in _placed_grams(units) if gram in held for place in places}
    longest = run = 0
    for place in range(len(units)):
        size = 1 if _HAN.match(units[place]) else (len(units[place]) + 1) // 2
        run = 0 if place in covered else run + size
        longest = max(longest, run)
    return longest


class AlikeTexts:
    """Texts of which those like another one are found exactly: no pair above the threshold is missed.

    What counts is the Jaccard of their n-grams, each weighed by log(1 + N / n) where n of N texts hold it: what a
    template repeats says little. Two sets so alike share one of the rarest n-grams of each, all but those whose weight
    is less than t of the whole, so few pairs are compared (prefix filtering: Chaudhuri et al. 2006).
    """

    def __init__(self, sets: Sequence[Grams], threshold: float, others: Sequence[Grams] = ()) -> None:
        """`others`: more texts of the sort, from which is learned what is common."""
        self._sets = sets
        self._threshold = threshold
        every = np.concatenate([*sets, *others]) if sets or others else np.zeros(0, dtype=np.uint64)
        self._known, counts = np.unique(every, return_counts=True)
        self._texts = len(sets) + len(others)
        self._weighing = np.log1p(self._texts / counts)
        self._weights = [self._weighed(held) for held in sets]
        self._holding: dict[int, list[int]] = defaultdict(list)
        for place, (held, weights) in enumerate(zip(sets, self._weights, strict=True)):
            for gram in self._prefix(held, weights):
                self._holding[gram].append(place)

    def like(self, wanted: Grams, before: int | None = None) -> list[tuple[int, float]]:
        """Return place and likeness of each text (only of the first `before`) that is like a set, most alike first."""
        weights = self._weighed(wanted)
        total = float(weights.sum())
        prefix = self._prefix(wanted, weights)
        candidates = {place for gram in prefix for place in self._holding.get(gram, ())}
        found = []
        for place in candidates:
            if before is not None and place >= before:
                continue
            other, size = self._sets[place], float(self._weights[place].sum())
            if min(total, size) < self._threshold * max(total, size):
                continue
            at = np.searchsorted(other, wanted)
            at[at == len(other)] = 0
            common = float(weights[other[at] == wanted].sum())
            share = common / (total + size - common)
            if share >= self._threshold:
                found.append((place, share))
        return sorted(found, key=lambda entry: (-entry[1], entry[0]))

    def _weighed(self, held: Grams) -> Weights:
        """Return the weight of each n-gram of a set; one that no text holds weighs most."""
        if not len(self._known):
            return np.zeros(len(held))
        at = np.searchsorted(self._known, held)
        at[at == len(self._known)] = 0
        return np.where(self._known[at] == held, self._weighing[at], np.log1p(self._texts))

    def _prefix(self, held: Grams, weights: Weights) -> list[int]:
        """Return the heaviest n-grams of a set, without those that together weigh less than the threshold's share."""
        order = np.lexsort((held, -weights))
        left = weights.sum() - np.cumsum(weights[order])
        length = int(np.searchsorted(-left, -self._threshold * weights.sum() + 1e-9)) + 1
        return [int(gram) for gram in held[order[:length]]]


def _units(text: str) -> list[str]:
    """Return Chinese characters one by one, other words whole, marks left out."""
    return _UNIT.findall(unicodedata.normalize("NFKC", text).casefold())


def _placed_grams(units: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
    """Return each gram with the places of its units; a Chinese character without a neighbour is one by itself."""
    found: list[tuple[str, tuple[int, ...]]] = []
    for place, unit in enumerate(units):
        if not _HAN.match(unit):
            found.append((unit, (place,)))
        elif place + 1 < len(units) and _HAN.match(units[place + 1]):
            found.append((unit + units[place + 1], (place, place + 1)))
        elif place == 0 or not _HAN.match(units[place - 1]):
            found.append((unit, (place,)))
    return found


def _digits(printed: str) -> str:
    plain = printed.replace(",", "")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
