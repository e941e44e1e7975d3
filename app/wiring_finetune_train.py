"""A recipe to a trained adapter: imports what trains, inside the function that needs it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.extras import need
from vouch.app.reply_scores import reply_scores
from vouch.finetune.adapters.card_facts import NAME, card_facts, result_folder
from vouch.finetune.adapters.model_card import model_card
from vouch.finetune.training.noise import quiet_libraries
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.recipe_file import read_recipe
from vouch.retrieval.atomic_file import write_atomically

if TYPE_CHECKING:
    from vouch.finetune.training.plan import Plan
    from vouch.finetune.training.report import Report
    from vouch.finetune.training.watching import Watch

_PLANNED = ("torch", "transformers")
_TRAINED = ("peft", "accelerate", "tensorboard", "matplotlib")
_QUANTISED = ("qlora", "int8-lora")


@dataclass(frozen=True, slots=True)
class Planned:
    """A run that could begin."""

    recipe: TrainingRecipe
    text: str
    """Of the recipe's file."""
    data: Path
    plan: "Plan"


def plan_training(recipe: Path, data: Path) -> Planned:
    """Return what a recipe would do; nothing of the model's weights is read."""
    wanted = read_recipe(recipe)
    for module in _PLANNED:
        need(module, "vouch finetune train", "finetune")
    from vouch.finetune.training.plan import planned

    with quiet_libraries():
        return Planned(wanted, recipe.read_text(encoding="utf-8"), data, planned(wanted, data))


def train_generator(wanted: Planned, out: Path, resume: bool, watch: "Watch") -> "Report":
    """Train as planned and return the report."""
    for module in _TRAINED:
        need(module, "vouch finetune train", "finetune")
    if wanted.recipe.method in _QUANTISED:
        need("bitsandbytes", f'method = "{wanted.recipe.method}"', "finetune")
    with quiet_libraries():
        from vouch.finetune.training.run import Job, train

        report = train(Job(wanted.recipe, wanted.text, wanted.plan, out, reply_scores), resume, watch)
    if report.finished and report.leads:
        card = model_card(card_facts(out, wanted.data, wanted.recipe.model))
        write_atomically(result_folder(out) / NAME, card.encode())
    return report
