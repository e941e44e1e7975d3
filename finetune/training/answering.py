"""Held-out examples answered while a model is trained: greedily, many at once, ended by the model itself or not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from transformers import PreTrainedModel

from vouch.finetune.training.base_model import Model
from vouch.finetune.training.types import Sequence as Example
from vouch.generation.models.batch import by_length, run_batch

TextOf = Callable[[Sequence[int]], str]
Score = Callable[[str, str], Mapping[str, float]]
"""Metrics of a reply, given the reference; those only that mean something for it."""
_MOST_TOKENS = 16_384
"""Of prompts that are read at once."""


@dataclass(slots=True)
class Reply:
    """What a model said. A Row of a batch."""

    stops: frozenset[int]
    limit: int
    tokens: list[int] = field(default_factory=list)
    stopped: bool = False
    """Whether the model ended it."""

    def choose(self, logits: torch.Tensor) -> int:
        """Return the likeliest token."""
        return int(logits.argmax())

    def take(self, token: int) -> bool:
        """Take a token; say whether the reply goes on."""
        if token in self.stops:
            self.stopped = True
            return False
        self.tokens.append(token)
        return len(self.tokens) < self.limit


def greedy_replies(model: Model, prompts: Sequence[Sequence[int]], stops: frozenset[int], limit: int) -> list[Reply]:
    """Return the reply to each prompt, of at most so many tokens."""
    replies = [Reply(stops, limit) for _ in prompts]
    continued = cast(PreTrainedModel, model)  # an adapter's model is called as its base is
    was_training = model.training
    model.eval()
    for places in by_length(prompts, _MOST_TOKENS):
        rows = [replies[place] for place in places]
        run_batch(continued, [prompts[place] for place in places], rows, lambda: False)
    model.train(was_training)
    return replies


@dataclass(frozen=True, slots=True)
class HeldOutAnswers:
    """Answers examples and scores the replies. Called with the model; returns the mean of each metric."""

    examples: Sequence[Example]
    stops: frozenset[int]
    text_of: TextOf
    score: Score

    def __call__(self, model: Model) -> dict[str, float]:
        """Return the mean scores over the examples, and the share of replies that the model ended."""
        limit = max(len(example.reply) for example in self.examples) * 5 // 4 + 16
        replies = greedy_replies(model, [example.prompt for example in self.examples], self.stops, limit)
        scores = [
            {"stopped": float(reply.stopped), **self.score(self.text_of(reply.tokens), self._reference(example))}
            for reply, example in zip(replies, self.examples, strict=True)
        ]
        names = dict.fromkeys(name for score in scores for name in score)
        return {name: _mean([score[name] for score in scores if name in score]) for name in names}

    def _reference(self, example: Example) -> str:
        return self.text_of(example.reply[:-1])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
