"""Ways to make one ranking of several. Scores of different rankings never meet unnormalised.

Measured as nDCG@10 (first 600 questions of each set, 100 candidates of each leg), BM25 with static vectors trained
without any text of the sets in the lower half (other sources: medical titles, questions on encyclopaedia passages,
medicines, web questions, abstracts), which is where the share was chosen: 0.2 to 0.3 are as good there.

    share of the vectors           0      0.1    0.2    0.3    0.4    0.5    0.7
    Chinese answers    best = 1    0.222  0.229  0.235  0.239  0.234  0.230  0.219
                       z-scores    0.222  0.228  0.232  0.233  0.233  0.235  0.210
                       worst to best 0.222 0.228 0.232  0.235  0.234  0.231  0.200
                       ranks       0.222  0.227  0.227  0.222  0.216  0.209  0.199
    English answers    best = 1    0.601  0.640  0.669  0.678  0.688  0.688  0.674
                       ranks       0.601  0.654  0.665  0.669  0.669  0.666  0.649
    medical titles     best = 1    0.868  0.876  0.884  0.887  0.887  0.891  0.882
    encyclopaedia, zh  best = 1    0.964  0.961  0.960  0.957  0.945  0.925  0.880
                       ranks       0.964  0.930  0.903  0.873  0.846  0.826  0.758
    medicines, en      best = 1    0.538  0.547  0.549  0.550  0.552  0.552  0.529
    web questions, en  best = 1    0.748  0.749  0.750  0.753  0.749  0.744  0.713
    abstracts, en      best = 1    0.843  0.851  0.852  0.849  0.847  0.843  0.809
                       ranks       0.843  0.842  0.832  0.819  0.807  0.794  0.761

Z-scores and worst-to-best are within 0.005 of best = 1 everywhere. Hashed vectors (0.12 and 0.47 alone) earn 0.05 in
Chinese, nothing in English.
"""

from collections.abc import Mapping, Sequence

Ranking = Sequence[tuple[int, float]]
"""(sequence number, score), best first."""

_TRAINED = (0.25, 0.25)
_HASHED = (0.05, 0.0)


def best_shares(embedder: str) -> tuple[float, float]:
    """Return the share of the vectors for questions with Chinese and for others, from the name of what made them."""
    return _HASHED if embedder.startswith("hashing-") else _TRAINED


def weighted_scores(rankings: Mapping[str, Ranking], weights: Mapping[str, float]) -> Ranking:
    """Return the weighted sum of scores, each ranking's divided by its best one; not found counts 0."""
    summed: dict[int, float] = {}
    for name, ranking in rankings.items():
        best = max((score for _, score in ranking), default=0.0)
        for seq, score in ranking:
            share = max(score, 0.0) / best if best > 0 else 0.0
            summed[seq] = summed.get(seq, 0.0) + weights[name] * share
    return _best_first(summed)


def reciprocal_ranks(rankings: Mapping[str, Ranking], weights: Mapping[str, float], k: int = 60) -> Ranking:
    """Return the sum of weight / (k + rank): uses ranks only, so a weak ranking counts as much as a sure one."""
    summed: dict[int, float] = {}
    for name, ranking in rankings.items():
        for rank, (seq, _) in enumerate(ranking, start=1):
            summed[seq] = summed.get(seq, 0.0) + weights[name] / (k + rank)
    return _best_first(summed)


def _best_first(summed: Mapping[int, float]) -> Ranking:
    # Equal sums keep their order: the first ranking's, then what only later ones found.
    return sorted(summed.items(), key=lambda item: -item[1])
