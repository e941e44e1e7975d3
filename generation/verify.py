"""Checks an answer against the pages it cites before anyone reads it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from vouch.generation.quotes import Quote, Statement
from vouch.generation.types import Verification

_NUMBER = re.compile(r"\d+(?:[,，]\d{3})*(?:\.\d+)?")


def verified(statements: Sequence[Statement], said: str) -> tuple[list[Statement], Verification]:
    """Return the statements whose quotes and numbers stand on the cited pages, and what was checked.

    Numbers that the question itself names (`said`) need no evidence: years, codes.
    """
    kept: list[Statement] = []
    numbers = unsupported = citations = missing = 0
    for statement in statements:
        found = [is_on_page(quote) for quote in statement.quotes]
        lacking = numbers_without_evidence(statement, said)
        numbers += len(_numbers(statement.text))
        citations += len(found)
        missing += found.count(False)
        unsupported += len(lacking)
        if statement.quotes and all(found) and not lacking:
            kept.append(statement)
    return kept, Verification(numbers, unsupported, citations, missing)


def is_on_page(quote: Quote) -> bool:
    """Say whether the text that will be quoted stands on its page, white space and character width apart."""
    return bool(quote.text) and squeezed(quote.text) in squeezed(quote.page.text)


def numbers_without_evidence(statement: Statement, said: str) -> list[str]:
    """Return the numbers of a statement that no quote of it holds, apart from those of the question."""
    evidence = set(_numbers(" ".join(_evidence(statement.quotes)))) | set(_numbers(said))
    return [number for number in _numbers(statement.text) if number not in evidence]


def squeezed(text: str) -> str:
    """Return a text without white space, in half width."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _evidence(quotes: Iterable[Quote]) -> Iterable[str]:
    for quote in quotes:
        yield quote.text
        yield f"{quote.source.year or ''} {quote.source.name} {quote.source.company}"
        yield from quote.section


def _numbers(text: str) -> list[str]:
    return [
        match[0].replace(",", "").replace("，", "") for match in _NUMBER.finditer(unicodedata.normalize("NFKC", text))
    ]
