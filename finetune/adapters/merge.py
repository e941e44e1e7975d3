"""An adapter merged into its base: a model folder that needs no adapter. Tensor by tensor, so memory stays small.

The base must be the one in bf16, fp16 or fp32. An adapter trained on a 4-bit base made up for some of that base's
rounding; merged into the unrounded weights its outputs differ from those in training by about what rounding changed.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PretrainedConfig

from vouch.finetune.adapters.listing import recorded_base
from vouch.finetune.adapters.updates import Update, updates_of
from vouch.generation.models.adapters import read_adapter
from vouch.generation.models.checkpoint import Checkpoint, fingerprint, open_checkpoint
from vouch.generation.models.checkpoint_writer import SHARD_BYTES, Done, Pending
from vouch.generation.models.convert import Target, as_kept, write_model
from vouch.retrieval.errors import ModelError


@dataclass(frozen=True, slots=True)
class MergeTask:
    """What is merged into what, and how the result is kept."""

    adapter: Path
    base: Path
    out: Path
    dtype: torch.dtype | None = None
    """None: as the base is kept."""
    keep_layout: bool = False
    """Write a ChatGLM3 in the original layout again, where the base is."""
    any_base: bool = False
    """Merge although the adapter was trained on other weights."""
    shard_bytes: int = SHARD_BYTES


@dataclass(frozen=True, slots=True)
class Merged:
    """What was written."""

    folder: Path
    changed: int
    """Tensors that differ from the base's."""
    tensors: int
    bytes: int


def merge(task: MergeTask, done: Done) -> Merged:
    """Write the merged model and return what was written; ModelError before anything is written where it cannot be."""
    checkpoint = open_checkpoint(task.base)
    if task.keep_layout and not checkpoint.original:
        raise ModelError(f"{task.base} is not in the original layout of ChatGLM3: there is no other layout to keep")
    if not task.any_base:
        _check_base(task, checkpoint)
    updates = updates_of(*read_adapter(task.adapter, checkpoint.config), task.adapter)
    tensors, config = _parted(checkpoint, updates)
    _check_fit(updates, tensors, task)
    plan = {name: _pending(name, tensor, updates.get(name), task) for name, tensor in tensors.items()}
    written = write_model(Target(task.out, task.shard_bytes, task.keep_layout), checkpoint, config, plan, done)
    return Merged(task.out, len(updates), len(plan), written)


def _check_base(task: MergeTask, checkpoint: Checkpoint) -> None:
    recorded = recorded_base(task.adapter)
    if recorded and recorded != fingerprint(checkpoint):
        raise ModelError(
            f"{task.adapter} was trained on other weights than those in {task.base}: name the folder it was trained "
            "on, or say --any-base where you know that they are the same in another precision"
        )


def _parted(checkpoint: Checkpoint, updates: Mapping[str, Update]) -> tuple[dict[str, torch.Tensor], PretrainedConfig]:
    """Return the base's tensors and configuration, an output layer apart from the embedding where only one changes."""
    tensors = dict(checkpoint.tensors)
    if not checkpoint.config.tie_word_embeddings:
        return tensors, checkpoint.config
    read, written = _ends(checkpoint.config)
    if read not in updates and written not in updates:
        return tensors, checkpoint.config
    tensors.setdefault(written, tensors[read])
    config = deepcopy(checkpoint.config)
    config.tie_word_embeddings = False
    return tensors, config


def _ends(config: PretrainedConfig) -> tuple[str, str]:
    """Return the names of the embedding's and the output layer's weights."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    modules = {id(module): name for name, module in model.named_modules()}
    ends = (model.get_input_embeddings(), model.get_output_embeddings())
    return f"{modules[id(ends[0])]}.weight", f"{modules[id(ends[1])]}.weight"


def _check_fit(updates: Mapping[str, Update], tensors: Mapping[str, torch.Tensor], task: MergeTask) -> None:
    wrong = [f"{name} is not in the base" for name in updates if name not in tensors]
    for name, update in updates.items():
        shape = update.shape
        if name in tensors and shape != tuple(tensors[name].shape):
            wrong.append(f"{name} has {list(tensors[name].shape)} in the base, {list(shape)} in the adapter")
    if wrong:
        shown = "; ".join(wrong[:3]) + (f"; and {len(wrong) - 3} more" if len(wrong) > 3 else "")
        raise ModelError(f"the adapter in {task.adapter} does not fit {task.base}: {shown}")


def _pending(name: str, tensor: torch.Tensor, update: Update | None, task: MergeTask) -> Pending:
    if update is None:
        return as_kept(tensor, task.dtype)
    kept = task.dtype or tensor.dtype
    return Pending(tuple(tensor.shape), kept, partial(_made, name, tensor, update, kept))


def _made(name: str, tensor: torch.Tensor, update: Update, kept: torch.dtype) -> torch.Tensor:
    made = update.applied(tensor).to(kept)
    if not torch.isfinite(made).all():
        raise ModelError(
            f"{name} would hold numbers that are none (NaN or infinite) as {str(kept).removeprefix('torch.')}: the "
            "adapter is broken, or needs --dtype bfloat16 or float32"
        )
    return made
