"""What stops a training before its first step, found out before any weight is read: each with its remedy."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vouch.finetune.training.estimate import Estimate
from vouch.finetune.training.precision import Device
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.shape import Shape, shape_of
from vouch.generation.models.formats import Language, language_of
from vouch.generation.models.loading import raw_config
from vouch.generation.models.memory import available_bytes
from vouch.generation.models.shards import weight_files
from vouch.retrieval.errors import TrainingFailed

BLOCK = 64
"""Weights that share a scale in NF4; on a processor, a layer must read a multiple of them."""
GIB = 2**30
_SHOWN = 5


def checked_base(recipe: TrainingRecipe) -> tuple[Language, Shape]:
    """Return how the recipe's model is spoken to, and its shape; TrainingFailed or ModelError for what is no base."""
    folder = recipe.model
    _refuse_adapter(folder)
    raw = raw_config(folder)
    _refuse_quantised(folder, raw)
    weight_files(folder)
    return language_of(folder, raw), shape_of(folder)


def check_layers(recipe: TrainingRecipe, shape: Shape, device: Device) -> None:
    """Raise TrainingFailed where the method cannot compute with the layers, or the adapter has none to sit on."""
    shape.learned(recipe.adapter, recipe.method)
    if recipe.method != "qlora" or device != "cpu":
        return
    odd = [layer for layer in shape.linears if layer.reads % BLOCK]
    if odd:
        named = ", ".join(sorted({f"{layer.name.rpartition('.')[2]} ({layer.reads})" for layer in odd})[:_SHOWN])
        raise TrainingFailed(
            f"{len(odd)} layers read a number of values that blocks of {BLOCK} in 4 bits do not divide, which is not "
            f'computed on a processor: {named}. Set method = "int8-lora" or "lora", or train on a GPU'
        )


def check_room(recipe: TrainingRecipe, found: Estimate, out: Path) -> None:
    """Raise TrainingFailed where memory or the disk of `out` have not what the run will take."""
    _check_memory(recipe, found)
    above = next(folder for folder in (out, *out.resolve().parents) if folder.exists())
    free = shutil.disk_usage(above).free
    if found.disk > free:
        raise TrainingFailed(
            f"{recipe.run.keep_checkpoints + 1} checkpoints and the result take {found.disk / GIB:.1f} GiB, "
            f"{free / GIB:.1f} GiB are free at {above}: keep fewer (run.keep_checkpoints), lower adapter.rank, "
            "or write to another disk (--out)"
        )


def _check_memory(recipe: TrainingRecipe, found: Estimate) -> None:
    free = available_bytes(found.device)
    needed = found.memory.total - found.memory.libraries  # these are loaded by now
    if free is None or needed <= free:
        return
    remedies = []
    saved = found.memory.activations - found.other_activations
    if not recipe.run.gradient_checkpointing and saved > 0:
        remedies.append(f"run.gradient_checkpointing = true (saves {saved / GIB:.1f} GiB)")
    if recipe.run.batch > 1:
        remedies.append(f"run.batch = 1 with run.accumulate = {recipe.run.accumulate * recipe.run.batch}")
    if recipe.method != "qlora":
        remedies.append('method = "qlora"')
    remedies.append("a lower data.max_length")
    raise TrainingFailed(
        f"training takes about {needed / GIB:.1f} GiB, {free / GIB:.1f} GiB are free on {found.device}; what helps: "
        f"{', '.join(remedies)}; or a smaller model"
    )


def _refuse_adapter(folder: Path) -> None:
    settings = folder / "adapter_config.json"
    if not settings.is_file() or (folder / "config.json").is_file():
        return
    raise TrainingFailed(f"{folder} holds an adapter, no model: set model to its base{_base_named(settings)}")


def _base_named(settings: Path) -> str:
    try:
        said = json.loads(settings.read_text(encoding="utf-8"))
    except ValueError:
        return ""
    name = said.get("base_model_name_or_path") if isinstance(said, Mapping) else None
    return f", which it names {name}" if name else ""


def _refuse_quantised(folder: Path, raw: Mapping[str, Any]) -> None:
    settings = raw.get("quantization_config")
    if settings is None:
        return
    how = settings.get("quant_method", "unknown") if isinstance(settings, Mapping) else "unknown"
    raise TrainingFailed(
        f"the weights in {folder} are stored quantised ({how}): an adapter trained on them could not be merged, and "
        'their rounding would be learned; take the original weights, method = "qlora" quantises them while they load'
    )
