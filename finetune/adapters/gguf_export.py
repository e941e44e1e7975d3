"""A model folder as one GGUF file, for llama.cpp and what is built on it. Tensor by tensor, so memory stays small."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

from vouch.finetune.adapters.gguf_layout import Layout, NamedTensor, layout_of
from vouch.finetune.adapters.gguf_tokenizer_json import tokenizer_table
from vouch.finetune.adapters.gguf_tokens import TokenTable, piece_table
from vouch.finetune.adapters.gguf_types import FileType, Kind, blocks, bytes_of, file_type, kind_of
from vouch.generation.models.checkpoint import Checkpoint, open_checkpoint
from vouch.generation.models.checkpoint_writer import Done, fresh_file
from vouch.generation.models.formats import language_of
from vouch.generation.models.vocabularies import PieceVocabulary, TokenizerVocabulary
from vouch.generation.templates.chatglm3 import ChatGLM3Format

Check = Callable[[TokenTable, PieceVocabulary | TokenizerVocabulary], None]
"""Raises ModelError where llama.cpp would read texts otherwise than the model's tokenizer."""
_EMBEDDING = "model.embed_tokens.weight"
_FLOAT = np.dtype(np.float32)
"""What the package is told of shapes: those of numbers, not of bytes."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    file: Path
    architecture: str
    type: str
    tensors: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ExportTask:
    """What is written where, and how its numbers are kept."""

    folder: Path
    out: Path
    type: str
    name: str = ""
    """Of the model, as the file says it; empty: the folder's."""


def export_gguf(task: ExportTask, check: Check | None, done: Done) -> Exported:
    """Write a file that llama.cpp runs; ModelError before anything is written where it cannot be."""
    chosen = file_type(task.type)
    checkpoint = open_checkpoint(task.folder)
    layout = layout_of(checkpoint)
    table, source = _vocabulary(checkpoint)
    if check is not None:
        check(table, source)
    plan = _planned(layout, chosen)
    needed = sum(bytes_of(tensor.shape, kind) for tensor, kind in plan)
    with fresh_file(task.out, needed) as file, closing(gguf.GGUFWriter(file, layout.architecture)) as writer:
        writer.add_name(task.name or task.folder.resolve().name)
        writer.add_file_type(chosen.number)
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        layout.describe(writer)
        table.write(writer)
        _write(writer, plan, done)
    return Exported(task.out, layout.architecture, task.type, len(plan), task.out.stat().st_size)


def _vocabulary(checkpoint: Checkpoint) -> tuple[TokenTable, PieceVocabulary | TokenizerVocabulary]:
    """Return the vocabulary as llama.cpp has it, and as the model has it."""
    language = language_of(checkpoint.folder, checkpoint.raw)
    source, rows = language.vocabulary, checkpoint.tensors[_EMBEDDING].shape[0]
    if isinstance(source, PieceVocabulary):
        return piece_table(source, isinstance(language.form, ChatGLM3Format), rows), source
    return tokenizer_table(source, checkpoint.folder, rows), source


def _planned(layout: Layout, chosen: FileType) -> list[tuple[NamedTensor, Kind]]:
    layers = layout.config.num_hidden_layers
    return [(tensor, kind_of(tensor.name, tensor.shape, chosen, layers)) for tensor in layout.tensors]


def _write(writer: gguf.GGUFWriter, plan: list[tuple[NamedTensor, Kind]], done: Done) -> None:
    for tensor, kind in plan:
        size = bytes_of(tensor.shape, kind)
        writer.add_tensor_info(tensor.name, tensor.shape, _FLOAT, size, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    total = sum(bytes_of(tensor.shape, kind) for tensor, kind in plan)
    written = 0
    for tensor, kind in plan:
        content = blocks(tensor.make(), kind)
        writer.write_tensor_data(content)
        written += content.nbytes
        done(written, total)
