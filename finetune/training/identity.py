"""What makes two runs the same run: recipe, data, base and number of devices."""

import dataclasses
import hashlib
from array import array
from collections.abc import Iterable, Mapping
from typing import Any

from accelerate import PartialState

from vouch.finetune.training.dataset import TrainingData
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.types import Sequence as Example
from vouch.generation.models.checkpoint import fingerprint, open_checkpoint

_FREE = frozenset({"model", "run.checkpoint_every", "run.keep_checkpoints"})
"""What of a recipe changes no loss; of the model its weights count, not where it lies."""


def run_identity(recipe: TrainingRecipe, data: TrainingData) -> dict[str, Any]:
    """Return by name everything that a run's losses depend on: a run may be continued with the same only."""
    settings = {name: value for name, value in _flat(dataclasses.asdict(recipe)) if name not in _FREE}
    return settings | {
        "base.fingerprint": fingerprint(open_checkpoint(recipe.model)),
        "data.examples": _hash(data.train.sequences),
        "data.held_out_examples": _hash(data.held_out.sequences),
        "devices": PartialState().num_processes,
    }


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, list(value) if isinstance(value, tuple) else value


def _hash(sequences: Iterable[Example]) -> str:
    """Return a hash of token ids, prompt and reply apart."""
    found = hashlib.sha256()
    for sequence in sequences:
        for ids in (sequence.prompt, sequence.reply):
            found.update(array("q", [len(ids), *ids]).tobytes())
    return found.hexdigest()[:16]
