"""What a GGUF file says about its model, read from its header alone; the tensors are not touched.

The format: github.com/ggml-org/ggml, docs/gguf.md. Files come from anywhere: every length is held against the file's.
"""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vouch.retrieval.errors import ModelError

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_TEXT, _ARRAY = 8, 9
_CONTROL, _USER_DEFINED = 3, 4
"""Kinds of tokens that are no ordinary text."""


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """A model as its file describes it."""

    architecture: str
    name: str
    context_length: int
    chat_template: str | None
    pieces: bool
    """The vocabulary is a SentencePiece one."""
    tokens: tuple[str, ...]
    controls: Mapping[str, int]
    """Tokens that are no ordinary text, by name."""
    literals: frozenset[str]
    """Those of them that llama.cpp finds in any text, asked or not."""
    end: str
    """Name of the token that ends a text; empty where the file names none."""
    token_bytes: int = 0
    """Memory that each token of the window takes, in llama.cpp's 16-bit cache; 0 where the file does not tell."""


def read_header(path: Path) -> GgufHeader:
    """Return what a file says; ModelError where it is no GGUF file."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            values = _Reader(content).values()
    except (OSError, ValueError, struct.error, KeyError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read as a GGUF file ({error}): name one in model.path") from error
    tokens = tuple(map(str, values.get("tokenizer.ggml.tokens", ())))
    kinds = values.get("tokenizer.ggml.token_type", ())
    if not tokens or len(kinds) != len(tokens):
        raise ModelError(f"{path} holds no vocabulary: it is a part of a model, or an adapter")
    architecture = str(values.get("general.architecture", ""))
    end = values.get("tokenizer.ggml.eos_token_id", -1)
    return GgufHeader(
        architecture=architecture,
        name=str(values.get("general.name") or path.stem),
        context_length=int(values.get(f"{architecture}.context_length", 0)),
        chat_template=values.get("tokenizer.chat_template"),
        pieces=values.get("tokenizer.ggml.model") == "llama",
        tokens=tokens,
        controls={tokens[n]: n for n, kind in enumerate(kinds) if kind in (_CONTROL, _USER_DEFINED)},
        literals=frozenset(tokens[n] for n, kind in enumerate(kinds) if kind == _USER_DEFINED),
        end=tokens[end] if 0 <= end < len(tokens) else "",
        token_bytes=_token_bytes(values, architecture),
    )


def _token_bytes(values: Mapping[str, Any], architecture: str) -> int:
    """Return the bytes of one token's keys and values in all layers: 2 for each number."""

    def number(name: str, default: int = 0) -> int:
        found = values.get(f"{architecture}.{name}", default)
        return found if isinstance(found, int) else default

    layers, width = number("block_count"), number("embedding_length")
    heads = number("attention.head_count") or 1
    groups = number("attention.head_count_kv", heads)
    key = number("attention.key_length", width // heads)
    return 2 * layers * groups * (key + number("attention.value_length", key))


def unspelt(control: str) -> str:
    """Return a control token's name as a file should have it: in <> where a word may hold it.

    llama.cpp merges pieces into whatever token has their text, control or not, also where no control tokens are asked
    for: with ChatGLM3's `eop` under that name, "people" held one.
    """
    return f"<{control}>" if control.isalpha() else control


class _Reader:
    """Walks through a header."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content, self._at = content, 0

    def values(self) -> dict[str, Any]:
        """Return all keys and values; ValueError for another kind of file."""
        if self._content[:4] != b"GGUF":
            raise ValueError("it does not begin with GGUF")
        self._at = 4
        version, _tensors, count = self._scalar("<I"), self._scalar("<Q"), self._scalar("<Q")
        if version not in (2, 3):
            raise ValueError(f"version {version} is not known")
        return {self._text(): self._value(self._scalar("<I")) for _ in range(self._counted(count, 12))}

    def _value(self, kind: int) -> Any:
        if kind == _TEXT:
            return self._text()
        if kind == _ARRAY:
            inner, count = self._scalar("<I"), self._scalar("<Q")
            if inner == _TEXT:
                return [self._text() for _ in range(self._counted(count, 8))]
            layout = _SCALARS[inner]
            size = struct.calcsize(layout) * self._counted(count, struct.calcsize(layout))
            return struct.unpack(f"<{count}{layout[1]}", self._taken(size))
        return self._scalar(_SCALARS[kind])

    def _scalar(self, layout: str) -> Any:
        return struct.unpack(layout, self._taken(struct.calcsize(layout)))[0]

    def _text(self) -> str:
        # A vocabulary may hold half characters.
        return self._taken(self._scalar("<Q")).decode("utf-8", errors="replace")

    def _taken(self, size: int) -> bytes:
        taken = self._content[self._at : self._at + size]
        if len(taken) != size:
            raise ValueError("it ends too early")
        self._at += size
        return taken

    def _counted(self, count: int, smallest: int) -> int:
        """Return a number of entries that the rest of the file can hold."""
        if count * smallest > len(self._content) - self._at:
            raise ValueError("it ends too early")
        return count
