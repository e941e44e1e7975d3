"""A model folder written anew: safetensors in shards, one tensor at a time, so that memory holds one.

The format: huggingface.co/docs/safetensors - eight bytes of length, a JSON header, the bytes of the tensors. The
library's own writer wants all tensors of a file in memory at once.
"""

import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path

import torch

from vouch.retrieval.atomic_file import is_full_disk, replace_durably
from vouch.retrieval.errors import ModelError

SHARD_BYTES = 4 * 2**30
_NAMES = {
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float64: "F64",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
_HEADROOM = 1.01
"""Share added to what the tensors take, for headers and the small files."""

Done = Callable[[int, int], None]
"""Told bytes written so far and in all."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A tensor that is made when its turn comes."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    make: Callable[[], torch.Tensor]

    @property
    def bytes(self) -> int:
        """What it takes on disk."""
        return prod(self.shape) * self.dtype.itemsize


@contextmanager
def fresh_folder(out: Path, needed: int) -> Iterator[Path]:
    """Yield a folder that takes the name `out` once everything in it is written, and is gone where that fails.

    `needed`: bytes; ModelError before anything is written where they are not free, or `out` holds something.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ModelError(f"{out} is there already: name another folder, or remove it first")
    check_room(out.parent, needed)
    building = out.with_name(f".{out.name}.part")
    if building.exists():
        shutil.rmtree(building)  # of a run that was killed
    try:
        building.mkdir(parents=True)
        yield building
        if out.exists():
            out.rmdir()
        building.rename(out)
    except OSError as error:
        raise full_disk(out, error) if is_full_disk(error) else error from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


@contextmanager
def fresh_file(out: Path, needed: int) -> Iterator[Path]:
    """Yield a file's path that takes the name `out` once it is written, and is gone where that fails."""
    if out.is_dir():
        raise ModelError(f"{out} is a folder: name the file to write")
    check_room(out.parent, needed)
    building = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        yield building
        replace_durably(building, out)
    except OSError as error:
        raise full_disk(out, error) if is_full_disk(error) else error from error
    finally:
        building.unlink(missing_ok=True)


def check_room(folder: Path, needed: int) -> None:
    """Raise ModelError where so many bytes are not free on the disk of a folder, made or not."""
    while not folder.exists():
        folder = folder.parent
    wanted, free = needed * _HEADROOM, shutil.disk_usage(folder).free
    if wanted > free:
        raise ModelError(
            f"this takes {_gib(wanted)}, and {_gib(free)} are free on the disk of {folder}: make room, or name "
            "another disk"
        )


def full_disk(out: Path, error: OSError) -> ModelError:
    """Return what to say where the disk ran full on the way."""
    return ModelError(f"the disk of {out} is full, nothing was kept of it: make room, or name another disk ({error})")


def write_weights(folder: Path, tensors: Mapping[str, Pending], shard_bytes: int, done: Done) -> list[Path]:
    """Write the tensors as `model.safetensors`, or in shards with their index; return the files."""
    shards = _shards(tensors, shard_bytes)
    total = sum(tensor.bytes for tensor in tensors.values())
    names = [_shard_name(number, len(shards)) for number in range(1, len(shards) + 1)]
    written = 0
    for name, shard in zip(names, shards, strict=True):
        for size in _write_file(folder / name, {key: tensors[key] for key in shard}):
            written += size
            done(written, total)
    if len(names) > 1:
        listed = {key: name for name, shard in zip(names, shards, strict=True) for key in shard}
        index = {"metadata": {"total_size": total}, "weight_map": listed}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2), encoding="utf-8")
    return [folder / name for name in names]


def _shards(tensors: Mapping[str, Pending], shard_bytes: int) -> list[list[str]]:
    """Return the names by shard, in order; a tensor larger than a shard has one of its own."""
    shards: list[list[str]] = [[]]
    room = shard_bytes
    for name, tensor in tensors.items():
        if shards[-1] and tensor.bytes > room:
            shards.append([])
            room = shard_bytes
        shards[-1].append(name)
        room -= tensor.bytes
    return shards


def _shard_name(number: int, count: int) -> str:
    return "model.safetensors" if count == 1 else f"model-{number:05}-of-{count:05}.safetensors"


def _write_file(file: Path, tensors: Mapping[str, Pending]) -> Iterator[int]:
    """Write one file; yield the bytes of each tensor as it is written."""
    header = _header(tensors)
    with file.open("wb") as opened:
        opened.write(struct.pack("<Q", len(header)) + header)
        for name, pending in tensors.items():
            made = pending.make()
            if tuple(made.shape) != pending.shape or made.dtype != pending.dtype:
                raise AssertionError(f"{name}: {made.shape} {made.dtype} was made, {pending} was announced")
            opened.write(made.contiguous().view(-1).view(torch.uint8).numpy().data)
            yield pending.bytes
        opened.flush()
        os.fsync(opened.fileno())


def _header(tensors: Mapping[str, Pending]) -> bytes:
    described: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, tensor in tensors.items():
        offsets: Sequence[int] = (at, at + tensor.bytes)
        described[name] = {"dtype": _NAMES[tensor.dtype], "shape": tensor.shape, "data_offsets": offsets}
        at += tensor.bytes
    text = json.dumps(described, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)


def _gib(count: float) -> str:
    return f"{count / 2**30:.1f} GiB"
