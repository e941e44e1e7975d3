"""How much a run computes: steps, tokens, the largest batch. Knows lengths, no model."""

from collections.abc import Sequence as Several
from dataclasses import dataclass
from math import ceil

from vouch.finetune.training.collate import Row, padded_width
from vouch.finetune.training.packing import batches
from vouch.finetune.training.recipe import RunRecipe


@dataclass(frozen=True, slots=True)
class Batch:
    """The size of the tensors of one batch."""

    rows: int
    width: int
    """Tokens of a row, padding included."""
    places: int
    """Of a row at which the output layer is computed: where any row has a token that is learned."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A whole run."""

    steps: int
    """Updates of the weights."""
    tokens: int
    """Read in all epochs, without padding."""
    learned: int
    """Those of them that are inside the loss."""
    computed: int
    """With padding."""
    attended: int
    """Pairs of tokens that attention computes: width squared, over all rows."""
    places: int
    """At which the output layer is computed, over all rows."""
    widest: Batch
    """The batch that takes most memory in the layers."""
    most_learned: Batch
    """The batch that takes most memory in the output layer."""


def workload(rows: Several[Row], run: RunRecipe) -> Workload:
    """Return how much a run over these rows computes; the first epoch stands for all of them."""
    lengths = [sum(sequence.length for sequence in row) for row in rows]
    made = [_batch([rows[place] for place in batch]) for batch in batches(lengths, run.batch, run.seed)]
    per_epoch = ceil(len(made) / run.accumulate)
    steps = run.max_steps or ceil(run.epochs * per_epoch)
    epochs = steps / per_epoch
    return Workload(
        steps=steps,
        tokens=round(epochs * sum(lengths)),
        learned=round(epochs * sum(len(sequence.reply) for row in rows for sequence in row)),
        computed=round(epochs * sum(batch.rows * batch.width for batch in made)),
        attended=round(epochs * sum(batch.rows * batch.width**2 for batch in made)),
        places=round(epochs * sum(batch.rows * batch.places for batch in made)),
        widest=max(made, key=lambda batch: batch.rows * batch.width),
        most_learned=max(made, key=lambda batch: batch.rows * batch.places),
    )


def _batch(rows: Several[Row]) -> Batch:
    learned: set[int] = set()
    for row in rows:
        at = 0
        for sequence in row:
            learned.update(range(at + len(sequence.prompt), at + sequence.length))
            at += sequence.length
    return Batch(len(rows), padded_width(rows), len(learned))
