"""How much of what a question asks a text covers: rare words weigh more, synonyms count as the word itself."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vouch.retrieval.lexicon import fold
from vouch.retrieval.question import Question
from vouch.retrieval.tokenize import tokens


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing that a question asks about: ways to say it, as token sets, and what it weighs."""

    ways: tuple[frozenset[str], ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Relevance:
    """The facets of one question."""

    facets: tuple[Facet, ...]
    weights: dict[str, float]

    @property
    def tokens(self) -> frozenset[str]:
        """All tokens of all ways to say what is asked."""
        return frozenset(self.weights)

    def coverage(self, found: frozenset[str] | set[str]) -> float:
        """Return the weighted share of the question, 0 to 1, that tokens of a text cover."""
        total = sum(facet.weight for facet in self.facets)
        if not total:
            return 0.0
        covered = sum(facet.weight * max(self._share(way, found) for way in facet.ways) for facet in self.facets)
        return covered / total

    def _share(self, way: frozenset[str], found: frozenset[str] | set[str]) -> float:
        total = sum(self.weights[token] for token in way)
        return sum(self.weights[token] for token in way if token in found) / total if total else 0.0


def relevance(question: Question, document_frequency: Callable[[str], int], passages: int) -> Relevance:
    """Return what a question asks about, weighed by how rare its words are in the library."""
    weights: dict[str, float] = {}

    def weigh(found: frozenset[str]) -> float:
        for token in found - weights.keys():
            held = document_frequency(token)
            weights[token] = math.log1p((passages - held + 0.5) / (held + 0.5)) if passages > held else 0.1
        return max((weights[token] for token in found), default=0.0)

    facets: list[Facet] = []
    rest = fold(question.query)
    for mention in question.mentions:
        asked = (
            fold(question.text[mention.start : mention.end])
            if mention.end <= len(question.text)
            else mention.group.name
        )
        rest = rest.replace(asked, " ")
        ways = tuple(dict.fromkeys(frozenset(tokens(term)) for term in (asked, *mention.group.terms) if tokens(term)))
        if ways:
            facets.append(Facet(ways, max(1.0, weigh(ways[0]))))
            for way in ways[1:]:
                weigh(way)
    facets += [Facet((word,), weigh(word)) for word in _words(rest)]
    return Relevance(tuple(facets), weights)


def _words(text: str) -> list[frozenset[str]]:
    """Return the token sets of the words that stand apart in a cleaned query."""
    return [found for found in (frozenset(tokens(word)) for word in text.split()) if found]


def similar(left: Sequence[str], right: Sequence[str]) -> float:
    """Return the share of common tokens of two texts: 1 for the same words."""
    a, b = set(left), set(right)
    return len(a & b) / len(a | b) if a | b else 0.0
