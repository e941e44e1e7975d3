"""Rows of sequences as the tensors that a model trains on."""

from collections.abc import Sequence as Several

import torch

from vouch.finetune.training.types import Sequence

Row = Several[Sequence]
"""Sequences that share a row and do not see each other; most rows hold one."""
NO_LOSS = -100
"""Label of a token that is not learned, as torch's cross entropy and transformers have it."""
_MULTIPLE = 8
"""Rows are padded to a multiple of it, as matrix units like."""


class Collator:
    """Makes a batch of rows: padded on the right, loss on replies only, packed sequences apart from each other."""

    def __init__(self, padding: int) -> None:
        """`padding`: the token id that fills rows up; never attended to, never learned."""
        self._padding = padding

    def __call__(self, rows: Several[Row]) -> dict[str, torch.Tensor]:
        """Return `input_ids`, `labels` and `attention_mask`, and `position_ids` where a row holds several sequences.

        (rows, tokens) each; but the mask of packed rows is (rows, 1, tokens, tokens), True where a token may look.
        """
        width = padded_width(rows)
        batch = {
            "input_ids": torch.full((len(rows), width), self._padding, dtype=torch.long),
            "labels": torch.full((len(rows), width), NO_LOSS, dtype=torch.long),
        }
        for at, row in enumerate(rows):
            ids = [token for sequence in row for token in (*sequence.prompt, *sequence.reply)]
            labels = [token for sequence in row for token in (*([NO_LOSS] * len(sequence.prompt)), *sequence.reply)]
            batch["input_ids"][at, : len(ids)] = torch.tensor(ids)
            batch["labels"][at, : len(labels)] = torch.tensor(labels)
        if all(len(row) == 1 for row in rows):
            lengths = torch.tensor([row[0].length for row in rows])
            batch["attention_mask"] = (torch.arange(width)[None] < lengths[:, None]).long()
            return batch
        return batch | _apart(rows, width)


def padded_width(rows: Several[Row]) -> int:
    """Return how many tokens wide a batch of these rows is."""
    longest = max(sum(sequence.length for sequence in row) for row in rows)
    return -(-longest // _MULTIPLE) * _MULTIPLE


def _apart(rows: Several[Row], width: int) -> dict[str, torch.Tensor]:
    """Return positions that begin anew with each sequence, and a mask that keeps sequences from seeing each other.

    The mask is given, not left to transformers to find from the positions: it does so only as long as no cache is on.
    What fills a row up is a sequence of its own, for a token that sees nothing makes attention undefined.
    """
    owners = torch.zeros(len(rows), width, dtype=torch.long)
    positions = torch.zeros(len(rows), width, dtype=torch.long)
    for at, row in enumerate(rows):
        lengths = [sequence.length for sequence in row]
        parts = torch.tensor([*lengths, width - sum(lengths)])
        owners[at] = torch.repeat_interleave(torch.arange(len(parts)), parts)
        positions[at] = torch.cat([torch.arange(int(part)) for part in parts])
    same = owners[:, :, None] == owners[:, None, :]
    return {"position_ids": positions, "attention_mask": (same & torch.ones(width, width).tril().bool())[:, None]}
