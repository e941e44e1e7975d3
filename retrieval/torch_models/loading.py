"""A model folder in, a torch model ready to run out: never from the network, never running the model's own code."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoTokenizer
from transformers.utils import logging as transformers_logging

from vouch.retrieval.errors import ModelError

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16"]

_UNUSED_PARTS = ("pooler.",)
"""Weights that may be missing: nothing here reads what they make."""


FromPretrained = Callable[..., Any]
"""`from_pretrained` of one of transformers' Auto classes."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in evaluation mode on its device, with its tokenizer."""

    model: torch.nn.Module
    tokenizer: Any
    device: torch.device


def chosen_device(device: Device) -> torch.device:
    """Return the device; ModelError for a GPU that is not there."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cuda" and not torch.cuda.is_available():
        raise ModelError("the settings say device = cuda, but torch sees no GPU here: set auto or cpu")
    return torch.device(device)


def chosen_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """Return what the weights are kept in; `auto`: bfloat16 where the device multiplies it natively.

    A CPU without instructions for it would emulate it, slower than float32.
    """
    if precision == "auto":
        precision = "bfloat16" if _has_bfloat16(device) else "float32"
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    can: Mapping[str, Any] = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))


def load_model(from_pretrained: FromPretrained, folder: Path, device: Device, precision: Precision) -> LoadedModel:
    """Return the model of a folder; ModelError where it cannot be used as it is."""
    transformers_logging.disable_progress_bar()
    place = chosen_device(device)
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        model, loading = from_pretrained(
            str(folder),
            local_files_only=True,
            trust_remote_code=False,
            dtype=chosen_dtype(precision, place),
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, ImportError) as error:  # what transformers raises for a folder it cannot use
        raise ModelError(f"{folder} cannot be loaded: {_explained(error)}") from error
    missing = [name for name in sorted(loading["missing_keys"]) if not _is_unused(name)]
    if missing:
        raise ModelError(
            f"the weights in {folder} lack {len(missing)} of the model's tensors ({missing[0]} …): "
            "config.json and weights are of different models, or the download is not complete"
        )
    model.config.use_cache = False
    with memory_errors(f"loading {folder}", "choose a smaller model, or a machine with more memory"):
        return LoadedModel(model.eval().to(place), tokenizer, place)


@contextmanager
def memory_errors(doing: str, remedy: str) -> Iterator[None]:
    """Turn torch's ways of saying that memory ran out into a ModelError with a remedy."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise ModelError(f"the GPU's memory ran out while {doing}: {remedy}") from error
    except RuntimeError as error:
        if "allocate memory" not in str(error) and "not enough memory" not in str(error):
            raise
        raise ModelError(f"memory ran out while {doing}: {remedy}") from error


def _is_unused(name: str) -> bool:
    return name.startswith(_UNUSED_PARTS) or any(f".{part}" in name for part in _UNUSED_PARTS)


def _explained(error: Exception) -> str:
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    if "trust_remote_code" in str(error) or "custom code" in str(error):
        return "it needs program code from the model's folder, which Vouch never runs; choose another model"
    return first[:300]
