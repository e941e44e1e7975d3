"""What a training leaves behind: the adapter's folder, without what only the training needed."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, set_peft_model_state_dict
from transformers import Trainer

from vouch.finetune.training.run_folder import RunFolder
from vouch.generation.models.checkpoint import TOKENIZER_FILES
from vouch.generation.models.shards import stored_tensors, weight_files
from vouch.retrieval.atomic_file import write_atomically

_ADAPTER_WEIGHTS = "adapter_model.safetensors"
_LEFT_OUT = ("README.md", "training_args.bin")
"""peft's empty model card, and settings of transformers as a pickle."""


def take_weights(model: torch.nn.Module, folder: Path) -> None:
    """Put the weights that `save_model` wrote back into the model."""
    if isinstance(model, PeftModel):
        tensors = {entry.name: entry.tensor for entry in stored_tensors([folder / _ADAPTER_WEIGHTS])}
        set_peft_model_state_dict(model, tensors)
        return
    state = model.state_dict()
    with torch.no_grad():
        for entry in stored_tensors(weight_files(folder)):
            state[entry.name].copy_(entry.tensor)


def write_result(trainer: Trainer, folder: RunFolder, base: Path, identity: Mapping[str, Any]) -> Path:
    """Write what was trained and return its folder: an adapter, or a whole model with its vocabulary."""
    adapter = isinstance(trainer.model, PeftModel)
    place = folder.adapter if adapter else folder.model
    fresh = place.with_name(place.name + ".new")
    trainer.save_model(str(fresh))
    if not trainer.is_world_process_zero():
        return place
    for name in _LEFT_OUT:
        (fresh / name).unlink(missing_ok=True)
    if adapter:
        _name_base(fresh, base, identity)
    else:
        for name in TOKENIZER_FILES:
            if (base / name).is_file():
                shutil.copyfile(base / name, fresh / name)
    if place.exists():
        shutil.rmtree(place)
    fresh.rename(place)
    return place


def _name_base(adapter: Path, base: Path, identity: Mapping[str, Any]) -> None:
    """Say in an adapter's folder which base it was trained on: its name where peft looks, its fingerprint beside."""
    file = adapter / "adapter_config.json"
    settings = json.loads(file.read_text(encoding="utf-8"))
    settings["base_model_name_or_path"] = base.resolve().name
    write_atomically(file, json.dumps(settings, ensure_ascii=False, indent=2).encode())
    told = {"name": base.resolve().name, "fingerprint": identity["base.fingerprint"]}
    write_atomically(adapter / "base_model.json", json.dumps(told, ensure_ascii=False, indent=2).encode())
