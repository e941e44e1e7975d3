"""A recipe to a trained adapter: imports what trains, inside the function that needs it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.extras import need
from vouch.app.reply_scores import reply_scores
from vouch.finetune.training.noise import quiet_libraries
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.recipe_file import read_recipe

if TYPE_CHECKING:
    from vouch.finetune.training.report import Report
    from vouch.finetune.training.run import Job
    from vouch.finetune.training.watching import Watch

Say = Callable[[str], None]
_NEEDED = ("torch", "transformers", "peft", "accelerate", "tensorboard", "matplotlib")
_QUANTISED = ("qlora", "int8-lora")


def train_generator(recipe: Path, data: Path, out: Path, resume: bool, watch: "Watch", say: Say) -> "Report":
    """Train as a recipe says and return the report."""
    wanted = read_recipe(recipe)
    _check_extras(wanted)
    with quiet_libraries():
        from vouch.finetune.training.run import train

        return train(_job(wanted, recipe, data, out, say), resume, watch)


def _job(wanted: TrainingRecipe, recipe: Path, data: Path, out: Path, say: Say) -> "Job":
    """Return everything of a run, its examples read; nothing of the model's weights is."""
    from vouch.finetune.training.dataset import listed, read_data
    from vouch.finetune.training.run import Job
    from vouch.generation.models.formats import language_of
    from vouch.generation.models.loading import raw_config

    language = language_of(wanted.model, raw_config(wanted.model))
    found = read_data(data, wanted.data, language, wanted.data.max_length, wanted.run.seed)
    say(
        f"{len(found.train.sequences)} replies to learn, {found.train.tokens:,} tokens; "
        f"{len(found.held_out.sequences)} held out"
    )
    if found.left_out:
        say(listed(found.left_out))
    return Job(wanted, recipe.read_text(encoding="utf-8"), found, out, language, reply_scores)


def _check_extras(wanted: TrainingRecipe) -> None:
    for module in _NEEDED:
        need(module, "vouch finetune train", "finetune")
    if wanted.method in _QUANTISED:
        need("bitsandbytes", f'method = "{wanted.method}"', "finetune")
