"""Learns token vectors from pairs of texts: each text shall be nearest to its own partner among those of a batch.

Loss: cross-entropy over the cosines of a batch divided by a temperature, in both directions (InfoNCE with in-batch
negatives, van den Oord et al. 2018); a Matryoshka sum over all and half of the dimensions (Kusupati et al. 2022).
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it

from vouch.finetune.embedding.bags import Bags
from vouch.finetune.embedding.recipe import TrainingRule
from vouch.retrieval.types import Vectors

Batch = npt.NDArray[np.int64]
"""Shape (pairs, 2): which text is the query, which the positive."""

_WARM_UP = 50
_SMALLEST_BATCH = 256
_LEAST_RATE = 0.05
"""Of the learning rate, at the end of its cosine."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands."""

    epoch: int
    epochs: int
    loss: float
    table: Vectors
    """The token vectors by now: one array, changed in place."""


def train(start: Vectors, bags: Bags, groups: dict[str, Batch], rule: TrainingRule, seed: int) -> Iterator[Progress]:
    """Yield after each epoch where the training stands."""
    torch.manual_seed(seed)
    order = np.random.default_rng(seed)
    model = _Model(start, bags, rule)
    optimiser = torch.optim.Adam([model.table], lr=rule.learning_rate, betas=(0.9, 0.98), fused=True)
    steps = rule.epochs * len(_batches(groups, rule, order))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _rates(steps))
    for epoch in range(1, rule.epochs + 1):
        losses = []
        for batch in _batches(groups, rule, order):
            loss = model.loss(batch)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        yield Progress(epoch, rule.epochs, float(np.mean(losses)), model.table.detach().numpy())


class _Model:
    """The table, and the loss of a batch."""

    def __init__(self, start: Vectors, bags: Bags, rule: TrainingRule) -> None:
        self.table = torch.tensor(start, requires_grad=True)
        self._starts = torch.from_numpy(bags.starts)
        self._rows = torch.from_numpy(bags.rows)
        self._weights = torch.from_numpy(bags.weights)
        self._rule = rule

    def loss(self, batch: Batch) -> torch.Tensor:
        queries, positives = torch.from_numpy(batch[:, 0]), torch.from_numpy(batch[:, 1])
        # The same text twice in a batch is no example of two texts that do not belong together.
        same = (queries[:, None] == queries) | (positives[:, None] == positives)
        same.fill_diagonal_(False)
        asked, found = self._sums(queries), self._sums(positives)
        width = self.table.shape[1]
        losses = [self._contrast(asked[:, :kept], found[:, :kept], same) for kept in (width, width // 2)]
        return torch.stack(losses).mean()

    def _contrast(self, queries: torch.Tensor, positives: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
        cosines = F.normalize(queries, dim=1) @ F.normalize(positives, dim=1).T
        scores = (cosines / self._rule.temperature).masked_fill(same, -1e4)
        own = torch.arange(len(scores))
        return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2

    def _sums(self, texts: torch.Tensor) -> torch.Tensor:
        """Return the weighted sums of the token vectors of texts, without the tokens dropped this time."""
        first = self._starts[texts]
        sizes = self._starts[texts + 1] - first
        ends = torch.cumsum(sizes, 0)
        starts = ends - sizes
        places = torch.arange(int(ends[-1])) + torch.repeat_interleave(first - starts, sizes)
        if self._rule.dropped_tokens:
            kept = torch.rand(len(places)) >= self._rule.dropped_tokens
            starts = F.pad(torch.cumsum(kept, 0), (1, 0))[starts]
            places = places[kept]
        sums: torch.Tensor = F.embedding_bag(
            self._rows[places], self.table, starts, mode="sum", per_sample_weights=self._weights[places]
        )
        return sums


def _batches(groups: dict[str, Batch], rule: TrainingRule, order: np.random.Generator) -> list[Batch]:
    """Return the batches of one epoch in random order, each from one group."""
    found: list[Batch] = []
    for name, pairs in groups.items():
        for _ in range(rule.repeated.get(name, 1)):
            shuffled = pairs[order.permutation(len(pairs))]
            cut = [shuffled[at : at + rule.batch] for at in range(0, len(shuffled), rule.batch)]
            found += [batch for batch in cut if len(batch) >= min(_SMALLEST_BATCH, len(pairs))]
    return [found[place] for place in order.permutation(len(found))]


def _rates(steps: int) -> Callable[[int], float]:
    def rate(step: int) -> float:
        falling = _LEAST_RATE + (1 - _LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(step / max(steps, 1), 1)))
        return min(1.0, (step + 1) / _WARM_UP) * falling

    return rate


def limit_threads(count: int) -> None:
    """Let torch use so many cores."""
    torch.set_num_threads(count)
