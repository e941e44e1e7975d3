"""Each pooling against a plain loop over texts and tokens, with padding on either side."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from vouch.retrieval.embedders.pooling import Mask, Pooling, pooled, token_weights
from vouch.retrieval.embedders.torch_model import pooled_states
from vouch.retrieval.types import Vectors

LENGTHS = (5, 1, 3, 7)
LONGEST = 7
Rows = Sequence[Sequence[float]]


def mean(rows: Rows) -> list[float]:
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def weighted(rows: Rows) -> list[float]:
    total = sum(range(1, len(rows) + 1))
    sums = [0.0] * len(rows[0])
    for place, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            sums[column] += place * value / total
    return sums


BY_HAND: dict[Pooling, Callable[[Rows], Sequence[float]]] = {
    Pooling.CLS: lambda rows: rows[0],
    Pooling.LAST_TOKEN: lambda rows: rows[-1],
    Pooling.MEAN: mean,
    Pooling.MEAN_LAST_LAYERS: mean,  # over layers it is averaged before; see test_torch_model
    Pooling.MEAN_SQRT: lambda rows: [sum(column) / math.sqrt(len(rows)) for column in zip(*rows, strict=True)],
    Pooling.WEIGHTED_MEAN: weighted,
    Pooling.MAX: lambda rows: [max(column) for column in zip(*rows, strict=True)],
}


def padded_states(side: str) -> tuple[Vectors, Mask]:
    """Random states, all negative in one column (a padding of 0 must not win there), with rubbish under padding."""
    draw = np.random.default_rng(3)
    states = draw.normal(size=(len(LENGTHS), LONGEST, 4)).astype(np.float32)
    states[:, :, 0] = -np.abs(states[:, :, 0]) - 1
    mask = np.zeros((len(LENGTHS), LONGEST), np.int64)
    for row, length in enumerate(LENGTHS):
        real = slice(0, length) if side == "right" else slice(LONGEST - length, LONGEST)
        mask[row, real] = 1
    states[mask == 0] = 1e4
    return states, mask


def by_loops(states: Vectors, mask: Mask, pooling: Pooling) -> list[list[float]]:
    found = []
    for row in range(len(states)):
        real = [states[row, token].tolist() for token in range(mask.shape[1]) if mask[row, token]]
        found.append(list(BY_HAND[pooling](real)))
    return found


def test_every_pooling_is_tested() -> None:
    assert set(BY_HAND) == set(Pooling)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("pooling", list(Pooling))
def test_pooling_is_what_a_plain_loop_gives(pooling: Pooling, side: str) -> None:
    states, mask = padded_states(side)
    assert pooled(states, mask, [pooling]) == pytest.approx(np.array(by_loops(states, mask, pooling)), rel=1e-4)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("pooling", list(Pooling))
def test_torch_pools_like_numpy(pooling: Pooling, side: str) -> None:
    states, mask = padded_states(side)
    in_torch = pooled_states(torch.from_numpy(states), mask, pooling).numpy()
    assert in_torch == pytest.approx(np.array(by_loops(states, mask, pooling)), rel=1e-4)


def test_several_poolings_stand_side_by_side() -> None:
    states, mask = padded_states("right")
    both = pooled(states, mask, [Pooling.CLS, Pooling.MAX])
    assert both.shape == (len(LENGTHS), 8)
    assert both[:, :4] == pytest.approx(states[:, 0])
    assert both[:, 4:] == pytest.approx(np.array(by_loops(states, mask, Pooling.MAX)))


def test_the_weights_of_three_tokens() -> None:
    mask = np.array([[0, 1, 1, 1, 0]])
    assert token_weights(mask, Pooling.CLS).tolist() == [[0, 1, 0, 0, 0]]
    assert token_weights(mask, Pooling.LAST_TOKEN).tolist() == [[0, 0, 0, 1, 0]]
    assert token_weights(mask, Pooling.WEIGHTED_MEAN)[0] == pytest.approx([0, 1 / 6, 2 / 6, 3 / 6, 0])
    assert token_weights(mask, Pooling.MEAN_SQRT)[0, 1] == pytest.approx(1 / math.sqrt(3))


@pytest.mark.parametrize("pooling", list(Pooling))
def test_a_text_without_tokens_gives_zeros(pooling: Pooling) -> None:
    states, mask = np.ones((2, 3, 4), np.float32), np.array([[0, 0, 0], [1, 1, 0]])
    assert not pooled(states, mask, [pooling])[0].any()
    assert not pooled_states(torch.from_numpy(states), mask, pooling)[0].any()
