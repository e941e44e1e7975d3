"""A text as a bag of tokens with vectors: words, characters and word pieces, each as a row of a table.

What the embedder that ships and its training share; knows no vectors.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from operator import add

import numpy as np
import numpy.typing as npt

from vouch.retrieval.tokenize import words
from vouch.retrieval.types import Vectors

TOKENS_FILE, VECTORS_FILE, ABOUT_FILE = "tokens.txt", "vectors.npy", "embedder.json"
"""Of an embedder: its tokens, one a line; int8, a row for each and some that rare words share; its version."""

CHARACTER, PIECE = "~", "#"
"""First character of tokens that stand for a single Chinese character, for four letters inside a word."""
TIMES_STEPS = 8
"""Steps of 1 in the weight of a token that occurs n times: 1 + ln n."""
MOST_TIMES = 255
"""Times that a token counts at most."""
TIMES_WEIGHTS = np.round(TIMES_STEPS * (1 + np.log(np.arange(1, MOST_TIMES + 1)))).astype(np.float32)
"""For 1, 2, 3 … times."""

_PIECE_LENGTH = 4
_HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class WeighedTokens:
    """The different tokens of a text."""

    rows: Rows
    """Rising."""
    weights: npt.NDArray[np.float32]
    """How much each counts for its number of times."""
    length: float
    """Of the sum of their vectors, so weighed."""


class Bag:
    """Where each token has its vector. Rare words share: each has two of the last rows, chosen by its hash."""

    def __init__(self, listed: Sequence[str], shared: int) -> None:
        """`listed` tokens have the first rows, the next `shared` ones are for all other words."""
        self._of_word = {token: row for row, token in enumerate(listed) if token[0] not in (CHARACTER, PIECE)}
        self._of_character = {token[1:]: row for row, token in enumerate(listed) if token[0] == CHARACTER}
        self._of_piece = {token[1:]: row for row, token in enumerate(listed) if token[0] == PIECE}
        self._first_shared, self._shared = len(listed), shared
        self._in_line = lru_cache(maxsize=4096)(self._in_text)
        self._in_word = lru_cache(maxsize=200_000)(self._parts)

    def rows(self, text: str) -> Rows:
        """Return the rows of the tokens of a text, each as often as it occurs."""
        head, _, rest = text.partition("\n")
        # A first line is the headings above a passage, which come back with its neighbours.
        found = np.array([*self._in_line(head), *self._in_text(rest)] if rest else self._in_text(head), np.intp)
        return found[found >= 0]

    def _in_text(self, text: str) -> list[int]:
        """Return a row for each token, -1 for those without a vector: a condition in every loop would cost as much."""
        said = words(text)
        found = list(map(self._of_word.get, said, repeat(-1)))
        for word, row in zip(said, tuple(found), strict=True):
            if row < 0 or (len(word) > _PIECE_LENGTH and word.isascii()):
                found += self._in_word(word)
        for run in _HAN_RUN.findall(text):
            found += map(self._of_word.get, map(add, run, run[1:]), repeat(-1))
            found += map(self._of_character.get, run, repeat(-1))
        return found

    def _parts(self, word: str) -> tuple[int, ...]:
        """Return the rows of the pieces of a word, and those that it shares if it has none of its own."""
        found = tuple(self._of_piece.get(piece, -1) for piece in pieces(word))
        # Figures are left to the lexical ranking: those of a table would drown what it is about.
        if word in self._of_word or word[0].isdigit() or not self._shared:
            return found
        number = zlib.crc32(word.encode())
        half = self._shared // 2
        return (*found, self._first_shared + number % half, self._first_shared + half + number // half % half)


def pieces(word: str) -> tuple[str, ...]:
    """Return the runs of four letters inside an English word of more."""
    if len(word) <= _PIECE_LENGTH or not (word.isascii() and word.isalpha()):
        return ()
    return tuple(word[at : at + _PIECE_LENGTH] for at in range(len(word) - _PIECE_LENGTH + 1))


def unit(vectors: Vectors) -> Vectors:
    """Return each row with length 1; a row of zeros stays one."""
    lengths: Vectors = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    scaled: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return scaled
