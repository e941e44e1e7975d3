"""Recipes in, trained files out: imports what trains, inside the function that picks it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.extras import need

if TYPE_CHECKING:
    from vouch.finetune.embedding.artefact import Written


def train_embedder(recipe: Path, data: Path, out: Path, threads: int, say: Callable[[str], None]) -> "Written":
    """Train an embedder and say what was written."""
    need("torch", "vouch finetune", "finetune")
    from vouch.finetune.embedding.pipeline import Task, train_embedder

    return train_embedder(Task(recipe, data, out, threads), say)


def train_reranker(recipe: Path, data: Path, out: Path, threads: int, say: Callable[[str], None]) -> Path:
    """Train the light reranker and return its file."""
    need("torch", "vouch finetune", "finetune")
    from vouch.finetune.embedding.pipeline import Task, train_reranker
    from vouch.retrieval.embedders.static import StaticEmbedder

    return train_reranker(Task(recipe, data, out, threads), StaticEmbedder, say)


def train_red_flags(recipe: Path, out: Path, say: Callable[[str], None]) -> Path:
    """Train the classifier of red flags and return its file."""
    from vouch.finetune.red_flags import read_recipe, train, write

    write(train(read_recipe(recipe), say), out)
    return out
