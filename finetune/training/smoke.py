"""Whether what was trained can be used: it says something else than the base, and it ends its replies."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from peft import PeftModel

from vouch.finetune.training.answering import greedy_replies
from vouch.finetune.training.base_model import Model
from vouch.finetune.training.types import Sequence as Example

ASKED = 4
"""Examples that are answered."""
_REPEATED = 8
"""Tokens said again and again are told from other unended replies by their last ones standing there before."""


@dataclass(frozen=True, slots=True)
class Smoke:
    """What became of a few replies after training."""

    asked: int
    stopped: int
    """Replies that the model ended within `limit` tokens."""
    limit: int
    repeating: int
    """Replies that went round in circles."""
    change: float | None
    """Largest difference that the adapter makes to a logit; None where all weights were trained."""

    @property
    def warnings(self) -> list[str]:
        """What is wrong with the training, and what to do; nothing where all is well."""
        found = []
        if self.change == 0.0:
            found.append(
                "the adapter changes nothing: the model answers as its base does; train longer, with a higher "
                "optimiser.learning_rate, or look whether adapter.targets are the model's layers"
            )
        if self.stopped < self.asked:
            circles = f", {self.repeating} of them in circles" if self.repeating else ""
            found.append(
                f"{self.asked - self.stopped} of {self.asked} replies after training did not end within {self.limit} "
                f"tokens{circles}: train longer, or look whether the replies of the examples end (their last token is "
                "learned); served like this, answers are cut off at model.max_tokens"
            )
        return found


def smoke_test(model: Model, examples: Sequence[Example], stops: frozenset[int]) -> Smoke:
    """Return what became of a few replies that the trained model was asked for."""
    asked = examples[:ASKED]
    limit = 2 * max(len(example.reply) for example in asked) + 64
    replies = greedy_replies(model, [example.prompt for example in asked], stops, limit)
    unended = [reply.tokens for reply in replies if not reply.stopped]
    return Smoke(
        asked=len(asked),
        stopped=len(asked) - len(unended),
        limit=limit,
        repeating=sum(_repeats(tokens) for tokens in unended),
        change=_change(model, asked[0]) if isinstance(model, PeftModel) else None,
    )


def _repeats(tokens: Sequence[int]) -> bool:
    end = tuple(tokens[-_REPEATED:])
    return any(tuple(tokens[at : at + _REPEATED]) == end for at in range(len(tokens) - _REPEATED))


def _change(model: PeftModel, example: Example) -> float:
    ids = torch.tensor([[*example.prompt, *example.reply]], device=model.device)
    with torch.inference_mode():
        trained = model(input_ids=ids).logits.float()
        with model.disable_adapter():
            base = model(input_ids=ids).logits.float()
    return float((trained - base).abs().max())
