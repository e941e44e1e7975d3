"""What of a model decides how much memory and time its training takes, read from its configuration alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from vouch.finetune.training.recipe import AdapterRecipe, Method
from vouch.generation.models.loading import empty_model
from vouch.retrieval.errors import TrainingFailed


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear layer."""

    name: str
    reads: int
    writes: int

    @property
    def weights(self) -> int:
        """Numbers in its matrix."""
        return self.reads * self.writes


@dataclass(frozen=True, slots=True)
class Shape:
    """A causal language model in numbers."""

    weights: int
    """All of them; those that two layers share count once."""
    linears: tuple[Linear, ...]
    """Those of the layers, without the output layer."""
    layers: int
    hidden: int
    heads: int
    attended: int
    """Numbers that all heads of a token read together: heads times the size of a head."""
    intermediate: int
    vocabulary: int
    window: int
    """Tokens that the model was made to read; 0 where it does not say."""

    @property
    def linear(self) -> int:
        """Weights in linear layers, without the output layer."""
        return sum(layer.weights for layer in self.linears)

    def targets(self, recipe: AdapterRecipe) -> list[Linear]:
        """Return the layers that get an adapter; TrainingFailed for names that no layer has."""
        if not recipe.targets:
            return list(self.linears)
        ends = {target: tuple(layer for layer in self.linears if _is(layer.name, target)) for target in recipe.targets}
        unknown = [target for target, found in ends.items() if not found]
        if unknown:
            known = ", ".join(sorted({layer.name.rpartition(".")[2] for layer in self.linears}))
            raise TrainingFailed(f"adapter.targets names {', '.join(unknown)}; the model's linear layers are {known}")
        chosen = {layer for found in ends.values() for layer in found}
        return [layer for layer in self.linears if layer in chosen]

    def learned(self, recipe: AdapterRecipe, method: Method) -> int:
        """Return how many weights are learned: of the adapter (A, B and DoRA's magnitudes), or all."""
        if method == "full":
            return self.weights
        each = (
            recipe.rank * (layer.reads + layer.writes) + recipe.decomposed * layer.writes
            for layer in self.targets(recipe)
        )
        return sum(each)


def shape_of(folder: Path) -> Shape:
    """Return the shape of the model in a folder; ModelError for what is no model folder."""
    model = empty_model(folder)
    output = model.get_output_embeddings()
    config = model.config.get_text_config()
    heads = int(config.num_attention_heads)
    size = int(getattr(config, "head_dim", None) or config.hidden_size // heads)
    return Shape(
        weights=sum(parameter.numel() for parameter in model.parameters()),
        linears=tuple(
            Linear(name, module.in_features, module.out_features)
            for name, module in model.named_modules()
            if isinstance(module, torch.nn.Linear) and module is not output
        ),
        layers=int(config.num_hidden_layers),
        hidden=int(config.hidden_size),
        heads=heads,
        attended=heads * size,
        intermediate=int(getattr(config, "intermediate_size", None) or 4 * config.hidden_size),
        vocabulary=int(config.vocab_size),
        window=int(getattr(config, "max_position_embeddings", None) or 0),
    )


def largest(linears: Sequence[Linear]) -> int:
    """Return the weights of the largest layer."""
    return max((layer.weights for layer in linears), default=0)


def _is(name: str, target: str) -> bool:
    return name == target or name.endswith(f".{target}")
