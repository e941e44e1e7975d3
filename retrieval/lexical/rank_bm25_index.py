"""The LexicalIndex of the package rank-bm25: in memory, rebuilt from the store by each process. The reference."""

from collections.abc import Iterable, Sequence

import numpy as np
from rank_bm25 import BM25Okapi

from vouch.retrieval.lexical.passage_tokens import body_tokens, heading_tokens
from vouch.retrieval.lexical.synonyms import Synonyms
from vouch.retrieval.tokenize import tokens
from vouch.retrieval.types import Chunk


class RankBm25Index:
    """BM25Okapi over text and headings together, with any k1 and b; fine up to some 10,000 chunks (35 ms a query)."""

    def __init__(self, k1: float = 1.5, b: float = 0.75, synonyms: Synonyms | None = None) -> None:
        self._k1, self._b = k1, b
        self._synonyms = synonyms
        self._words: dict[int, list[str]] = {}
        self._documents: dict[int, str] = {}
        self._model: BM25Okapi | None = None
        self._seqs = np.zeros(0, np.int64)
        self._position = ""

    @property
    def position(self) -> str:
        return self._position

    def clear(self) -> None:
        self._words.clear()
        self._documents.clear()
        self._clear_model()
        self._position = ""

    def reload(self) -> None:
        """Do nothing: no other process has a hand in it."""

    def add(self, entries: Iterable[tuple[int, Chunk]]) -> None:
        for seq, chunk in entries:
            self._words[seq] = body_tokens(chunk) + heading_tokens(chunk)
            self._documents[seq] = chunk.source.doc_id

    def remove(self, seqs: Sequence[int]) -> None:
        for seq in seqs:
            self._words.pop(seq, None)
            self._documents.pop(seq, None)

    def commit(self, position: str) -> None:
        self._clear_model()
        searchable = {seq: words for seq, words in self._words.items() if words}
        if searchable:
            self._model = BM25Okapi(list(searchable.values()), k1=self._k1, b=self._b)
            self._seqs = np.fromiter(searchable, np.int64, len(searchable))
        self._position = position

    def search(self, query: str, k: int, doc_ids: frozenset[str] | None = None) -> list[tuple[int, float]]:
        if self._model is None or k < 1:
            return []
        words = tokens(query)
        scores = self._model.get_scores(words)
        for token, weight in self._synonyms.tokens_of(query) if self._synonyms else []:
            scores += weight * self._model.get_scores([token])
            words.append(token)
        # A score of 0 is no match, and a token of more than half of all chunks can pull a match below 0.
        matching = self._matching(words) & (True if doc_ids is None else self._within(doc_ids))
        best = [place for place in np.lexsort((self._seqs, -scores)) if matching[place]][:k]
        return [(int(self._seqs[place]), float(scores[place])) for place in best]

    def document_frequency(self, token: str) -> int:
        return 0 if self._model is None else sum(token in held for held in self._model.doc_freqs)

    def _matching(self, words: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        assert self._model is not None
        wanted = set(words)
        held = self._model.doc_freqs
        return np.fromiter((not wanted.isdisjoint(counts) for counts in held), np.bool_, len(held))

    def _within(self, doc_ids: frozenset[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        documents = self._documents
        return np.fromiter((documents.get(int(seq)) in doc_ids for seq in self._seqs), np.bool_, len(self._seqs))

    def _clear_model(self) -> None:
        self._model = None
        self._seqs = np.zeros(0, np.int64)
