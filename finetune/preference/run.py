"""A recipe and preferences to an adapter, step by step."""

import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peft import PeftModel
from transformers import PrinterCallback

from vouch.finetune.preference.dpo import PairTrainer, dpo_arguments
from vouch.finetune.preference.measure import Standing, standing
from vouch.finetune.preference.pairs import PairData
from vouch.finetune.training.base_model import trainable_model
from vouch.finetune.training.callbacks import Records
from vouch.finetune.training.noise import quiet_libraries
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.records import LossFile
from vouch.finetune.training.results import write_result
from vouch.finetune.training.run_folder import RunFolder
from vouch.finetune.training.trainer import training_arguments
from vouch.finetune.training.watching import Evaluation, Watch
from vouch.generation.models.checkpoint import fingerprint, open_checkpoint
from vouch.retrieval.atomic_file import write_atomically
from vouch.retrieval.errors import UsageError


@dataclass(frozen=True, slots=True)
class PreferenceJob:
    """Everything that one run is made of."""

    recipe: TrainingRecipe
    recipe_text: str
    data: PairData
    out: Path


@dataclass(frozen=True, slots=True)
class PreferenceReport:
    """What became of a run."""

    adapter: Path
    told: Mapping[str, Any]
    """The contents of report.json."""

    @property
    def line(self) -> str:
        """What came out, in one line."""
        told = self.told
        parts = [f"{told['pairs']['train']} preferences, {told['steps']} steps in {told['seconds']:.0f} s"]
        if told["held_out"]:
            before, after = told["held_out"]["before"], told["held_out"]["after"]
            parts.append(
                f"held out ({after['pairs']}): margin {after['margin']:+.3f}, the chosen answer gained more in "
                f"{after['accuracy']:.0%}, is likelier in {after['likelier']:.0%} (before {before['likelier']:.0%})"
            )
        return ", ".join(parts)


def tune(job: PreferenceJob, watch: Watch) -> PreferenceReport:
    """Tune an adapter to preferences, write it and return the report; UsageError for a recipe that trains none."""
    recipe = job.recipe
    if recipe.method == "full":
        raise UsageError('preferences are learned by an adapter, whose base is the reference: set method = "qlora"')
    folder = RunFolder(job.out)
    identity = {"base.fingerprint": fingerprint(open_checkpoint(recipe.model)), "preferences": len(job.data.train)}
    folder.begin(job.recipe_text, identity)
    with quiet_libraries():
        trainable = trainable_model(recipe)
        model = trainable.model
        assert isinstance(model, PeftModel)
        arguments = training_arguments(recipe, trainable, folder.checkpoints, held_out=False)
        trainer = PairTrainer(model, dpo_arguments(arguments, recipe.preference), job.data.train)
        trainer.remove_callback(PrinterCallback)
        watches = (LossFile(folder.losses), watch)
        trainer.add_callback(Records(watches, trainer.reading))
        before = _measured(model, job, watches, 0)
        begun = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - begun
        after = _measured(model, job, watches, trainer.state.global_step)
        place = write_result(trainer, folder, recipe.model, identity)
    return PreferenceReport(place, _written(job, folder, trainer.state.global_step, seconds, (before, after)))


def _measured(model: PeftModel, job: PreferenceJob, watches: Sequence[Watch], step: int) -> Standing | None:
    if not job.data.held_out:
        return None
    found = standing(model, job.data.held_out, job.recipe.preference.beta, job.recipe.run.batch)
    metrics = {name: float(value) for name, value in dataclasses.asdict(found).items() if name != "pairs"}
    for watch in watches:
        watch.evaluated(Evaluation(step, metrics))
    return found


def _written(
    job: PreferenceJob, folder: RunFolder, steps: int, seconds: float, found: tuple[Standing | None, Standing | None]
) -> dict[str, Any]:
    """Write the report and return its contents."""
    losses = [line["loss"] for line in folder.recorded() if "loss" in line]
    before, after = (dataclasses.asdict(one) if one else None for one in found)
    settings = json.loads(json.dumps(dataclasses.asdict(job.recipe), default=lambda value: value.name))
    told: dict[str, Any] = {
        "method": f"{job.recipe.method}, DPO",
        "base": job.recipe.model.resolve().name,
        "settings": settings,
        "pairs": {"train": len(job.data.train), "held_out": len(job.data.held_out)},
        "left_out": [dataclasses.asdict(one) for one in job.data.left_out],
        "steps": steps,
        "seconds": round(seconds, 1),
        "loss": {"first": losses[0], "last": losses[-1]} if losses else {},
        "held_out": {"before": before, "after": after} if after else {},
    }
    write_atomically(folder.report, json.dumps(told, ensure_ascii=False, indent=2).encode())
    return told
