"""LoRA adapters in one model, by name; old ChatGLM3 adapters are brought to the native layers."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, LoraModel, PeftModel, set_peft_model_state_dict
from transformers import GlmConfig, PretrainedConfig, PreTrainedModel

from vouch.generation.models.chatglm3.old_adapters import is_old, native_adapter
from vouch.generation.models.shards import stored_tensors
from vouch.retrieval.errors import ModelError

_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


class Adapters:
    """Adapters put into a model in place; one or none of them is in force."""

    def __init__(self, model: PreTrainedModel, folders: Mapping[str, Path]) -> None:
        """Load each folder under its name; ModelError for one that does not fit the model. None is in force then."""
        self._peft: PeftModel | None = None
        for name, folder in folders.items():
            config, tensors = read_adapter(folder, model.config)
            self._peft = _with(model, self._peft, name, config)
            found: Any = set_peft_model_state_dict(self._peft, tensors, adapter_name=name)
            _check(found.unexpected_keys, [key for key in found.missing_keys if f".{name}." in key], folder)
        self.names = tuple(folders)
        self._in_force = "?"
        self.use("")
        model.eval()

    @property
    def _layers(self) -> LoraModel:
        assert self._peft is not None
        assert isinstance(self._peft.base_model, LoraModel)
        return self._peft.base_model

    def use(self, name: str) -> None:
        """Put an adapter in force; empty: none. Switching took 0.8 ms, staying takes nothing."""
        if name == self._in_force or self._peft is None:
            return
        if name:
            self._layers.enable_adapter_layers()
            self._peft.set_adapter(name)
        else:
            self._layers.disable_adapter_layers()
        self._in_force = name


def read_adapter(folder: Path, model: PretrainedConfig) -> tuple[LoraConfig, dict[str, torch.Tensor]]:
    """Return an adapter's configuration and tensors, under native names; ModelError where it is no LoRA for a model."""
    settings = folder / "adapter_config.json"
    if not settings.is_file():
        raise ModelError(f"{folder} is no folder of an adapter: it has no adapter_config.json")
    try:
        kind = json.loads(settings.read_text(encoding="utf-8"))["peft_type"]
        if kind != "LORA":
            raise ModelError(f"{folder} is an adapter of type {kind}; only LoRA adapters can be loaded")
        config = LoraConfig.from_pretrained(str(folder), local_files_only=True)
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{settings} cannot be read: {error}") from error
    file = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if file is None:
        raise ModelError(f"{folder} holds no weights: it has neither {_WEIGHTS[0]} nor {_WEIGHTS[1]}")
    config.inference_mode = True
    tensors = {entry.name: entry.tensor for entry in stored_tensors([file])}
    if not is_old(tensors):
        return config, tensors
    if not isinstance(model, GlmConfig):
        raise ModelError(f"{folder} was made for ChatGLM3, this model is a {model.model_type}")
    return native_adapter(config, tensors, model, folder)


def _with(model: PreTrainedModel, peft: PeftModel | None, name: str, config: LoraConfig) -> PeftModel:
    try:
        with warnings.catch_warnings():
            # peft 0.21 asks what transformers 5 calls by another name; nobody who loads an adapter can help it.
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
            if peft is None:
                return PeftModel(model, config, adapter_name=name)
            peft.add_adapter(name, config)
    except ValueError as error:
        raise ModelError(f"the adapter {name} does not fit {model.config.model_type}: {error}") from error
    return peft


def _check(unexpected: list[str], missing: list[str], folder: Path) -> None:
    wrong = [f"{key} has no place in the model" for key in unexpected] + [f"{key} is missing" for key in missing]
    if wrong:
        raise ModelError(f"the adapter in {folder} does not fit the model: {'; '.join(wrong[:3])}")
