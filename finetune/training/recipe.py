"""The recipe of a training: one TOML file says everything, so that the run can be repeated."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

Method = Literal["qlora", "lora", "int8-lora", "full"]
Schedule = Literal["linear", "cosine", "constant"]


@dataclass(frozen=True, slots=True)
class Between:
    """The least and the greatest value that a number may have."""

    least: float
    greatest: float


@dataclass(frozen=True, slots=True)
class AdapterRecipe:
    """The low-rank adapter (Hu et al. 2021)."""

    rank: Annotated[int, Between(1, 1024)] = 16
    alpha: Annotated[int, Between(1, 4096)] = 32
    dropout: Annotated[float, Between(0, 0.9)] = 0.05
    targets: tuple[str, ...] = ()
    """Names of layers; empty: every linear layer but the output layer."""
    rank_stabilised: bool = False
    """rsLoRA: scaled by alpha / sqrt(rank) (Kalajdzievski 2023)."""
    decomposed: bool = False
    """DoRA: magnitude and direction apart (Liu et al. 2024)."""


@dataclass(frozen=True, slots=True)
class DataRecipe:
    """Examples, as `vouch finetune examples` writes them."""

    train: tuple[str, ...] = ()
    """JSON-lines files, relative to --data."""
    held_out: tuple[str, ...] = ()
    """The split that is only measured; empty: `held_out_share` of the groups."""
    held_out_share: Annotated[float, Between(0, 0.9)] = 0.05
    max_length: Annotated[int, Between(16, 1_048_576)] = 2048
    """Tokens. A longer example is left out and counted, never cut."""
    packing: bool = False
    """Several examples in one row, none of which sees another."""
    turns: Literal["all", "last"] = "all"
    """Which turns of the assistant are learned; of feedback only ever the last, which is what people corrected."""


@dataclass(frozen=True, slots=True)
class OptimiserRecipe:
    """How weights change."""

    learning_rate: Annotated[float, Between(1e-8, 1.0)] = 2e-4
    schedule: Schedule = "cosine"
    warm_up: Annotated[float, Between(0, 1)] = 0.03
    """Share of the steps."""
    weight_decay: Annotated[float, Between(0, 1)] = 0.0
    clip: Annotated[float, Between(1e-3, 1000)] = 1.0
    """Largest norm of the gradient."""
    paged: bool = True
    """Optimiser state that moves to main memory when the GPU is full; without a GPU it has no effect."""


@dataclass(frozen=True, slots=True)
class RunRecipe:
    """How long, and what is measured on the way."""

    epochs: Annotated[float, Between(1e-3, 1000)] = 1.0
    max_steps: Annotated[int, Between(0, 10_000_000)] = 0
    """0: as many as the epochs take."""
    batch: Annotated[int, Between(1, 4096)] = 4
    """Rows a step on one device."""
    accumulate: Annotated[int, Between(1, 4096)] = 4
    """Steps whose gradients make one update."""
    checkpoint_every: Annotated[int, Between(1, 10_000_000)] = 50
    evaluate_every: Annotated[int, Between(1, 10_000_000)] = 50
    keep_checkpoints: Annotated[int, Between(1, 1000)] = 2
    patience: Annotated[int, Between(0, 1000)] = 0
    """Evaluations without a better loss after which training ends; 0: never."""
    generate_held_out: Annotated[int, Between(0, 100_000)] = 0
    """Held-out examples answered greedily at each evaluation, for the answer metrics; 0: none."""
    gradient_checkpointing: bool = False
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    threads: Annotated[int, Between(0, 1024)] = 0
    """Of the processor; 0: one for each core."""
    seed: Annotated[int, Between(0, 2**32 - 1)] = 0


@dataclass(frozen=True, slots=True)
class PreferenceRecipe:
    """Of `vouch finetune prefer`: direct preference optimisation (Rafailov et al. 2023)."""

    beta: Annotated[float, Between(1e-3, 10)] = 0.1
    """How strongly the model is held to its base: the lower, the further it may go."""
    label_smoothing: Annotated[float, Between(0, 0.49)] = 0.0
    """Share of preferences that are taken to be wrong."""


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """Everything that one run depends on."""

    model: Path
    """Folder of the base model."""
    method: Method = "qlora"
    adapter: AdapterRecipe = field(default_factory=AdapterRecipe)
    data: DataRecipe = field(default_factory=DataRecipe)
    optimiser: OptimiserRecipe = field(default_factory=OptimiserRecipe)
    run: RunRecipe = field(default_factory=RunRecipe)
    preference: PreferenceRecipe = field(default_factory=PreferenceRecipe)
