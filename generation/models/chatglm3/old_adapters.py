"""LoRA adapters trained on the published ChatGLM3 code, for the native layers.

There queries, keys and values are one projection W = [Wq; Wk; Wv]. Its update B·A has its rows cut like W's:
each part shares A and takes its rows of B, which is exact.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from peft import LoraConfig
from transformers import GlmConfig

from vouch.generation.models.chatglm3.conversion import native_module, part_rows
from vouch.retrieval.errors import ModelError

_OLD = re.compile(
    r"(?P<before>(?:base_model\.model\.)?)(?:transformer\.)?encoder\.layers\.(?P<layer>\d+)\."
    r"(?P<module>[a-z0-9_.]+)\.lora_(?P<side>[AB])\.weight\Z"
)


def is_old(names: Iterable[str]) -> bool:
    """Say whether an adapter's tensors are named as in the published ChatGLM3 code."""
    return any("encoder.layers." in name for name in names)


def native_adapter(
    config: LoraConfig, tensors: dict[str, torch.Tensor], model: GlmConfig, folder: Path
) -> tuple[LoraConfig, dict[str, torch.Tensor]]:
    """Return configuration and tensors for the native layers; ModelError for what has no exact counterpart."""
    if (
        config.bias != "none"
        or config.modules_to_save
        or config.use_dora
        or config.rank_pattern
        or config.alpha_pattern
    ):
        raise ModelError(
            f"{folder} trains more than plain LoRA (bias, modules_to_save, DoRA or ranks by layer): "
            "merge it with the code that trained it and load the merged model"
        )
    native: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        native.update(_native(name, tensor, model, folder))
    targets = {name.removeprefix("base_model.model.").rpartition(".lora_")[0] for name in native}
    return replace(config, target_modules=sorted(targets), layers_to_transform=None, layers_pattern=None), native


def _native(name: str, tensor: torch.Tensor, model: GlmConfig, folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    match = _OLD.match(name)
    modules = native_module(match["module"]) if match else ()
    if match is None or not modules:
        raise ModelError(f"{folder} changes {name}, which is no layer of ChatGLM3 that LoRA adapters can change here")
    names = [
        f"base_model.model.model.layers.{match['layer']}.{module}.lora_{match['side']}.weight" for module in modules
    ]
    if len(names) == 1 or match["side"] == "A":
        yield from ((native, tensor.clone()) for native in names)
        return
    rows = part_rows(model)
    if tensor.shape[0] != sum(rows):
        raise ModelError(f"{folder}: {name} has {tensor.shape[0]} rows, this model's projection {sum(rows)}")
    yield from zip(names, (part.contiguous() for part in tensor.split(rows)), strict=True)
