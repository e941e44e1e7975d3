"""A ChatGLM3 folder as a GGML file of chatglm.cpp. The whole model is loaded: its converter knows no other way."""

from pathlib import Path

from transformers import GlmForCausalLM

from vouch.finetune.adapters.gguf_export import Exported
from vouch.generation.models.chatglm_cpp_export import TYPES, write_ggml
from vouch.generation.models.checkpoint import open_checkpoint
from vouch.generation.models.checkpoint_writer import fresh_file
from vouch.generation.models.loading import LoadOptions, load_weights
from vouch.retrieval.errors import ModelError


def export_ggml(folder: Path, out: Path, kind: str) -> Exported:
    """Write a file that chatglm.cpp runs; ModelError for what is no ChatGLM3 with its tokenizer.model."""
    if kind not in TYPES:
        raise ModelError(f"chatglm.cpp has no type {kind!r}: take one of {', '.join(TYPES)}")
    checkpoint = open_checkpoint(folder)
    pieces = folder / "tokenizer.model"
    if not pieces.is_file():
        raise ModelError(f"{folder} has no tokenizer.model: copy it from the model's release")
    weights = sum(tensor.numel() for tensor in checkpoint.tensors.values())
    model = load_weights(folder, LoadOptions(device="cpu"))
    if not isinstance(model, GlmForCausalLM):
        raise ModelError(f"{folder} is a {checkpoint.config.model_type}; chatglm.cpp runs ChatGLM3: take --to gguf")
    with fresh_file(out, weights * _BYTES[kind]) as file:
        write_ggml(model, pieces, file, kind)
    return Exported(out, "chatglm3", kind, len(checkpoint.tensors), out.stat().st_size)


_BYTES = {kind: 4 if kind == "f32" else 2 if kind == "f16" else 1 for kind in TYPES}
"""Of a weight, at most: what the disk must have room for."""
