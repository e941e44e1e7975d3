"""Tiny models that were taught what to answer: random weights, but an output layer solved for these replies.

The layers below stay random. They carry what was read to the place where the next token is chosen, and no two places
look alike there; so one linear map gives every place its token, found by least squares in no time. What a taught model
says still hangs on all of its prompt: with another question, another passage or another template it talks nonsense.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import GlmForCausalLM, LlamaForCausalLM

CERTAIN = 30.0
"""Logit of the token that is to come; all others get 0."""


@dataclass(frozen=True)
class Lesson:
    """Token ids: a prompt, and the reply to it with the token that ends it."""

    prompt: Sequence[int]
    reply: Sequence[int]


def teach(reference: LlamaForCausalLM | GlmForCausalLM, lessons: Sequence[Lesson]) -> None:
    """Make a model continue each prompt with its reply; the places must be fewer than its hidden states are wide."""
    states: list[torch.Tensor] = []
    tokens: list[int] = []
    with torch.inference_mode():
        for lesson in lessons:
            ids = torch.tensor([[*lesson.prompt, *lesson.reply[:-1]]])
            read = reference.model(input_ids=ids).last_hidden_state[0]
            states.append(read[len(lesson.prompt) - 1 :])
            tokens += lesson.reply
    places = torch.cat(states).double()
    assert len(places) < places.shape[1], "more places than a linear map can tell apart"
    wanted = torch.zeros(len(tokens), reference.config.vocab_size, dtype=torch.float64)
    wanted[range(len(tokens)), tokens] = CERTAIN
    with torch.no_grad():
        reference.lm_head.weight.copy_((torch.linalg.pinv(places) @ wanted).T)
