"""Texts as their letters and digits alone: white space, width, case and marks change nothing about what is said."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache


@lru_cache(maxsize=65_536)
def _letter(character: str) -> str:
    """Return a character as it is compared; several for a ligature, none for a mark."""
    return "".join(c for c in unicodedata.normalize("NFKC", character).lower() if c.isalnum())


def letters(text: str) -> str:
    """Return the letters and digits of a text in half width and lower case."""
    return "".join(map(_letter, text))


@dataclass(frozen=True, slots=True)
class Lettered:
    """The letters of a text and where each of them stands."""

    letters: str
    places: tuple[int, ...]

    @staticmethod
    def of(text: str) -> "Lettered":
        """Return the letters of a text."""
        shown = [_letter(character) for character in text]
        return Lettered("".join(shown), tuple(i for i, said in enumerate(shown) for _ in said))

    def find(self, wanted: str) -> tuple[int, int] | None:
        """Return start and end, in the text, of these letters; None where they do not stand there in a row."""
        at = self.letters.find(wanted)
        return (self.places[at], self.places[at + len(wanted) - 1] + 1) if at >= 0 and wanted else None
