"""How a model stands to preferences: which answer it finds likelier, by how much more than its base does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from peft import PeftModel

from vouch.finetune.preference.types import Pair
from vouch.finetune.training.collate import Collator
from vouch.finetune.training.loss import answer_losses, computes_partly
from vouch.finetune.training.types import Sequence as Tokens


@dataclass(frozen=True, slots=True)
class Standing:
    """Means over pairs that were only measured (Rafailov et al. 2023, with their names in brackets)."""

    pairs: int
    loss: float
    """-log sigmoid of the margin; log 2 for the base."""
    accuracy: float
    """Share of pairs whose margin is above 0 (reward accuracy); 0 for the base, which has none."""
    margin: float
    """beta times how much likelier than under the base the chosen answer is, less the same of the rejected one, in nats
    (reward margin)."""
    likelier: float
    """Share of pairs whose chosen answer is likelier than the rejected one, whatever the base says."""
    chosen: float
    """Log-probability of a chosen answer, less that under the base: below 0 where both answers became unlikelier."""


def standing(model: PeftModel, pairs: Sequence[Pair], beta: float, batch: int) -> Standing:
    """Return how a model with an adapter stands to pairs; the base is the model without it."""
    policy, base = _logprobs(model, pairs, batch), _base_logprobs(model, pairs, batch)
    gained = policy - base
    margins = beta * (gained[:, 0] - gained[:, 1])
    return Standing(
        pairs=len(pairs),
        loss=float(-F.logsigmoid(margins).mean()),
        accuracy=float((margins > 0).double().mean()),
        margin=float(margins.mean()),
        likelier=float((policy[:, 0] > policy[:, 1]).double().mean()),
        chosen=float(gained[:, 0].mean()),
    )


def _base_logprobs(model: PeftModel, pairs: Sequence[Pair], batch: int) -> torch.Tensor:
    with model.disable_adapter():
        return _logprobs(model, pairs, batch)


def _logprobs(model: PeftModel, pairs: Sequence[Pair], batch: int) -> torch.Tensor:
    """Return log-probabilities (pairs, 2): of the chosen answer and of the rejected one, summed over their tokens."""
    was_training = model.training
    model.eval()
    collate, partly = Collator(0), computes_partly(model.get_base_model())
    found = []
    with torch.no_grad():
        for rows in _batches(list(_answers(pairs)), batch):
            tensors = {name: value.to(model.device) for name, value in collate([(row,) for row in rows]).items()}
            found.append(-answer_losses(model, tensors, partly)[0].double().cpu())
    model.train(was_training)
    return torch.cat(found).view(-1, 2)


def _answers(pairs: Sequence[Pair]) -> Iterator[Tokens]:
    for pair in pairs:
        yield Tokens(pair.prompt, pair.chosen)
        yield Tokens(pair.prompt, pair.rejected)


def _batches(rows: Sequence[Tokens], size: int) -> Iterator[Sequence[Tokens]]:
    for at in range(0, len(rows), size):
        yield rows[at : at + size]
