"""Models on disk merged, converted and exported: imports what does it, inside the function that picks it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vouch.app.extras import need

if TYPE_CHECKING:
    import torch

    from vouch.finetune.adapters.merge import Merged
    from vouch.generation.models.convert import Converted

Precision = Literal["keep", "float32", "bfloat16", "float16"]
PRECISIONS: tuple[Precision, ...] = ("keep", "float32", "bfloat16", "float16")
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


def merge_adapter(adapter: Path, base: Path, written: Written, done: Done) -> "Merged":
    """Merge an adapter into its base and return what was written."""
    _need_models("vouch finetune merge")
    need("peft", "vouch finetune merge", "lora")
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
