"""Pages as evaluation compares them: the same document under its path, its file name or its bare name."""

from collections.abc import Sequence

from vouch.eval.types import Item
from vouch.generation.types import Answer

_SUFFIXES = (".pdf", ".txt", ".md", ".docx", ".html", ".htm", ".json", ".jsonl", ".csv", ".xlsx")

Place = tuple[str, int]
"""Document name and page."""


def bare_name(document: str) -> str:
    """Return a document's name without folder and file suffix, in lower case."""
    name = document.replace("\\", "/").rpartition("/")[2].lower()
    return next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)


def same_document(a: str, b: str) -> bool:
    """Say whether two names mean one document; a question that names none means any."""
    return not a or not b or bare_name(a) == bare_name(b)


def accepted(item: Item, place: Place) -> tuple[Place, ...]:
    """Return every page that does for a needed one: itself, and those where its section goes on."""
    document, page = place
    return (place, *((document, other) for other in item.also_pages if document == item.report and page in item.pages))


def found_share(item: Item, places: Sequence[Place]) -> float:
    """Return the share of the needed pages that are among these."""
    needed = item.places
    held = sum(any(_is_among(choice, places) for choice in accepted(item, place)) for place in needed)
    return held / len(needed) if needed else 0.0


def is_right(item: Item, place: Place) -> bool:
    """Say whether a page is one that holds the answer."""
    return any(_is_among(place, accepted(item, needed)) for needed in item.places)


def cites(item: Item, answer: Answer) -> bool:
    """Say whether an answer cites a page that holds it."""
    return any(is_right(item, (citation.document, citation.page)) for citation in answer.citations)


def quotes_from(item: Item, answer: Answer) -> list[str]:
    """Return what an answer quotes from the pages that hold it."""
    return [c.text for c in answer.citations if is_right(item, (c.document, c.page))]


def _is_among(place: Place, places: Sequence[Place]) -> bool:
    return any(place[1] == page and same_document(place[0], document) for document, page in places)
