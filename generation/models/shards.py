"""The weight files of a model folder: which there are, how large, and the tensors in them. Runs no code from them."""

import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from vouch.retrieval.errors import ModelError

_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_SINGLE = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor of a checkpoint and the file it comes from."""

    name: str
    tensor: torch.Tensor
    file: Path


def weight_files(folder: Path) -> list[Path]:
    """Return the files that hold a model's weights; ModelError where one is missing.

    safetensors before pickled ones; an index before a single file.
    """
    for index_name, single_name in zip(_INDEXES, _SINGLE, strict=True):
        if (folder / index_name).is_file():
            return _indexed(folder / index_name)
        if (folder / single_name).is_file():
            return [folder / single_name]
    expected = ", ".join((*_SINGLE, *_INDEXES))
    raise ModelError(f"{folder} holds no weights: it has none of {expected}")


def stored_tensors(files: list[Path]) -> Iterator[StoredTensor]:
    """Yield every tensor of the files, mapped from disk where the format allows it."""
    for file in files:
        yield from _safe_tensors(file) if file.suffix == ".safetensors" else _pickled_tensors(file)


def _indexed(index: Path) -> list[Path]:
    try:
        listed = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        names = sorted(set(listed.values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{index} is no index of weight files: fetch it again") from error
    files = [index.parent / Path(name).name for name in names]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ModelError(f"{index.parent} is incomplete, {index.name} names files that are not there: {_few(missing)}")
    return files


def _safe_tensors(file: Path) -> Iterator[StoredTensor]:
    try:
        with safe_open(file, framework="pt") as opened:
            for name in opened.keys():  # noqa: SIM118 - no mapping, it has no other way to list its names
                yield StoredTensor(name, opened.get_tensor(name), file)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{file} cannot be read as safetensors ({error}): fetch it again") from error


def _pickled_tensors(file: Path) -> Iterator[StoredTensor]:
    state = loaded_pickle(file)
    for name, tensor in state.items():
        if isinstance(tensor, torch.Tensor):
            yield StoredTensor(name, tensor, file)


def loaded_pickle(file: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a pickled file; ModelError where it holds anything that would run code."""
    try:
        state = _unpickled(file)
    except (pickle.UnpicklingError, EOFError, RuntimeError, OSError) as error:
        first = str(error).partition("\n")[0]
        raise ModelError(f"{file} holds more than weights or is damaged, it was not loaded: {first}") from error
    if not isinstance(state, dict):
        raise ModelError(f"{file} holds no named weights")
    return state


def _unpickled(file: Path) -> object:
    try:
        return torch.load(file, map_location="cpu", mmap=True, weights_only=True)
    except RuntimeError as error:
        if "mmap" not in str(error):
            raise
        # Written before PyTorch 1.6: cannot be mapped, is read.
        return torch.load(file, map_location="cpu", weights_only=True)


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
