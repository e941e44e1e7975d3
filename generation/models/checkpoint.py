"""The weights of a model folder by native name, mapped from disk: to merge, convert or export them without loading."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, GlmConfig, PretrainedConfig

from vouch.generation.models.chatglm3.config import glm_config
from vouch.generation.models.chatglm3.conversion import native_tensors
from vouch.generation.models.loading import ORIGINAL, raw_config
from vouch.generation.models.shards import stored_tensors, weight_files
from vouch.retrieval.errors import ModelError

TOKENIZER_FILES = (
    "tokenizer.model",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
)
_SAMPLE = 1 << 16
"""Bytes that are read at the beginning, in the middle and at the end of each tensor for the fingerprint."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model on disk. The tensors are views of its files: what is not looked at takes no memory."""

    folder: Path
    raw: Mapping[str, Any]
    """Its `config.json`."""
    config: PretrainedConfig
    """The same for the native classes."""
    tensors: Mapping[str, torch.Tensor]
    """By native name, in the order of the files."""

    @property
    def original(self) -> bool:
        """Whether the files are in the original layout of ChatGLM3."""
        return self.raw.get("model_type") == ORIGINAL

    @property
    def dtype(self) -> torch.dtype:
        """How most of the weights are kept."""
        counted: dict[torch.dtype, int] = {}
        for tensor in self.tensors.values():
            counted[tensor.dtype] = counted.get(tensor.dtype, 0) + tensor.numel()
        return max(counted, key=lambda kind: counted[kind])


def open_checkpoint(folder: Path) -> Checkpoint:
    """Return a model's weights; ModelError where they are quantised, incomplete or an adapter's."""
    if (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        raise ModelError(
            f"{folder} is an adapter, not a model: run `vouch finetune merge {folder} --base DIR --out DIR` first"
        )
    raw = raw_config(folder)
    if "quantization_config" in raw:
        raise ModelError(
            f"{folder} is quantised ({_method(raw)}): its weights are rounded, and what is added to them would be "
            "rounded away; give the model as it was published, in bf16, fp16 or fp32"
        )
    files = weight_files(folder)
    if raw.get("model_type") == ORIGINAL:
        glm = glm_config(raw, folder)
        return Checkpoint(folder, raw, glm, native_tensors(stored_tensors(files), glm))
    config = _config(folder, raw)
    return Checkpoint(folder, raw, config, {entry.name: entry.tensor for entry in stored_tensors(files)})


def fingerprint(checkpoint: Checkpoint) -> str:
    """Return 16 hex digits that tell models apart: of names, shapes and samples of each tensor's bytes.

    The same for one model in the original and in the native layout, in one file or in shards; another for another
    precision. Any training changes all of a tensor, so samples are enough.
    """
    total = hashlib.sha256()
    for name in sorted(checkpoint.tensors):
        tensor = checkpoint.tensors[name]
        total.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        content = tensor.contiguous().view(-1).view(torch.uint8)
        middle = len(content) // 2
        for start in (0, middle, max(0, len(content) - _SAMPLE)):
            total.update(content[start : start + _SAMPLE].numpy().tobytes())
    return total.hexdigest()[:16]


def copy_tokenizer(source: Path, target: Path, native_glm: bool) -> None:
    """Copy what belongs to a vocabulary; of a ChatGLM3 the pieces alone, for the rest names code that is never run."""
    names = ("tokenizer.model",) if native_glm and not (source / "tokenizer.json").is_file() else TOKENIZER_FILES
    found = [name for name in names if (source / name).is_file()]
    if not found:
        raise ModelError(f"{source} has no tokenizer (tokenizer.model or tokenizer.json): copy it from the release")
    for name in found:
        shutil.copyfile(source / name, target / name)


def is_glm(config: PretrainedConfig) -> bool:
    """Say whether a model has the shape of ChatGLM3."""
    return isinstance(config, GlmConfig)


def _config(folder: Path, raw: Mapping[str, Any]) -> PretrainedConfig:
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (ValueError, OSError, KeyError) as error:
        raise ModelError(f"{folder}: transformers does not know the model type {raw.get('model_type')}") from error
    return config


def _method(raw: Mapping[str, Any]) -> str:
    settings = raw["quantization_config"]
    return str(settings.get("quant_method", "unknown way")) if isinstance(settings, Mapping) else "unknown way"
