"""Bootstrap and randomisation, checked by hand and against exact distributions."""

import math

import pytest

from vouch.eval.significance import bootstrap_interval, compare_paired, randomisation_p


def test_few_pairs_are_enumerated() -> None:
    # +1 +1 +1: of the 8 signings only +++ and --- are as extreme
    assert randomisation_p([1, 1, 1]) == 2 / 8
    # +3 -1: |sums| of the 4 signings are 2, 4, 4, 2; all reach 2
    assert randomisation_p([3, -1]) == 1.0
    # 5 +1: 6, 4, 4, 6; two reach 6
    assert randomisation_p([5, 1]) == 0.5


def test_equal_systems_do_not_differ() -> None:
    assert randomisation_p([0, 0, 0]) == 1.0
    found = compare_paired([0.5, 0.25], [0.5, 0.25])
    assert (found.difference.mean, found.difference.low, found.difference.high, found.p) == (0, 0, 0, 1)


def test_many_pairs_are_drawn_close_to_the_exact_p() -> None:
    # 20 equal differences, 15 of them positive: P(|2B - 20| >= 10) for a fair coin
    exact = 2 * sum(math.comb(20, k) for k in range(15, 21)) / 2**20
    drawn = randomisation_p([1] * 15 + [-1] * 5, rounds=20_000)
    assert drawn == pytest.approx(exact, abs=0.01)


def test_a_bootstrap_interval_of_a_coin() -> None:
    # 100 tosses with 30 heads: standard error sqrt(.3 * .7 / 100) = .0458, interval about +- 1.96 of it
    interval = bootstrap_interval([1.0] * 30 + [0.0] * 70, rounds=20_000)
    assert interval.mean == pytest.approx(0.3)
    assert interval.low == pytest.approx(0.3 - 1.96 * 0.0458, abs=0.012)
    assert interval.high == pytest.approx(0.3 + 1.96 * 0.0458, abs=0.012)


def test_a_seed_decides_the_draw() -> None:
    values = [0.1, 0.9, 0.4, 0.35, 0.8, 0.2]
    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)
    assert bootstrap_interval(values, seed=3) != bootstrap_interval(values, seed=4)


def test_a_paired_difference_is_second_minus_first() -> None:
    found = compare_paired([0.0, 0.0, 0.5], [0.5, 0.5, 1.0])
    assert found.difference.mean == 0.5
    assert found.pairs == 3


def test_nothing_has_no_interval() -> None:
    interval = bootstrap_interval([])
    assert (interval.mean, interval.low, interval.high) == (0, 0, 0)
