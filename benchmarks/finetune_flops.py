"""How much of a GPU a training step uses: its operations, over what the maker says the GPU can do."""

from collections.abc import Sequence
from dataclasses import replace

from vouch.finetune.training.collate import Row
from vouch.finetune.training.estimate import estimate
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.shape import shape_of
from vouch.finetune.training.workload import workload

PEAK_FLOPS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "A10": 125e12, "4090": 165e12}
"""Dense bfloat16 operations a second, as the maker's data sheets say."""


def operations_of_a_step(recipe: TrainingRecipe, rows: Sequence[Row]) -> float:
    """Return the model's operations in a step: what is computed a second time to save memory does not count."""
    once = replace(recipe, run=replace(recipe.run, gradient_checkpointing=False))
    work = workload(rows, once.run)
    return estimate(once, shape_of(recipe.model), work, "cpu", rate=1.0).operations / work.steps


def utilisation(operations: float, seconds: float, gpu: str) -> float | None:
    """Return model-flops utilisation (Chowdhery et al. 2022); None for a GPU whose peak is not listed."""
    most = next((flops for name, flops in PEAK_FLOPS.items() if name in gpu), None)
    return round(operations / seconds / most, 4) if most else None
