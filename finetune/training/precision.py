"""Where a training computes, and in what: found out without loading anything."""

from typing import Literal

import torch

Device = Literal["cpu", "cuda"]


def training_device() -> Device:
    """Return the GPU where there is one, else the processor."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def computing_precision(wanted: str, device: str) -> torch.dtype:
    """Return bfloat16 where the recipe says so or, left to us, where the device multiplies it in hardware."""
    if wanted != "auto":
        return torch.bfloat16 if wanted == "bfloat16" else torch.float32
    fast = torch.cuda.is_bf16_supported() if device == "cuda" else _processor_has_bfloat16()
    return torch.bfloat16 if fast else torch.float32


def _processor_has_bfloat16() -> bool:
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
