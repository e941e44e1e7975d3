"""Questions with the passages that both rankings find for them: what the light reranker learns from."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vouch.retrieval.fusion import Ranking, weighted_scores
from vouch.retrieval.pair_features import Features, Reading, Standing, TokenTable, pair_features
from vouch.retrieval.token_bag import WeighedTokens
from vouch.retrieval.tokenize import tokens
from vouch.retrieval.types import Vectors

CANDIDATES = 100
"""How far down each ranking goes."""
READ = 40
"""Of the mixture: how many are examples."""
_K1, _B = 1.2, 0.75
_WEIGHTS = {"lexical": 0.7, "vector": 0.3}


@dataclass(frozen=True, slots=True)
class Example:
    """One question: its candidates and which of them answer it."""

    features: Features
    right: npt.NDArray[np.bool_]


class PassageEmbedder(TokenTable, Protocol):
    """The embedder whose tokens the reranker will compare."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors: ...

    def weighed_tokens(self, text: str) -> WeighedTokens: ...


def examples(asked: Mapping[str, Collection[str]], corpus: Sequence[str], embedder: PassageEmbedder) -> list[Example]:
    """Return the questions (each with the texts that answer it) that have a right candidate and a wrong one."""
    bm25 = _Bm25(corpus)
    cosines = embedder.embed_passages(list(asked)) @ embedder.embed_passages(corpus).T
    readings: dict[int, Reading] = {}
    found = []
    for query, own in zip(asked, cosines, strict=True):
        nearest = np.argsort(-own)[:CANDIDATES]
        vector = [(int(place), float(own[place])) for place in nearest]
        lexical = bm25.search(query, CANDIDATES)
        mixed = weighted_scores({"lexical": lexical, "vector": vector}, _WEIGHTS)[:READ]
        for place, _ in mixed:
            readings.setdefault(place, Reading(corpus[place], embedder.weighed_tokens(corpus[place])))
        right = np.array([corpus[place] in asked[query] for place, _ in mixed])
        if right.any() and not right.all():
            reading = Reading(query, embedder.weighed_tokens(query))
            passages = [readings[place] for place, _ in mixed]
            found.append(Example(pair_features(reading, passages, _standings(mixed, lexical, vector), embedder), right))
    return found


def _standings(mixed: Ranking, lexical: Ranking, vector: Ranking) -> list[Standing]:
    ranks = [{place: rank for rank, (place, _) in enumerate(leg, start=1)} for leg in (lexical, vector)]
    return [Standing(score, ranks[0].get(place), ranks[1].get(place)) for place, score in mixed]


class _Bm25:
    """BM25 in memory, over the tokens that the lexical indexes search."""

    def __init__(self, corpus: Sequence[str]) -> None:
        places: defaultdict[str, list[int]] = defaultdict(list)
        times: defaultdict[str, list[int]] = defaultdict(list)
        lengths = np.zeros(len(corpus))
        for place, text in enumerate(corpus):
            counted = Counter(tokens(text))
            lengths[place] = counted.total()
            for token, n in counted.items():
                places[token].append(place)
                times[token].append(n)
        self._size = len(corpus)
        relative = 1 - _B + _B * lengths / max(lengths.mean(), 1)
        self._postings: dict[str, tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]] = {}
        for token, found in places.items():
            where, occurs = np.array(found, np.intp), np.array(times[token], np.float64)
            rarity = math.log(1 + (self._size - len(found) + 0.5) / (len(found) + 0.5))
            self._postings[token] = where, rarity * occurs * (_K1 + 1) / (occurs + _K1 * relative[where])

    def search(self, query: str, k: int) -> Ranking:
        scores = np.zeros(self._size)
        for token in tokens(query):
            if token in self._postings:
                where, gains = self._postings[token]
                scores[where] += gains
        best = np.argsort(-scores, kind="stable")[:k]
        return [(int(place), float(scores[place])) for place in best if scores[place] > 0]
