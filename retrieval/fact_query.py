"""How facts are asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from vouch.retrieval.facts import Fact, FactScope
from vouch.retrieval.types import Source


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact and the document that states it."""

    fact: Fact
    source: Source


@dataclass(frozen=True, slots=True)
class FactQuery:
    """Which facts are wanted; an empty sequence allows all."""

    companies: Sequence[str] = ()
    """Full company names."""
    years: Sequence[int] = ()
    fields: Sequence[str] = ()
    periods: Sequence[str] = ()
    scopes: Sequence[FactScope] = ()
    collections: Sequence[str] = ()


class FactStore(Protocol):
    """The facts of a library: written with their document, read by query."""

    def facts(self, query: FactQuery) -> Iterable[StoredFact]:
        """Yield the facts asked for, by company, year, field; the preferred source of equal ones first."""
        ...
