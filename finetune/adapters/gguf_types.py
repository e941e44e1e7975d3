"""How the tensors of a GGUF file are kept: which type each gets, and how numbers become blocks of that type.

The plain types are made by the gguf package. The K-quants are searched for by ggml's own code, which the package has
not: xllamacpp's wheel carries it and lets its C interface be called.
"""

import ctypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import gguf
import numpy as np
from gguf.quants import quant_shape_to_byte_shape

from vouch.finetune.adapters.gguf_layout import Array
from vouch.retrieval.errors import ModelError

Kind = gguf.GGMLQuantizationType
_K_QUANTS = (Kind.Q4_K, Kind.Q5_K, Kind.Q6_K)
_NARROW = {Kind.Q4_K: Kind.Q5_0, Kind.Q5_K: Kind.Q5_1, Kind.Q6_K: Kind.Q8_0}
"""What llama.cpp takes where rows are no multiple of 256 (ChatGLM3-6B's ffn_down: 13,696)."""
_LAYER = re.compile(r"blk\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of file as llama.cpp names it."""

    number: gguf.LlamaFileType
    matrices: Kind
    ends: Kind
    """Of the output layer."""
    sensitive: Kind
    """Of every third value and down projection and those in the first and last eighth of the layers."""
    fused: Kind
    """Of query, key and value in one."""


FILE_TYPES: Mapping[str, FileType] = {
    "f32": FileType(gguf.LlamaFileType.ALL_F32, Kind.F32, Kind.F32, Kind.F32, Kind.F32),
    "f16": FileType(gguf.LlamaFileType.MOSTLY_F16, Kind.F16, Kind.F16, Kind.F16, Kind.F16),
    "bf16": FileType(gguf.LlamaFileType.MOSTLY_BF16, Kind.BF16, Kind.BF16, Kind.BF16, Kind.BF16),
    "q8_0": FileType(gguf.LlamaFileType.MOSTLY_Q8_0, Kind.Q8_0, Kind.Q8_0, Kind.Q8_0, Kind.Q8_0),
    "q5_0": FileType(gguf.LlamaFileType.MOSTLY_Q5_0, Kind.Q5_0, Kind.Q8_0, Kind.Q5_0, Kind.Q5_0),
    "q4_0": FileType(gguf.LlamaFileType.MOSTLY_Q4_0, Kind.Q4_0, Kind.Q8_0, Kind.Q4_0, Kind.Q4_0),
    "q6_k": FileType(gguf.LlamaFileType.MOSTLY_Q6_K, Kind.Q6_K, Kind.Q6_K, Kind.Q6_K, Kind.Q6_K),
    "q5_k_m": FileType(gguf.LlamaFileType.MOSTLY_Q5_K_M, Kind.Q5_K, Kind.Q6_K, Kind.Q6_K, Kind.Q6_K),
    "q4_k_m": FileType(gguf.LlamaFileType.MOSTLY_Q4_K_M, Kind.Q4_K, Kind.Q6_K, Kind.Q6_K, Kind.Q5_K),
}
"""The mixes of the K types are those of llama.cpp's llama-quantize, as of 2026."""


def file_type(name: str) -> FileType:
    """Return a type by its name; ModelError where there is none or what makes it is not installed."""
    if name not in FILE_TYPES:
        raise ModelError(f"GGUF is not written as {name!r}: take one of {', '.join(FILE_TYPES)}")
    chosen = FILE_TYPES[name]
    if chosen.matrices in _K_QUANTS:
        _ggml()
    return chosen


def kind_of(name: str, shape: tuple[int, ...], chosen: FileType, layers: int) -> Kind:
    """Return how one tensor is kept; vectors always in float32."""
    if len(shape) == 1:
        return Kind.F32
    wanted = chosen.matrices
    if name == "output.weight":
        wanted = chosen.ends
    elif "attn_qkv" in name:
        wanted = chosen.fused
    elif ("attn_v" in name or "ffn_down" in name) and _is_sensitive(name, layers):
        wanted = chosen.sensitive
    width = shape[-1]
    if wanted in _K_QUANTS and width % 256:
        wanted = _NARROW[wanted]
    return Kind.F16 if width % gguf.GGML_QUANT_SIZES[wanted][0] else wanted


def bytes_of(shape: tuple[int, ...], kind: Kind) -> int:
    """Return what a tensor takes in the file."""
    block, size = gguf.GGML_QUANT_SIZES[kind]
    return int(np.prod(shape, dtype=np.int64)) // block * size


def blocks(numbers: Array, kind: Kind) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """Return the bytes of a tensor as ggml keeps it."""
    if kind in _K_QUANTS:
        return _searched(numbers, kind)
    made: np.ndarray[tuple[int, ...], np.dtype[np.generic]] = gguf.quants.quantize(numbers, kind)
    return made


def _is_sensitive(name: str, layers: int) -> bool:
    match = _LAYER.match(name)
    assert match is not None
    layer, eighth = int(match[1]), layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def _searched(numbers: Array, kind: Kind) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    source = np.ascontiguousarray(numbers, dtype=np.float32)
    made = np.empty(quant_shape_to_byte_shape(source.shape, kind), dtype=np.uint8)
    rows = source.size // source.shape[-1]
    written = _ggml()(int(kind), source.ctypes.data, made.ctypes.data, 0, rows, source.shape[-1], None)
    if written != made.nbytes:
        raise ModelError(f"ggml wrote {written} bytes of {kind.name} where {made.nbytes} were due: take --type q8_0")
    return made


@cache
def _ggml() -> "ctypes._NamedFuncPointer":
    """Return ggml_quantize_chunk(type, numbers, blocks, start, rows, width, weights) of ggml.h, which returns bytes."""
    found = find_spec("xllamacpp.xllamacpp") if find_spec("xllamacpp") else None
    if found is None or found.origin is None:
        raise ModelError("K-quants are made by llama.cpp's own code: pip install 'vouch-qa[gguf]', or take --type q8_0")
    try:
        function = ctypes.CDLL(str(Path(found.origin))).ggml_quantize_chunk
    except (OSError, AttributeError) as error:
        raise ModelError(
            f"this build of xllamacpp does not lend its code for K-quants ({error}): take --type q8_0, or f16 and "
            "llama.cpp's llama-quantize"
        ) from error
    function.restype = ctypes.c_size_t
    function.argtypes = [
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_void_p,
    ]
    return function
