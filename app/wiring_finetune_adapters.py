"""Models on disk merged, converted and exported: imports what does it, inside the function that picks it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vouch.app.extras import need
from vouch.finetune.training.noise import quiet_libraries

if TYPE_CHECKING:
    import torch

    from vouch.finetune.adapters.gguf_export import Check, Exported
    from vouch.finetune.adapters.merge import Merged
    from vouch.generation.models.convert import Converted

Precision = Literal["keep", "float32", "bfloat16", "float16"]
PRECISIONS: tuple[Precision, ...] = ("keep", "float32", "bfloat16", "float16")
Form = Literal["gguf", "chatglm-cpp"]
FORMS: tuple[Form, ...] = ("gguf", "chatglm-cpp")
Done = Callable[[int, int], None]
GB = 10**9


@dataclass(frozen=True, slots=True)
class Written:
    """Where and how a model folder is written."""

    out: Path
    precision: Precision = "keep"
    shard_gb: float = 4.0
    keep_layout: bool = False
    """A ChatGLM3 stays in its original layout."""
    any_base: bool = False
    """An adapter is merged also into weights that it was not trained on."""

    @property
    def shard_bytes(self) -> int:
        """Of the largest file."""
        return int(self.shard_gb * GB)


@dataclass(frozen=True, slots=True)
class Say:
    """Where it is told how far a work is, and what to know about it."""

    done: Done
    note: Callable[[str], None]


def merge_adapter(adapter: Path, base: Path, written: Written, done: Done) -> "Merged":
    """Merge an adapter into its base and return what was written."""
    _need_models("vouch finetune merge")
    need("peft", "vouch finetune merge", "lora")
    with quiet_libraries():
        from vouch.finetune.adapters.merge import MergeTask, merge

        task = MergeTask(
            adapter,
            base,
            written.out,
            _dtype(written.precision),
            keep_layout=written.keep_layout,
            any_base=written.any_base,
            shard_bytes=written.shard_bytes,
        )
        return merge(task, done)


def export_model(folder: Path, out: Path, form: Form, kind: str, say: "Say") -> "Exported":
    """Write a model as one file of llama.cpp or chatglm.cpp and return what was written."""
    _need_models("vouch finetune export")
    if form == "chatglm-cpp":
        need("chatglm_cpp", "vouch finetune export --to chatglm-cpp", "chatglm-cpp-export")
        need("tabulate", "vouch finetune export --to chatglm-cpp", "chatglm-cpp-export")
        from vouch.finetune.adapters.ggml_export import export_ggml

        return export_ggml(folder, out, kind or "q4_0")
    need("gguf", "vouch finetune export --to gguf", "gguf-export")
    from vouch.finetune.adapters.gguf_export import ExportTask, export_gguf

    return export_gguf(ExportTask(folder, out, kind or "f16"), _vocabulary_check(say.note), say.done)


def _vocabulary_check(note: Callable[[str], None]) -> "Check | None":
    """Return what asks llama.cpp whether it reads texts alike; None, and a word on it, where there is none to ask."""
    if find_spec("xllamacpp") is None or find_spec("httpx") is None:
        note("llama.cpp is not installed, its reading of texts is not compared: pip install 'vouch-qa[gguf]'")
        return None
    from vouch.finetune.adapters.gguf_check import check_vocabulary

    return check_vocabulary


def convert_model(source: Path, written: Written, done: Done) -> "Converted":
    """Write a model in the native layout and return what was written."""
    _need_models("vouch model convert")
    from vouch.generation.models.convert import Target, convert

    return convert(source, Target(written.out, written.shard_bytes), _dtype(written.precision), done)


def model_description(folder: Path) -> str:
    """Return what loading a folder would bring; ModelError where it would fail, as far as no weights are read."""
    _need_models("vouch model show")
    from vouch.generation.models.loading import LoadOptions, model_summary

    return model_summary(folder, LoadOptions())


def _need_models(feature: str) -> None:
    for module in ("torch", "transformers", "safetensors", "sentencepiece"):
        need(module, feature, "llm")


def _dtype(precision: Precision) -> "torch.dtype | None":
    import torch

    kinds = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    return kinds.get(precision)
