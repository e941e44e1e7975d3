"""How sure a difference is: bootstrap intervals and paired tests, seeded. Knows no metric."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ROUNDS = 2000
_EXACT_UP_TO = 12
"""Pairs whose signs are all enumerated (4,096 ways) instead of drawn."""
_SLACK = 1e-12
_CELLS = 2_000_000
"""Numbers drawn at a time, so that large sets do not fill the memory."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the interval that holds it with the chosen confidence."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two systems differ on the same items: mean of second minus first, its interval, two-sided p."""

    difference: Interval
    p: float
    pairs: int


def bootstrap_interval(values: Sequence[float], seed: int = 0, rounds: int = ROUNDS, level: float = 0.95) -> Interval:
    """Return the mean and its percentile bootstrap interval; all zero for no values."""
    sample = np.asarray(values, dtype=np.float64)
    if not sample.size:
        return Interval(0.0, 0.0, 0.0)
    means = _resampled_means(sample, np.random.default_rng(seed), rounds)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(sample.mean()), float(low), float(high))


def compare_paired(first: Sequence[float], second: Sequence[float], seed: int = 0, rounds: int = ROUNDS) -> Comparison:
    """Return the difference of two systems over the same items, with a paired bootstrap and a randomisation test."""
    differences = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    return Comparison(
        bootstrap_interval(differences.tolist(), seed, rounds),
        randomisation_p(differences.tolist(), seed, rounds),
        len(differences),
    )


def randomisation_p(differences: Sequence[float], seed: int = 0, rounds: int = ROUNDS) -> float:
    """Return the two-sided p of a mean difference under random signs: exact for few pairs, else drawn."""
    sample = np.asarray(differences, dtype=np.float64)
    sample = sample[sample != 0]  # a pair without difference has none under any sign
    if not sample.size:
        return 1.0
    observed = abs(sample.sum())
    if sample.size <= _EXACT_UP_TO:
        ways = np.arange(2**sample.size)[:, None] >> np.arange(sample.size) & 1
        return float(np.mean(np.abs((1 - 2 * ways) @ sample) >= observed - _SLACK))
    generator, extreme, done = np.random.default_rng(seed), 0, 0
    while done < rounds:
        batch = min(rounds - done, max(1, _CELLS // sample.size))
        signs = generator.integers(0, 2, (batch, sample.size)) * 2 - 1
        extreme += int(np.count_nonzero(np.abs(signs @ sample) >= observed - _SLACK))
        done += batch
    return (extreme + 1) / (rounds + 1)


def _resampled_means(
    sample: npt.NDArray[np.float64], generator: np.random.Generator, rounds: int
) -> npt.NDArray[np.float64]:
    batch = max(1, _CELLS // sample.size)
    means = [
        sample[generator.integers(0, sample.size, (min(batch, rounds - done), sample.size))].mean(axis=1)
        for done in range(0, rounds, batch)
    ]
    return np.concatenate(means)
