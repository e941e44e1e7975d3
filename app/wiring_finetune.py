"""Recipes in, trained files out: imports what trains, inside the function that picks it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.extras import need

if TYPE_CHECKING:
    from vouch.finetune.embedding.artefact import Written


def embedder_training() -> "Callable[[Path, Path, Path, int, Callable[[str], None]], Written]":
    """Return what trains an embedder: (recipe, data, out, threads, say) to what was written."""
    need("torch", "vouch finetune", "finetune")
    from vouch.finetune.embedding.pipeline import train_embedder

    return train_embedder


def reranker_training() -> "Callable[[Path, Path, Path, int, Callable[[str], None]], Path]":
    """Return what trains the light reranker: (recipe, data, out, threads, say) to its file."""
    need("torch", "vouch finetune", "finetune")
    from vouch.finetune.embedding.pipeline import train_reranker
    from vouch.retrieval.embedders.static import StaticEmbedder

    return partial(train_reranker, opened=StaticEmbedder)
