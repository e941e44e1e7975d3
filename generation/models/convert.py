"""A model folder written from another: ChatGLM3's layout as the native one, pickles as safetensors, other precision."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from transformers import GenerationConfig, GlmConfig, PretrainedConfig

from vouch.generation.models.chatglm3.conversion import original_name
from vouch.generation.models.checkpoint import Checkpoint, copy_tokenizer, open_checkpoint
from vouch.generation.models.checkpoint_writer import SHARD_BYTES, Done, Pending, fresh_folder, write_weights
from vouch.generation.models.formats import language_of
from vouch.generation.models.vocabularies import PieceVocabulary
from vouch.generation.templates.chatglm3 import ChatGLM3Format
from vouch.retrieval.errors import ModelError

Plan = Mapping[str, Pending]
_KEPT = (".safetensors", ".bin", ".json", ".pt", ".pth")
"""Endings of files that are written anew, or hold weights."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a model goes, and how."""

    folder: Path
    shard_bytes: int = SHARD_BYTES
    original: bool = False
    """In the original layout of ChatGLM3."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written and read again."""

    folder: Path
    tensors: int
    bytes: int


def convert(source: Path, target: Target, dtype: torch.dtype | None, done: Done) -> Converted:
    """Write a folder's model in the native layout, `dtype` None: as it is kept; every tensor is compared afterwards."""
    checkpoint = open_checkpoint(source)
    plan = {name: as_kept(tensor, dtype) for name, tensor in checkpoint.tensors.items()}
    written = write_model(target, checkpoint, checkpoint.config, plan, done)
    _compare(open_checkpoint(target.folder), plan)
    return Converted(target.folder, len(plan), written)


def as_kept(tensor: torch.Tensor, dtype: torch.dtype | None) -> Pending:
    """Return a tensor to be written as it is, or rounded to `dtype` where it is a number with a point."""
    kept = dtype if dtype is not None and tensor.is_floating_point() else tensor.dtype
    return Pending(tuple(tensor.shape), kept, partial(tensor.to, kept))


def write_model(target: Target, checkpoint: Checkpoint, config: PretrainedConfig, plan: Plan, done: Done) -> int:
    """Write weights, configuration and vocabulary of what a checkpoint became; return the bytes of its weights."""
    total = sum(tensor.bytes for tensor in plan.values())
    with fresh_folder(target.folder, total) as folder:
        copy_tokenizer(checkpoint.folder, folder, isinstance(config, GlmConfig))
        written = in_original_layout(plan) if target.original else plan
        write_weights(folder, written, target.shard_bytes, done)
        kept = _most(plan)
        if target.original:
            _copy_rest(checkpoint.folder, folder)
            _write_json(folder / "config.json", {**checkpoint.raw, "torch_dtype": _named(kept)})
        elif checkpoint.original:
            assert isinstance(config, GlmConfig)
            _write_glm_config(folder, config, kept)
        else:
            _write_native_config(folder, checkpoint, config, kept)
    return total


def in_original_layout(plan: Plan) -> dict[str, Pending]:
    """Return ChatGLM3's tensors under their original names, queries, keys and values in one again."""
    grouped: dict[str, list[Pending]] = {}
    for name, pending in plan.items():
        grouped.setdefault(original_name(name), []).append(pending)
    return {name: parts[0] if len(parts) == 1 else _joined(parts) for name, parts in grouped.items()}


def _joined(parts: list[Pending]) -> Pending:
    rows = sum(part.shape[0] for part in parts)
    return Pending((rows, *parts[0].shape[1:]), parts[0].dtype, lambda: torch.cat([part.make() for part in parts]))


def _write_glm_config(folder: Path, config: GlmConfig, kept: torch.dtype) -> None:
    config.architectures = ["GlmForCausalLM"]
    config.dtype = kept
    config.save_pretrained(folder)
    raw = {"model_type": config.model_type, "vocab_size": config.vocab_size}
    vocabulary = language_of(folder, raw).vocabulary
    assert isinstance(vocabulary, PieceVocabulary)  # pieces alone were copied
    stops = [number for number in map(vocabulary.id_of, ChatGLM3Format.stops) if number is not None]
    GenerationConfig(bos_token_id=1, eos_token_id=stops, pad_token_id=0).save_pretrained(folder)


def _write_native_config(folder: Path, checkpoint: Checkpoint, config: PretrainedConfig, kept: torch.dtype) -> None:
    told = {key: value for key, value in checkpoint.raw.items() if key != "torch_dtype"} | {"dtype": _named(kept)}
    if "tie_word_embeddings" in told or not config.tie_word_embeddings:
        told["tie_word_embeddings"] = config.tie_word_embeddings
    _write_json(folder / "config.json", told)
    generation = checkpoint.folder / "generation_config.json"
    if generation.is_file():
        shutil.copyfile(generation, folder / generation.name)


def _copy_rest(source: Path, target: Path) -> None:
    """Copy what belongs to a published layout beside weights and configuration; nothing of it is run."""
    for file in source.iterdir():
        if file.is_file() and (file.suffix not in _KEPT or file.name == "tokenizer_config.json"):
            shutil.copyfile(file, target / file.name)


def _compare(written: Checkpoint, plan: Plan) -> None:
    missing = plan.keys() ^ written.tensors.keys()
    wrong = [name for name in plan if name not in missing and not torch.equal(written.tensors[name], plan[name].make())]
    if missing or wrong:
        found = sorted([*missing, *wrong])[:3]
        raise ModelError(f"{written.folder} is not what was written ({', '.join(found)}): is its disk sound?")


def _most(plan: Plan) -> torch.dtype:
    sizes: dict[torch.dtype, int] = {}
    for pending in plan.values():
        sizes[pending.dtype] = sizes.get(pending.dtype, 0) + pending.bytes
    return max(sizes, key=lambda kind: sizes[kind])


def _named(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _write_json(file: Path, content: Mapping[str, object]) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
