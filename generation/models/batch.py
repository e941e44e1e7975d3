"""Several prompts continued at once: padded on the left to one length, each row ended by itself."""

from collections.abc import Sequence
from typing import Protocol

import torch
from transformers import DynamicCache, PreTrainedModel

from vouch.generation.chat import Cancelled


class Row(Protocol):
    """One reply of a batch."""

    def choose(self, logits: torch.Tensor) -> int:
        """Return the next token for logits of one position (vocabulary,)."""
        ...

    def take(self, token: int) -> bool:
        """Take the token; say whether the reply goes on."""
        ...


def run_batch(
    model: PreTrainedModel, prompts: Sequence[Sequence[int]], rows: Sequence[Row], cancelled: Cancelled
) -> None:
    """Continue each prompt until its row has enough; rows that have leave the batch, the others go on."""
    longest = max(map(len, prompts))
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    seen = torch.zeros(len(prompts), longest, dtype=torch.long)
    for place, prompt in enumerate(prompts):
        ids[place, longest - len(prompt) :] = torch.tensor(prompt)
        seen[place, longest - len(prompt) :] = 1
    ids, seen = ids.to(model.device), seen.to(model.device)
    cache, at_work = DynamicCache(config=model.config), list(rows)
    while at_work and not cancelled():
        places = (seen.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        with torch.inference_mode():
            output = model(
                input_ids=ids,
                attention_mask=seen,
                position_ids=places,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
        tokens = [row.choose(output.logits[place, -1]) for place, row in enumerate(at_work)]
        staying = [place for place, row in enumerate(at_work) if row.take(tokens[place])]
        kept = torch.tensor(staying, dtype=torch.long, device=model.device)
        if len(staying) < len(at_work):
            at_work = [at_work[place] for place in staying]
            cache.batch_select_indices(kept)
            seen = seen[kept]
        ids = torch.tensor([[tokens[place]] for place in staying], dtype=torch.long, device=model.device)
        seen = torch.cat([seen, seen.new_ones(len(staying), 1)], dim=-1)


def by_length(prompts: Sequence[Sequence[int]], most_tokens: int) -> list[list[int]]:
    """Return the places of the prompts in groups of alike length, none with more than so many tokens once padded."""
    groups: list[list[int]] = []
    for place in sorted(range(len(prompts)), key=lambda place: -len(prompts[place])):
        if groups and (len(groups[-1]) + 1) * len(prompts[groups[-1][0]]) <= most_tokens:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups
