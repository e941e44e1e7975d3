"""Ways to make one ranking of several. Scores of different rankings never meet unnormalised."""

from collections.abc import Mapping, Sequence

Ranking = Sequence[tuple[int, float]]
"""(sequence number, score), best first."""


def reciprocal_ranks(
    rankings: Mapping[str, Ranking], weights: Mapping[str, float], k: int = 60
) -> list[tuple[int, float]]:
    """Return the sum of weight / (k + rank): uses ranks only, so a weak ranking counts as much as a sure one."""
    summed: dict[int, float] = {}
    for name, ranking in rankings.items():
        for rank, (seq, _) in enumerate(ranking, start=1):
            summed[seq] = summed.get(seq, 0.0) + weights[name] / (k + rank)
    return _best_first(summed)


def weighted_scores(rankings: Mapping[str, Ranking], weights: Mapping[str, float]) -> list[tuple[int, float]]:
    """Return the weighted sum of scores, each ranking's put between 0 (its last, or not found) and 1 (its best)."""
    summed: dict[int, float] = {}
    for name, ranking in rankings.items():
        scores = [score for _, score in ranking]
        low, high = min(scores, default=0.0), max(scores, default=0.0)
        for seq, score in ranking:
            share = (score - low) / (high - low) if high > low else 1.0
            summed[seq] = summed.get(seq, 0.0) + weights[name] * share
    return _best_first(summed)


def _best_first(summed: Mapping[int, float]) -> list[tuple[int, float]]:
    return sorted(summed.items(), key=lambda item: (-item[1], item[0]))
