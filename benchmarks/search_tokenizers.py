"""Tokenisers and the constants of BM25 side by side on one collection: which tokens, k1 and b rank its texts best?

    python benchmarks/search_tokenizers.py ../shared/data/medical/zh [--k1 0.9 1.2 1.5] [--b 0.4 0.75]

Texts are ranked whole, by a BM25 of our own over numpy arrays that scores as tantivy does; nDCG@10 of each.
"""

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import log, log2
from pathlib import Path

import numpy as np

from vouch.eval.beir import Collection, load_collection
from vouch.retrieval import tokenize

Tokenizer = Callable[[str], Sequence[str]]

DEPTH = 10
_HAN = re.compile("[\u3400-\u9fff]")
_HAN_RUN = re.compile("[\u3400-\u9fff]+")


class Bm25:
    """An inverted index that is scored with any k1 and b: idf = ln(1 + (N - n + 0.5) / (n + 0.5))."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        counts: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, text in enumerate(texts):
            for token, count in Counter(text).items():
                counts[token].append((number, count))
        self._postings = {token: np.array(held, np.int64).T for token, held in counts.items()}
        self._lengths = np.array([len(text) for text in texts], np.float64)
        self._relative = self._lengths / max(self._lengths.mean(), 1.0)

    def best(self, query: Sequence[str], k1: float, b: float) -> list[int]:
        """Return the numbers of the best texts, best first."""
        scores = np.zeros(len(self._lengths))
        for token in query:
            if token not in self._postings:
                continue
            texts, counts = self._postings[token]
            idf = log(1 + (len(scores) - len(texts) + 0.5) / (len(texts) + 0.5))
            scores[texts] += idf * counts * (k1 + 1) / (counts + k1 * (1 - b + b * self._relative[texts]))
        found = np.argsort(-scores, kind="stable")[:DEPTH]
        return [int(number) for number in found if scores[number] > 0]


def ndcg(found: Sequence[str], relevant: Mapping[str, int]) -> float:
    """Return nDCG at the depth ranked, every relevant text worth the same."""
    gain = sum(1 / log2(rank + 1) for rank, text in enumerate(found, start=1) if text in relevant)
    return gain / sum(1 / log2(rank + 1) for rank in range(1, min(DEPTH, len(relevant)) + 1))


def mean_ndcg(collection: Collection, tokens: Tokenizer, constants: Sequence[tuple[float, float]]) -> list[float]:
    """Return the mean nDCG for each (k1, b)."""
    rows = [json.loads(line) for line in collection.corpus.read_text("utf-8").splitlines() if line.strip()]
    names = [str(row["_id"]) for row in rows]
    index = Bm25([tokens(f"{row.get('title', '')}\n{row['text']}") for row in rows])
    means = []
    for k1, b in constants:
        each = [
            ndcg([names[number] for number in index.best(tokens(query.text), k1, b)], collection.relevant[query.id])
            for query in collection.queries
        ]
        means.append(sum(each) / len(each))
    return means


def bigrams(text: str) -> list[str]:
    """Return neighbouring Chinese characters in pairs, and other words as they are searched for."""
    runs = _HAN_RUN.findall(text)
    return [a + b for run in runs for a, b in pairwise(run)] + [w for w in tokenize.words(text) if not _HAN.search(w)]


def characters(text: str) -> list[str]:
    """Return Chinese characters one by one, and other words as they are searched for."""
    return _HAN.findall(text) + [word for word in tokenize.words(text) if not _HAN.search(word)]


def whole_words(text: str) -> list[str]:
    """Return the words of any script in lower case, as they stand: neither stemmed nor left out."""
    return re.findall(r"\w+", text.lower())


def segmenters() -> dict[str, Tokenizer]:
    """Return the tokenisers compared: the library's own, its halves, and others that are installed."""
    found: dict[str, Tokenizer] = {
        "words and pairs (default)": tokenize.tokens,
        "words": tokenize.words,
        "bigrams": bigrams,
        "characters": characters,
        "as they stand": whole_words,
    }
    try:
        import jieba
    except ImportError:
        return found
    jieba.setLogLevel("ERROR")
    return found | {"jieba, with guesses": jieba.lcut, "jieba, for search": jieba.lcut_for_search}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", type=Path)
    parser.add_argument("--k1", type=float, nargs="+", default=[1.2])
    parser.add_argument("--b", type=float, nargs="+", default=[0.75])
    parser.add_argument("--only", help="The tokeniser with this name only.")
    arguments = parser.parse_args()
    collection = load_collection(arguments.collection)
    constants = [(k1, b) for k1 in arguments.k1 for b in arguments.b]
    for name, tokens in segmenters().items():
        if arguments.only in (None, name):
            for (k1, b), mean in zip(constants, mean_ndcg(collection, tokens, constants), strict=True):
                print(json.dumps({"tokens": name, "k1": k1, "b": b, "ndcg@10": round(mean, 4)}), flush=True)


if __name__ == "__main__":
    main()
