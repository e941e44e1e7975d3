"""The loss: of the tokens that are learned, and of no others. The output layer is computed where one follows only."""

import inspect
from collections.abc import Mapping

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it

from vouch.finetune.training.collate import NO_LOSS


def answer_losses(
    model: torch.nn.Module, batch: Mapping[str, torch.Tensor], partly: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return for each row the summed cross-entropy of its learned tokens (rows,), and how many these are (rows,).

    `partly`: the model can compute its output layer at some places only. With a vocabulary of 65,000 and long prompts
    that layer is most of the work and of the memory, and prompts need none of it.
    """
    inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
    wanted = batch["labels"][:, 1:]
    places = (wanted != NO_LOSS).any(0).nonzero().flatten()
    wanted = wanted[:, places]
    if partly:
        logits = model(**inputs, use_cache=False, logits_to_keep=places).logits
    else:
        logits = model(**inputs, use_cache=False).logits[:, places]
    each = F.cross_entropy(logits.flatten(0, 1).float(), wanted.flatten(), ignore_index=NO_LOSS, reduction="none")
    return each.view_as(wanted).sum(1), (wanted != NO_LOSS).sum(1)


def computes_partly(model: torch.nn.Module) -> bool:
    """Say whether a model can compute its output layer at some places only."""
    return "logits_to_keep" in inspect.signature(model.forward).parameters
