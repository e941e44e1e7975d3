"""How the next token is chosen from logits. Each choice that a request leaves open is the model's own."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import GenerationConfig

from vouch.generation.chat import Sampling


@dataclass(frozen=True, slots=True)
class Choice:
    """Sampling with nothing left open."""

    temperature: float
    """0: always the likeliest token."""
    top_p: float
    top_k: int
    """0: all."""
    repetition_penalty: float


def choice_of(sampling: Sampling, defaults: GenerationConfig) -> Choice:
    """Return what a request asks for; what it leaves open is as the model's `generation_config.json` says."""
    own = (defaults.temperature or 1.0) if defaults.do_sample else 0.0
    return Choice(
        temperature=own if sampling.temperature is None else sampling.temperature,
        top_p=(defaults.top_p or 1.0) if sampling.top_p is None else sampling.top_p,
        top_k=(defaults.top_k or 0) if sampling.top_k is None else sampling.top_k,
        repetition_penalty=(defaults.repetition_penalty or 1.0)
        if sampling.repetition_penalty is None
        else sampling.repetition_penalty,
    )


class Sampler:
    """Chooses tokens one by one; the same seed chooses the same ones."""

    def __init__(self, choice: Choice, seed: int | None, before: Sequence[int], device: torch.device) -> None:
        """`before`: the prompt, whose tokens count as said for the repetition penalty."""
        self._choice = choice
        self._random = torch.Generator(device=device)
        if seed is not None:
            self._random.manual_seed(seed)
        else:
            self._random.seed()
        self._said = torch.tensor(sorted(set(before)), dtype=torch.long, device=device)

    def next(self, logits: torch.Tensor) -> int:
        """Return the next token for logits of one position (vocabulary,)."""
        if self._choice.repetition_penalty != 1.0:
            logits = self._penalised(logits)
        if self._choice.temperature <= 0:
            token = int(logits.argmax())
        else:
            token = self._drawn(logits.float() / self._choice.temperature)
        if self._choice.repetition_penalty != 1.0:
            self._said = torch.cat([self._said, self._said.new_tensor([token])])
        return token

    def _penalised(self, logits: torch.Tensor) -> torch.Tensor:
        """Keskar et al. 2019: logits of tokens that were said are divided, negative ones multiplied."""
        penalty = self._choice.repetition_penalty
        said = logits[self._said]
        return logits.index_copy(0, self._said, torch.where(said < 0, said * penalty, said / penalty))

    def _drawn(self, logits: torch.Tensor) -> int:
        if 0 < self._choice.top_k < logits.numel():
            least = logits.topk(self._choice.top_k).values[-1]
            logits = logits.masked_fill(logits < least, -torch.inf)
        if self._choice.top_p < 1:
            logits = _nucleus(logits, self._choice.top_p)
        return int(torch.multinomial(logits.softmax(-1), 1, generator=self._random))


def _nucleus(logits: torch.Tensor, share: float) -> torch.Tensor:
    """Keep the likeliest tokens that together have a share; the likeliest one always (Holtzman et al. 2020)."""
    ordered, order = logits.sort(descending=True)
    probabilities = ordered.softmax(-1)
    before = probabilities.cumsum(-1) - probabilities
    dropped = before >= share
    dropped[0] = False
    return logits.masked_fill(torch.zeros_like(dropped).scatter(0, order, dropped), -torch.inf)
