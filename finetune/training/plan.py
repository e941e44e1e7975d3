"""A recipe and its data, checked and measured: everything of a run that is known before a weight is read."""

from dataclasses import dataclass
from pathlib import Path

from vouch.finetune.training.checks import check_layers, checked_base
from vouch.finetune.training.dataset import TrainingData, read_data
from vouch.finetune.training.estimate import Estimate, estimate
from vouch.finetune.training.precision import training_device
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.types import Sequence
from vouch.finetune.training.workload import workload
from vouch.generation.models.formats import Language


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that could begin."""

    language: Language
    data: TrainingData
    rows: list[tuple[Sequence, ...]]
    limit: int
    """Tokens of the longest sequence that is learned: the recipe's, or the model's window where that is smaller."""
    estimate: Estimate


def planned(recipe: TrainingRecipe, data: Path, rate: float = 0.0) -> Plan:
    """Return the plan of a recipe whose data lies in a folder; a VouchError says what stops it.

    Whether memory and disk suffice is not asked here: `check_room` does. `rate`: as of `estimate`.
    """
    device = training_device()
    language, shape = checked_base(recipe)
    check_layers(recipe, shape, device)
    limit = min(recipe.data.max_length, shape.window or recipe.data.max_length)
    found = read_data(data, recipe.data, language, limit, recipe.run.seed)
    rows = found.rows(recipe.data.packing, limit)
    return Plan(language, found, rows, limit, estimate(recipe, shape, workload(rows, recipe.run), device, rate))
