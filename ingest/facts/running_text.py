"""Sentences of a page without white space, and the printed lines that each was wrapped over."""

from dataclasses import dataclass

from vouch.retrieval.types import Page


@dataclass(frozen=True, slots=True)
class RunningText:
    """A page's text without white space; `places` says where on the page each character stands."""

    page: Page
    text: str
    places: tuple[int, ...]

    @staticmethod
    def of(page: Page, furniture: frozenset[int] = frozenset()) -> "RunningText":
        """Return the running text of a page, without the lines whose indexes are given."""
        kept = (line for i, line in enumerate(page.lines) if i not in furniture)
        places = tuple(i for line in kept for i in range(line.start, line.end) if not page.text[i].isspace())
        return RunningText(page, "".join(page.text[i] for i in places), places)

    def lines(self, start: int, end: int) -> tuple[int, int]:
        """Return the span on the page of the whole lines that `text[start:end]` was printed in."""
        first, last = self.places[start], self.places[end - 1] + 1
        touched = [line for line in self.page.lines if line.start < last and line.end > first]
        return (touched[0].start, touched[-1].end) if touched else (first, last)
