"""Several answers to one question, and the one that most of them agree on (self-consistency, Wang et al. 2022)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from vouch.generation.vouching.claims import MARK
from vouch.generation.vouching.figures import figures
from vouch.generation.vouching.signs import signs


@dataclass(frozen=True, slots=True)
class Vote:
    """Which answer was chosen and how many agreed."""

    index: int
    agreeing: int
    of: int


def vote(answers: Sequence[str]) -> Vote:
    """Return the first of the answers that most agree on; empty ones have no vote while there are others."""
    keys = [normalised(answer) for answer in answers]
    counts = Counter(key for key in keys if key) or Counter(keys)
    winner = max(counts, key=lambda key: (counts[key], -keys.index(key)))
    return Vote(keys.index(winner), counts[winner], len(answers))


def normalised(answer: str) -> str:
    """Return what an answer comes to: its numbers in base units, else that it is not known, else its letters."""
    plain = MARK.sub("", answer)
    found = figures(plain)
    if found:
        return " ".join(sorted({f"{figure.value.normalize():f} {figure.unit}" for figure in found}))
    if signs().unknown.search(plain):
        return "unknown"
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", plain)).casefold()
