"""Adapters of tiny models, made by peft: every update large enough to be seen."""

import warnings
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, PreTrainedModel

from vouch.generation.models.loading import LoadOptions, load_weights

OPTIONS = LoadOptions(device="cpu", precision="float32", threads=1)
IDS = torch.tensor([[5, 77, 130, 9, 9, 201, 33, 64, 3, 250, 17, 88]])
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "down_proj"]


def logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        result: torch.Tensor = model(IDS).logits.float()
    return result


def plain(folder: Path, dtype: torch.dtype | str = torch.float32) -> PreTrainedModel:
    """Return a folder's model as transformers alone opens it."""
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    return model.eval()


def with_adapter(base: PreTrainedModel, seed: int = 1, **settings: Any) -> Any:
    """Return a base with a new adapter whose every tensor is drawn at random."""
    torch.manual_seed(seed)
    chosen = {"r": 4, "lora_alpha": 16, "target_modules": LINEAR} | settings
    with warnings.catch_warnings():
        # of peft 0.21 on transformers 5, and of an output layer that is the embedding
        warnings.simplefilter("ignore")
        model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", **chosen))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name and "magnitude" not in name:
                parameter.copy_(torch.randn_like(parameter) * 0.1)
            elif parameter.requires_grad:
                parameter.mul_(1 + 0.2 * torch.rand_like(parameter))
    return model.eval()


def write_adapter(base: Path, folder: Path, seed: int = 1, **settings: Any) -> torch.Tensor:
    """Write an adapter of a base folder; return the logits of the base with it."""
    model = with_adapter(load_weights(base, OPTIONS), seed, **settings)
    save(model, folder)
    return logits(model)


def save(model: Any, folder: Path) -> None:
    """Write an adapter; peft looks for its base on a hub, in vain, and says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_pretrained(folder)
